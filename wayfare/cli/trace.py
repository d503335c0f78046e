"""`wayfare trace`: what is in a recording, and Wayfare's own columns made of it."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.terminal import console, plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = click.option(
    "--column", "columns", multiple=True, metavar="ROLE=FIELD",
    help="Which field of a plain CSV or JSONL file plays a role, e.g. timestamp=ts. Repeatable.",
)  # fmt: skip
FORMAT = click.option("--format", "trace_format", metavar="NAME", help="Detected where omitted.")
FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group("trace")
def command() -> None:
    """Look at recorded traffic, or convert it."""


def column_map(columns: tuple[str, ...]) -> dict[str, str] | None:
    """The fields by role; raises a usage error for what is no `role=field`."""
    for text in columns:
        if "=" not in text:
            message = f"--column {text!r} is not ROLE=FIELD"
            raise click.UsageError(message)
    return dict(text.split("=", 1) for text in columns) or None


@command.command("inspect")
@FILE
@FORMAT
@COLUMNS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(file: Path, trace_format: str | None, columns: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001  (a flag of the command line)
    """Print the statistics of the recording FILE; rows that cannot be used are counted."""
    from simulator.workload import inspect_trace

    statistics = inspect_trace(file, trace_format, column_map(columns)).to_dict()
    if as_json:
        click.echo(json.dumps(dict(defined(statistics)), indent=2, allow_nan=False))
        return
    table = plain_table("figure", "value")
    for path, value in flat(statistics, ""):
        table.add_row(path, f"{value:,.6g}" if isinstance(value, float) else str(value))
    console().print(table)


def defined(figures: dict[str, object]) -> Iterator[tuple[str, object]]:
    """The figures with null in the place of those that are undefined."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield name, dict(defined(value))
        else:
            yield name, None if isinstance(value, float) and isnan(value) else value


def flat(value: object, path: str) -> list[tuple[str, object]]:
    """Nested figures by dotted path."""
    if isinstance(value, dict):
        parts = [flat(below, f"{path}.{key}" if path else str(key)) for key, below in value.items()]
        return [entry for part in parts for entry in part]
    return [(path, value)]


@command.command("import")
@FILE
@FORMAT
@COLUMNS
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True)
def import_trace(file: Path, trace_format: str | None, columns: tuple[str, ...], target: Path) -> None:
    """Write the recording FILE in Wayfare's own columns (CSV; packed when the name ends in .gz)."""
    from simulator.workload import convert_trace

    trace = convert_trace(file, target, trace_format, column_map(columns))
    click.echo(f"wrote {len(trace):,} of {trace.read_row_count:,} rows to {target}")
    for reason, count in trace.dropped_row_count.items():
        click.echo(f"left out {count:,} rows: {reason}", err=True)
