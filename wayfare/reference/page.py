"""The page about scenarios: one table for each part, and what holds for all."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wayfare.reference.kinds import kind_cell
from wayfare.reference.links import MORE, SUMMARISED_PLACES
from wayfare.reference.sections import ROOT, sections_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wayfare.reference.sections import Section

    Node = Mapping[str, Any]
    Sections = Mapping[str, Section]

HEAD: Final = Path(__file__).with_name("head.md")
"""What stands before the tables: a whole scenario, what is often looked for, how quantities are written."""
DESCRIPTION: Final = re.compile(r"(.+?)(?: Example: (.+?)\.)?(?: Written as .+)?", re.DOTALL)
"""A description: the meaning, an example, and how a quantity is written."""
ELSEWHERE: Final = "[above](#a-whole-scenario)"
"""Stands for an example that would be a scenario of its own."""
STEPS: Final = ((3_600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms"))
"""Units of durations, the longest first."""


def scenario_page(schema: Node) -> str:
    """The whole page in Markdown."""
    sections = sections_of(schema)
    parts = [
        HEAD.read_text(encoding="utf-8").rstrip(),
        contents(sections),
        *(section_text(section, sections) for section in sections.values()),
    ]
    return "\n\n".join(parts) + "\n"


def contents(sections: Sections) -> str:
    """Links to all sections in their order."""
    links = ", ".join(f"[{section.title}](#{section.anchor})" for section in sections.values())
    return f"**Parts:** {links}."


def section_text(section: Section, sections: Sections) -> str:
    """A heading, what the part is, and its keys."""
    rows = [row(section, key, sections) for key in section.variants[0]["properties"]]
    table = [
        "| key | type and unit | default | meaning | example |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]
    return "\n\n".join([f"## {section.title}", *introduction(section), "\n".join(table)])


def introduction(section: Section) -> Iterator[str]:
    """Where the part stands, what it is, and where more is said."""
    if section.name != ROOT:
        yield SUMMARISED_PLACES.get(section.name) or places(section)
    about = inspect.cleandoc(section.variants[0].get("description", ""))
    yield from (part for part in (about, MORE.get(section.name, "")) if part)


def places(section: Section) -> str:
    """Where the part stands, and what chooses it."""
    listed = ", ".join(f"`{place}`" for place in section.places)
    return f"At {listed}" + (f", with `{section.chosen_by}`." if section.chosen_by else ".")


def row(section: Section, key: str, sections: Sections) -> str:
    """One key's row."""
    value = section.variants[0]["properties"][key]
    meaning, example = meaning_and_example(value["description"])
    shown = code(example or value.get("const", "")) or ELSEWHERE
    cells = (f"`{key}`", kind_cell(section, key, sections), default_cell(section, key), meaning, shown)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def meaning_and_example(description: str) -> tuple[str, str]:
    """The meaning and the example of a description; the example is empty where there is none."""
    found = DESCRIPTION.fullmatch(description)
    return (description, "") if found is None else (found[1], found[2] or "")


def default_cell(section: Section, key: str) -> str:
    """What holds where the key is left out, as it would be written."""
    part = section.variants[0]
    value = part["properties"][key]
    if key in part.get("required", ()):
        return "**required**"
    default = value.get("default")
    if default is None or "$ref" in value:
        return "-"
    timed = "Written as seconds" in value["description"]
    return code(duration(default) if timed else plain(default)) or "-"


def plain(value: object) -> str:
    """A default as YAML writes it: whole numbers without a decimal point."""
    if isinstance(value, list):
        return f"[{', '.join(plain(one) for one in value)}]"
    return (
        f"{value:g}"
        if isinstance(value, float)
        else str(value if isinstance(value, str) else json.dumps(value))
    )


def duration(seconds: float) -> str:
    """Seconds in the longest unit that they are a whole number of."""
    for length_s, unit in STEPS:
        if seconds >= length_s and abs(seconds / length_s - round(seconds / length_s)) < 1e-9:  # noqa: PLR2004  (room for rounding)
            return f"{seconds / length_s:g}{unit}"
    return f"{seconds:g}s"


def code(text: str) -> str:
    """Text as code; nothing stays nothing."""
    return f"`{text}`" if text else ""
