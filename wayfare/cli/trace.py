"""`wayfare trace`: what is in a recording, and Wayfare's own columns made of it."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLUMNS = click.option(
    "--column", "columns", multiple=True, metavar="ROLE=FIELD",
    help="Which field has a role, e.g. timestamp=ts or, inside another, input_tokens=usage.prompt_tokens. "
         "Repeatable.",
)  # fmt: skip
FORMAT = click.option("--format", "trace_format", metavar="NAME", help="Detected where omitted.")
TIME_UNIT = click.option(
    "--time-unit", type=click.Choice(["s", "ms", "us", "ns"]),
    help="Unit of times that are numbers. For times since 1970 detected from the values if omitted.",
)  # fmt: skip
FILE = click.argument("file", type=click.Path(path_type=Path))


def recording(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options that say what is read, and how."""
    for option in (TIME_UNIT, COLUMNS, FORMAT, FILE):
        command = option(command)
    return command


@click.group("trace")
def command() -> None:
    """Look at recorded traffic, or convert it.

    CSV, JSON lines, JSON arrays and documents and Parquet are read, plain or packed by gzip, bzip2, xz
    or zstd, whatever their names.
    """


def column_map(columns: tuple[str, ...]) -> dict[str, str] | None:
    """The fields by role; raises a usage error for what is no `role=field`, or a role given twice."""
    found: dict[str, str] = {}
    for text in columns:
        role, separator, field = text.partition("=")
        if not separator:
            message = f"--column {text!r} is not ROLE=FIELD"
            raise click.UsageError(message)
        if role in found:
            message = f"--column {text!r}: {role!r} is given twice"
            raise click.UsageError(message)
        found[role] = field
    return found or None


@command.command("inspect")
@recording
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(
    file: Path,
    trace_format: str | None,
    columns: tuple[str, ...],
    time_unit: str | None,
    as_json: bool,  # noqa: FBT001  (a flag of the command line)
) -> None:
    """Print what is in the recording FILE: rows used and left out, times, rates, lengths, prompts' blocks."""
    from simulator.traces import inspect_trace
    from wayfare.render.terminal.console import console, plain_table
    from wayfare.render.terminal.trace_summary import scenario_lines, summary_rows

    roles = column_map(columns)
    statistics = inspect_trace(file, trace_format, roles, time_unit)
    if as_json:
        click.echo(json.dumps(dict(defined(statistics.to_dict())), indent=2, allow_nan=False))
        return
    table = plain_table("of the trace", "")
    for name, value in summary_rows(statistics, detected=trace_format is None):
        table.add_row(name, value)
    console().print(table)
    for note in statistics.notes:
        click.echo(f"note: {note}")
    stated = {"format": trace_format, "columns": roles, "time_unit": time_unit}
    click.echo("\n".join(scenario_lines(file, statistics, stated)))


def defined(figures: dict[str, object]) -> Iterator[tuple[str, object]]:
    """The figures with null in the place of those that are undefined."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield name, dict(defined(value))
        else:
            yield name, None if isinstance(value, float) and isnan(value) else value


@command.command("import")
@recording
@click.option(
    "--prefix-block-tokens", type=click.IntRange(min=1), metavar="N",
    help="Tokens of a prompt's block where neither the file nor its format states it.",
)  # fmt: skip
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True)
def import_trace(
    file: Path,
    trace_format: str | None,
    columns: tuple[str, ...],
    time_unit: str | None,
    prefix_block_tokens: int | None,
    target: Path,
) -> None:
    """Write the recording FILE in Wayfare's own columns (CSV; packed when the name ends in .gz)."""
    from simulator.traces import convert_trace

    trace = convert_trace(file, target, trace_format, column_map(columns), time_unit, prefix_block_tokens)
    click.echo(f"wrote {len(trace):,} of {trace.read_row_count:,} rows to {target}")
    click.echo(f"read as {trace.format}; times: {trace.clock.unit}, {trace.clock.basis}")
    for reason, count in trace.dropped_row_count.items():
        click.echo(f"left out {count:,} rows: {reason}", err=True)
    for note in trace.notes:
        click.echo(f"note: {note}", err=True)
