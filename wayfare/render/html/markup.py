"""The page's few building blocks: sections, tables, lists; every word of others is escaped here."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from wayfare.render.terminal.console import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, one that stands small below it, and whether it is shown softly."""

    text: str
    below: str = ""
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A table's row: its name, what stands small below it, and its cells."""

    name: str
    note: str = ""
    cells: Sequence[Cell]
    kind: str = ""


WORDS = "words"
"""The kind of a line whose cells are texts: they and their headings stand to the left."""
NAME_PARTS = re.compile(r"(?<=[_:/.-])(?=[\w&])")
"""Where a long name may be broken."""


def plain(text: str) -> str:
    """A text as HTML shows it, control characters written out."""
    return escape(visible(text))


def breakable(name: str) -> str:
    """A name that a narrow column breaks between its parts rather than within a word."""
    return "<wbr>".join(plain(part) for part in NAME_PARTS.split(name))


def small(text: str) -> str:
    """A second, smaller line; nothing for nothing."""
    return f"<small>{plain(text)}</small>" if text else ""


def table(name: str, heads: Iterable[str], lines: Iterable[Line]) -> str:
    """A table that scrolls by itself where it is wider than the page."""
    rows = list(lines)
    head = "".join(f"<th scope=col>{plain(text)}</th>" for text in (name, *heads))
    body = "\n".join(map(row, rows))
    words = bool(rows) and all(line.kind == WORDS for line in rows)
    inside = f"<thead><tr class='{WORDS if words else ''}'>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<div class=wide><table>{inside}</table></div>"


def row(line: Line) -> str:
    """A table's row."""
    cells = "".join(
        f"<td{' class=soft' if cell.soft else ''}>{plain(cell.text)}{small(cell.below)}</td>"
        for cell in line.cells
    )
    return f"<tr class='{line.kind}'><th scope=row>{breakable(line.name)}{small(line.note)}</th>{cells}</tr>"


def section(title: str, caption: str, *inside: str) -> str:
    """A part of the page under a heading; nothing where nothing is inside."""
    body = "".join(inside)
    said = f"<p class=caption>{plain(caption)}</p>" if caption else ""
    return f"<section><h2>{plain(title)}</h2>{said}{body}</section>" if body else ""


def folded(summary: str, inside: str) -> str:
    """What opens on demand."""
    return f"<details><summary>{plain(summary)}</summary>{inside}</details>"


def items(texts: Iterable[str], kind: str = "") -> str:
    """A list; nothing for no items."""
    inside = "".join(f"<li>{plain(text)}</li>" for text in texts)
    return f"<ul class='{kind}'>{inside}</ul>" if inside else ""


def paragraphs(texts: Iterable[str]) -> str:
    """Sentences, one paragraph each."""
    return "".join(f"<p>{plain(text)}</p>" for text in texts)


def data(value: object) -> str:
    """JSON that stands within a script element: no `<` in it can end the element or begin a comment."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def chart(name: str, title: str, caption: str, specification: dict[str, object]) -> str:
    """A chart's place, its caption and its specification."""
    place = f"<div class=chart id=chart-{name}></div>"
    held = f"<script type='application/json' data-chart=chart-{name}>{data(specification)}</script>"
    return section(title, caption, place, held)
