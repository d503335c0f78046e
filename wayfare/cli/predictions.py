"""What `predict` and `predict-energy` do with predictions: a file of the rows, and a table of the errors."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING

import click

from wayfare.cli.exits import CheckFailedError
from wayfare.render.terminal.console import console
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from simulator.calibration.errors import ErrorSummary
    from simulator.calibration.power_errors import PowerErrors

    Row = dict[str, str]


def print_skipped(reasons: Counter[str], row_count: int) -> None:
    """Says which rows cannot be predicted and why.

    Raises:
        CheckFailedError: they are all there are.
    """
    for reason, count in reasons.items():
        rows = "1 row" if count == 1 else f"{count} rows"
        click.echo(f"{rows} cannot be predicted: {reason}", err=True)
    if reasons.total() == row_count:
        click.echo("no row can be predicted; nothing is written", err=True)
        raise CheckFailedError(reasons)


def write_rows(
    target: Path, rows: Sequence[Row], columns: Sequence[str], predicted: Sequence[Sequence[str] | None]
) -> None:
    """Writes the rows with the predicted columns, empty where there is no prediction."""
    from simulator.traces.conversion import write_whole

    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys((*rows[0], *columns))), lineterminator="\n")
    writer.writeheader()
    for row, cells in zip(rows, predicted, strict=True):
        writer.writerow({**row, **dict(zip(columns, cells or [""] * len(columns), strict=True))})
    write_whole(target, text.getvalue().encode())


def print_errors(
    found: Sequence[ErrorSummary] | Sequence[PowerErrors],
    title: str,
    columns: Mapping[str, str],
    target: Path,
    *,
    as_json: bool,
) -> None:
    """Prints the errors as JSON, or as a table of `columns` (heading to field) with where the rows are."""
    if as_json:
        click.echo(json.dumps([defined(asdict(row)) for row in found], indent=2, allow_nan=False))
        return
    heads = [TableColumn(head=head, rank=rank) for rank, head in enumerate(("points", *columns))]
    table = [TableRow(name=row.name, cells=cells(row, columns.values())) for row in found]
    print_figures(console(), title, heads, table)
    click.echo(f"wrote {target}")


def cells(row: ErrorSummary | PowerErrors, fields: Iterable[str]) -> list[str]:
    """One row's points and errors."""
    return [f"{row.count:,}", *(written(getattr(row, field)) for field in fields)]


def defined(row: Mapping[str, object]) -> dict[str, object]:
    """A summary as plain data, null where there is nothing to say."""
    return {key: None if isinstance(value, float) and isnan(value) else value for key, value in row.items()}


def written(error: float) -> str:
    """A relative error as a percentage."""
    return "-" if isnan(error) else f"{error * 100:.1f} %"
