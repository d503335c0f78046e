"""The page's table of agent tasks: a row for each policy and stream of agents."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from wayfare.tables.tasks import COLUMNS, figure_in, task_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Report
    from wayfare.tables.tasks import Figures

CAPTION = (
    "A task is a chain of dependent calls with tools between them; it takes from its first call to its "
    "last answer. Tasks that arrived stand below every ratio; idle capacity is in no cost."
)


def task_section(reports: Sequence[Report]) -> str:
    """The section; nothing where no stream is of agents."""
    rows = [row(report, name, block) for report in reports for name, block in task_rows(report)]
    if not rows:
        return ""
    head = "".join(f"<th>{title}</th>" for title, _path, _write in COLUMNS)
    inside = f"<thead><tr><th>policy, stream</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return (
        f"<section><h2>Agent tasks</h2><p class=caption>{CAPTION}</p>"
        f"<div class=wide><table>{inside}</table></div></section>"
    )


def row(report: Report, name: str, block: Figures) -> str:
    """One stream of agents under one policy."""
    cells = "".join(f"<td>{write(figure_in(block, path))}</td>" for _title, path, write in COLUMNS)
    return f"<tr><th>{escape(report.policy)}<small>{escape(name)}</small></th>{cells}</tr>\n"
