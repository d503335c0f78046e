"""`wayfare predict-energy`: measured runs through the simulator, and how far off its watts are."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.cli.options import OWN_CATALOG, catalog_with
from wayfare.cli.predict import print_skipped, written
from wayfare.render.terminal.console import console
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs import Catalog
    from simulator.calibration.power_errors import JudgedPower, PowerErrors
    from simulator.calibration.predicted.energy import Times

    Row = dict[str, str]


@click.command("predict-energy")
@click.argument("points", type=click.Path(path_type=Path))
@click.option("--profile", "name", default="vllm-0.11", show_default=True, help="The serving profile.")
@click.option(
    "--times",
    type=click.Choice(["own", "predicted"]),
    default="own",
    show_default=True,
    help="Step times: the run's own itl_median_ms where the rows have it, or the profile's.",
)
@OWN_CATALOG
@click.option("--json", "as_json", is_flag=True, help="Print the errors as JSON.")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True)
def command(points: Path, name: str, times: Times, catalog: Path | None, as_json: bool, target: Path) -> None:  # noqa: FBT001  (a flag of the command line)
    """Predict power and energy per token of every row of POINTS.csv by the simulator itself.

    Writes the rows with pred_power_w (all accelerators, no host) and pred_j_per_token; prints the
    errors where the rows have power_w and j_per_token. Rows that cannot be predicted are left
    empty and counted; where no row can be, nothing is written and the exit code is 1. A row's
    itl_median_ms paces its decode steps, so that a chip that waits for its host is known to wait;
    --times predicted does without it.
    """
    from simulator.calibration.measured.energy_points import NEEDED
    from simulator.calibration.measured.points import read_rows
    from simulator.calibration.power_errors import by_accelerator_and_kind
    from simulator.traces.conversion import write_whole

    rows = read_rows(points, NEEDED)
    judged, reasons = judge(rows, name, times, catalog_with(catalog))
    print_skipped(reasons, len(rows))
    write_whole(target, csv_text(rows, judged).encode())
    errors = by_accelerator_and_kind([one for one in judged if one is not None])
    if as_json:
        click.echo(json.dumps([defined(row) for row in errors], indent=2, allow_nan=False))
    else:
        print_errors(errors)
        click.echo(f"wrote {target}")


def judge(
    rows: Sequence[Row], name: str, times: Times, catalog: Catalog
) -> tuple[list[JudgedPower | None], Counter[str]]:
    """A prediction for every row, None where there is none, and why not by count."""
    from simulator.calibration.measured.energy_points import EnergyPoint, energy_point_of
    from simulator.calibration.power_errors import JudgedPower
    from simulator.calibration.predicted.energy import predicted_power
    from wayfare.render.terminal.progress import observer

    reasons, bar = Counter[str](), observer(quiet=False)
    profile = catalog.serving_profile(name)
    judged: list[JudgedPower | None] = []
    bar.begin(len(rows), "predicting")
    for number, row in enumerate(rows):
        bar.advance(number, number)
        point = energy_point_of(row, catalog)
        if isinstance(point, EnergyPoint):
            power_w, j_per_token = predicted_power(point, catalog, profile, times)
            judged.append(JudgedPower(point=point, power_w=power_w, j_per_token=j_per_token))
        else:
            reasons[point] += 1
            judged.append(None)
    bar.end()
    return judged, reasons


def csv_text(rows: Sequence[Row], judged: Sequence[JudgedPower | None]) -> str:
    """The rows with their predictions, watts and joules per output token."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0], "pred_power_w", "pred_j_per_token"], lineterminator="\n")
    writer.writeheader()
    for row, one in zip(rows, judged, strict=True):
        power = "" if one is None else f"{one.power_w:.2f}"
        energy = "" if one is None else f"{one.j_per_token:.6f}"
        writer.writerow({**row, "pred_power_w": power, "pred_j_per_token": energy})
    return text.getvalue()


def defined(row: PowerErrors) -> dict[str, str | float | None]:
    """Errors as plain data, null where there is nothing to say."""
    plain = asdict(row)
    return {key: None if isinstance(value, float) and isnan(value) else value for key, value in plain.items()}


def print_errors(rows: Sequence[PowerErrors]) -> None:
    """Prints the errors as a table; `constant`: as if every such accelerator drew its median watts."""
    heads = (
        "points",
        "power mean",
        "power median",
        "power constant",
        "J/token mean",
        "J/token median",
        "J/token bias",
    )
    columns = [TableColumn(head=head, rank=rank) for rank, head in enumerate(heads)]
    table = [TableRow(name=row.name, cells=cells(row)) for row in rows]
    print_figures(console(), "accelerator, model", columns, table)


def cells(row: PowerErrors) -> list[str]:
    """One row's points and errors."""
    power = (row.power_mean, row.power_median, row.constant_mean)
    energy = (row.energy_mean, row.energy_median, row.energy_bias)
    return [f"{row.count:,}", *map(written, (*power, *energy))]
