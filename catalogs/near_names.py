"""The text for an unknown name: near ones first, then all there are."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_SHOWN = 80
"""Characters of a mistaken text that a message repeats."""


def shown(value: object) -> str:
    """A value as messages repeat it: short, however long it is."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def near_names(names: Iterable[str], name: str, count: int = 3) -> list[str]:
    """Up to so many names that may have been meant: the same but for case or provider, else similar ones."""
    known, low = list(names), name[:LONGEST_SHOWN].lower()
    same = [one for one in known if low in (one.lower(), one.lower().rpartition("/")[2])]
    return same[:count] or get_close_matches(low, known, n=count)


def did_you_mean(name: str, known: Iterable[str], count: int = 1) -> str:
    """`did you mean 'x'? ` with a space after it; empty where nothing is near."""
    near = near_names(known, name, count)
    return f"did you mean {' or '.join(map(repr, near))}? " if near else ""


def unknown_name(kind: str, name: str, known: Iterable[str], count: int = 1) -> str:
    """`unknown policy 'x'; did you mean 'y'? known: 'y', 'z'`."""
    names = list(known)
    listed = ", ".join(map(repr, names)) or "none"
    return f"unknown {kind} {shown(name)}; {did_you_mean(name, names, count)}known: {listed}"
