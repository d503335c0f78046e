"""Warnings of several runs as one list: each kind once, with the range of its numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ALONE: Final = r"(?<![\w.'/-])\d[\d,]*(?:\.\d+)?(?![\w'/-]|\.\d)"
"""A number that stands alone: not the 19 of 'vllm-0.19', nor the 100 of h100."""
NUMBER: Final = re.compile(f"{ALONE}(?: to {ALONE})?")
"""Such a number, or a range of them."""
LISTED: Final = re.compile(r"(?P<head>.* was fitted to: )(?P<parts>.*?)(?P<tail> \(no engine\.profile .*\))?")
"""A warning that lists several faults (`domain_warnings`); which ones may differ from run to run."""


def merged_warnings(texts: Iterable[str]) -> list[str]:
    """Every kind of warning once, in order of appearance; numbers that differ become `low to high`."""
    kinds: dict[str, list[str]] = {}
    for text in texts:
        kinds.setdefault(kind_of(text), []).append(text)
    return [one_of(alike) for alike in kinds.values()]


def warnings_by_policy(by_policy: Mapping[str, Sequence[str]]) -> list[str]:
    """Warnings of policies beside each other: those of all first, the others with whom they are of."""
    kinds: dict[str, dict[str, list[str]]] = {}
    for policy, texts in by_policy.items():
        for text in texts:
            kinds.setdefault(kind_of(text), {}).setdefault(policy, []).append(text)
    found = [(list(of), one_of([text for texts in of.values() for text in texts])) for of in kinds.values()]
    shared = [text for policies, text in found if len(policies) == len(by_policy)]
    return shared + [f"under {', '.join(policies)}: {text}" for policies, text in found if text not in shared]


def kind_of(text: str) -> str:
    """What all warnings of a kind have in common: the words, without numbers and without listed faults."""
    listed = LISTED.fullmatch(text)
    return listed["head"] if listed else NUMBER.sub("#", text)


def one_of(texts: Sequence[str]) -> str:
    """One warning for those of a kind."""
    listed = [found for found in map(LISTED.fullmatch, texts) if found]
    if not listed:
        return with_ranges(texts)
    faults = merged_warnings(part for found in listed for part in found["parts"].split("; "))
    return f"{listed[0]['head']}{'; '.join(faults)}{listed[0]['tail'] or ''}"


def with_ranges(texts: Sequence[str]) -> str:
    """The text that all share, with the least and the largest of each number."""
    columns = iter(zip(*(NUMBER.findall(text) for text in texts), strict=True))
    return NUMBER.sub(lambda _found: number_range(next(columns)), texts[0])


def number_range(numbers: Sequence[str]) -> str:
    """`1.3 to 1.9`, or the one number that all are; ranges among them are widened."""
    numbers = [number for some in numbers for number in some.split(" to ")]
    low, high = min(numbers, key=value_of), max(numbers, key=value_of)
    return low if low == high else f"{low} to {high}"


def value_of(number: str) -> float:
    """A number with commas."""
    return float(number.replace(",", ""))
