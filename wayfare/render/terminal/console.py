"""The terminal: one console that shows text as it is, and tables that can be pasted into a paper."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from typing import Any, TextIO

    from rich.text import Text

PIPED_WIDTH = 110
LEAST_WIDTH = 20
HIDDEN = ("Cc", "Cs", "Zl", "Zp")
TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows them."""


class PlainConsole(Console):
    """A console that takes no text for mark-up, and shows control characters instead of obeying them."""

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401  (rich's own signature)
        """Text as it stands, every line of it visible."""
        return super().render_str("\n".join(map(visible, text.split("\n"))), **options)


def console(stream: TextIO | None = None) -> Console:
    """A console on stdout or another stream; without any attributes where `NO_COLOR` is set."""
    file = stream or sys.stdout
    colours = {"color_system": None} if os.environ.get("NO_COLOR") else {}
    return PlainConsole(
        file=file,
        width=None if file.isatty() else piped_width(),
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        **colours,  # type: ignore[arg-type]  # a map of one keyword
    )


def piped_width() -> int:
    """Columns where there is no terminal: those that `COLUMNS` states."""
    stated = os.environ.get("COLUMNS", "")
    return max(int(stated), LEAST_WIDTH) if stated.isascii() and stated.isdigit() else PIPED_WIDTH


def visible(text: str) -> str:
    """The text in one line, with control characters written out (ESC by its number) instead of acting."""
    return "".join(written_out(each) if is_hidden(each) else each for each in text)


def is_hidden(character: str) -> bool:
    """Whether a terminal would act on a character instead of showing it."""
    return character in TURNS or unicodedata.category(character) in HIDDEN


def written_out(character: str) -> str:
    """A character by its number, as Python writes it."""
    return character.encode("unicode_escape").decode("ascii")


def plain_table(*columns: str, numbers_from: int | None = None) -> Table:
    """A table with a rule under its head; columns from `numbers_from` on stand at the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, name in enumerate(columns):
        numeric = numbers_from is not None and place >= numbers_from
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    return table
