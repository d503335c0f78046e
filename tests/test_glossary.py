"""The glossary has a word for every public class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("catalogs", "router", "simulator", "wayfare")
GENERATED = ROOT / "wayfare" / "v1"
EMPTY = frozenset({"error", "failed", "invalid", "named", "plain", "unknown", "wrong"})
"""Words that say nothing of what a class is about."""
GENERIC = frozenset({"column", "parameter", "result", "row", "setting", "table", "view"})
"""Words that do not count beside another one."""
CLASS = re.compile(r"^ *class ([A-Z]\w*)[(:]", re.MULTILINE)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+")


def public_classes() -> Iterator[tuple[str, Path]]:
    """Names of the public classes of the packages, with their files; generated code left out."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.is_relative_to(GENERATED):
                continue
            for name in CLASS.findall(path.read_text(encoding="utf-8")):
                yield name, path.relative_to(ROOT)


def singular(word: str) -> str:
    """The word in lower case, without the ending of a plural."""
    word = word.lower()
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def terms() -> set[str]:
    """Every word of the glossary's first columns."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (?!word )([^|]+) \|", page, re.MULTILINE)
    return {singular(word) for cell in cells for word in re.findall(r"[A-Za-z0-9]+", cell)}


def words_of(name: str) -> set[str]:
    """The words of a class's name that say what it is about."""
    words = {singular(word) for word in WORD.findall(name)} - EMPTY
    return words - GENERIC or words


def test_words_are_those_between_capitals() -> None:
    """Plurals are as their singulars; generic words do not count."""
    assert words_of("InvalidTraceError") == {"trace"}
    assert words_of("RunCosts") == {"run", "cost"}
    assert words_of("TaskColumns") == {"task"}
    assert words_of("InvalidTableError") == {"table"}
    assert words_of("UnknownError") == set()


def test_every_public_class_has_a_word_in_the_glossary() -> None:
    """What a class is about is explained on the page of words; this names the classes it lacks."""
    known = terms()
    missing = [f"{path}: {name}" for name, path in public_classes() if not words_of(name) & known]
    assert missing == []
