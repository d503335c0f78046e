"""Tables of figures that fit: names stay, columns leave by rank, and what left is named below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from wayfare.render.terminal.console import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

GAP = 2
LEAST_NAME = 12
CUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """A column of figures: its heading, and its rank; the highest rank is left out first."""

    head: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row: its name, marks behind it, and a cell for each column; a cell's second line is softer."""

    name: str
    cells: Sequence[str]
    marks: str = ""
    soft: Sequence[bool] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """What fits: the names as shown, the columns that are, and the headings of those that are not."""

    names: Sequence[str]
    kept: Sequence[int]
    hidden: Sequence[str]


def print_figures(out: Console, head: str, columns: Sequence[TableColumn], rows: Sequence[TableRow]) -> None:
    """Prints a table no wider than the console, and below it what had to be left out or cut."""
    fit = laid_out(head, columns, rows, out.width)
    out.print(table_of(head, columns, rows, fit))
    if fit.hidden:
        out.print(f"hidden at {out.width} columns: {', '.join(fit.hidden)}; --json has all", style="dim")
    for row, name in zip(rows, fit.names, strict=True):
        if name != visible(row.name):
            out.print(f"{name} is {visible(row.name)}", style="dim")


def laid_out(head: str, columns: Sequence[TableColumn], rows: Sequence[TableRow], width: int) -> TableLayout:
    """The layout in so many columns: names are cut only where they take more than half."""
    marks = max((cell_len(row.marks) for row in rows), default=0)
    behind = marks + 1 if marks else 0
    room = max(width // 2, LEAST_NAME) - behind
    names = shortened([visible(row.name) for row in rows], room)
    name_width = max(*(cell_len(name) + behind for name in names), longest(head.split()), 1)
    widths = [column_width(column, place, rows) for place, column in enumerate(columns)]
    kept = fitting(columns, widths, width - name_width)
    hidden = [column.head for place, column in enumerate(columns) if place not in kept]
    return TableLayout(names=names, kept=kept, hidden=hidden)


def fitting(columns: Sequence[TableColumn], widths: Sequence[int], room: int) -> list[int]:
    """Places of the columns that fit, taken by rank as long as the next one fits, in their own order."""
    kept: list[int] = []
    for place in sorted(range(len(columns)), key=lambda place: columns[place].rank):
        room -= widths[place] + GAP
        if room < 0:
            break
        kept.append(place)
    return sorted(kept)


def column_width(column: TableColumn, place: int, rows: Sequence[TableRow]) -> int:
    """Cells that a column needs: its longest word of the heading, its longest line of a figure."""
    lines = [line for row in rows for line in row.cells[place].split("\n")]
    return longest([*column.head.split(), *lines])


def longest(texts: Sequence[str]) -> int:
    """Cells of the widest of some texts."""
    return max(map(cell_len, texts), default=0)


def table_of(head: str, columns: Sequence[TableColumn], rows: Sequence[TableRow], fit: TableLayout) -> Table:
    """The table of what fits, every column exactly as wide as it needs to be."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0))
    table.add_column(head, no_wrap=False)
    for place in fit.kept:
        width = column_width(columns[place], place, rows)
        table.add_column(wrapped(columns[place].head, width), justify="right", no_wrap=True, width=width)
    for row, name in zip(rows, fit.names, strict=True):
        named = Text(f"{name} {row.marks}".rstrip(), no_wrap=True)
        table.add_row(named, *(softened(row, place) for place in fit.kept))
    return table


def softened(row: TableRow, place: int) -> Text:
    """A cell, its second line dim, all of it where the row says so."""
    first, _line, rest = row.cells[place].partition("\n")
    text = Text(first)
    if rest:
        text.append(f"\n{rest}", style="dim")
    if row.soft and row.soft[place]:
        text.stylize("dim")
    return text


def wrapped(head: str, width: int) -> str:
    """A heading in lines of whole words, none wider than `width` unless a word is."""
    lines: list[str] = []
    for word in head.split():
        if lines and cell_len(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def shortened(names: Sequence[str], room: int) -> list[str]:
    """The names, those wider than `room` cut in the middle with …; equal names stay equal, others differ."""
    found = {name: name for name in names if cell_len(name) <= room}
    for name in names:
        if name not in found:
            found[name] = cut_apart(name, room, set(found.values()))
    return [found[name] for name in names]


def cut_apart(name: str, room: int, taken: set[str]) -> str:
    """The name cut to `room` cells, unlike any other: evenly, else elsewhere, else numbered."""
    splits = sorted(range(1, room - 1), key=lambda head: abs(head - room // 2))
    candidates = (cut(name, room, head) for head in splits)
    numbered = (
        f"{start(name, room - len(tail))}{tail}" for tail in (f"{CUT}{n}" for n in range(2, len(taken) + 3))
    )
    return next(each for every in (candidates, numbered) for each in every if each not in taken)


def cut(name: str, room: int, head: int) -> str:
    """The name's first `head` cells, …, and its end, in at most `room` cells."""
    first = start(name, head)
    return f"{first}{CUT}{start(name[::-1], room - head - 1)[::-1]}"


def start(name: str, room: int) -> str:
    """As many of the name's first characters as fit into `room` cells."""
    used, size = 0, 0
    for character in name:
        used += cell_len(character)
        if used > room:
            break
        size += 1
    return name[:size]
