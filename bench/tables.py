"""Tables as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = (
    "case",
    "requests",
    "per s inside",
    "per s whole process",
    "busy",
    "workload us",
    "world us",
    "accounting us",
    "report us",
    "start-up s",
    "peak MB",
)
"""Columns of the main table; microseconds are per request."""


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, numbers at the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))
