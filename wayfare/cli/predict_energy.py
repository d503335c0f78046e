"""`wayfare predict-energy`: measured runs through the simulator, and how far off its watts are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.cli.options import OWN_CATALOG, catalog_with
from wayfare.cli.predictions import print_errors, print_skipped, write_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs import Catalog
    from simulator.calibration.power_errors import JudgedPower
    from simulator.calibration.predicted.energy import Times

    Row = dict[str, str]

PREDICTED = ("pred_power_w", "pred_j_per_token")
SHOWN = {
    "power mean": "power_mean",
    "power median": "power_median",
    "power constant": "constant_mean",
    "J/token mean": "energy_mean",
    "J/token median": "energy_median",
    "J/token bias": "energy_bias",
}
"""Columns of the printed errors; `constant`: as if every such accelerator drew its median watts."""


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

    rows = read_rows(points, NEEDED)
    judged, reasons = judge(rows, name, times, catalog_with(catalog))
    print_skipped(reasons, len(rows))
    write_rows(target, rows, PREDICTED, [None if one is None else texts(one) for one in judged])
    errors = by_accelerator_and_kind([one for one in judged if one is not None])
    print_errors(errors, "accelerator, model", SHOWN, target, as_json=as_json)


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


def texts(one: JudgedPower) -> tuple[str, str]:
    """A prediction as the file's columns hold it: watts, and joules per output token."""
    return f"{one.power_w:.2f}", f"{one.j_per_token:.6f}"
