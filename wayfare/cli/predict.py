"""`wayfare predict`: measured configurations through the simulator, and how far off it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalogs.units import MS_PER_S
from wayfare.cli.options import OWN_CATALOG, catalog_with
from wayfare.cli.predictions import print_errors, print_skipped, write_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.errors import Judged
    from simulator.calibration.measured.points import Point

    Row = dict[str, str]

PREDICTED = ("pred_ttft_ms", "pred_tpot_ms", "pred_kv_room_tokens")
SHOWN = {
    "TPOT mean": "tpot_mean",
    "TPOT median": "tpot_median",
    "TPOT bias": "tpot_bias",
    "TTFT median": "ttft_median",
}
"""Columns of the printed errors."""


@click.command("predict")
@click.argument("points", type=click.Path(path_type=Path))
@click.option(
    "--profile", "name", metavar="NAME|FILE",
    help="Predict all rows by this profile: the catalog's, or a file that calibrate wrote.",
)  # fmt: skip
@OWN_CATALOG
@click.option("--json", "as_json", is_flag=True, help="Print the errors as JSON.")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True)
def command(points: Path, name: str | None, catalog: Path | None, as_json: bool, target: Path) -> None:  # noqa: FBT001  (a flag of the command line)
    """Predict TTFT and TPOT of every row of POINTS.csv by the simulator itself.

    Rows may state how the engine was started: kv_room_tokens (as it logged), max_num_batched_tokens and
    max_num_seqs. Without --profile a row is predicted by the profile of its engine.

    Writes the rows with pred_ttft_ms, pred_tpot_ms and pred_kv_room_tokens (the formula's); prints
    the errors where the rows have ttft_ms and tpot_ms. Rows that cannot be predicted are left empty
    and counted; where no row can be, nothing is written and the exit code is 1.
    """
    from catalogs.profile_file import profile_by
    from simulator.calibration.errors import by_engine_and_regime
    from simulator.calibration.measured.points import read_rows

    rows = read_rows(points)
    facts = catalog_with(catalog)
    profile = None if name is None else profile_by(facts, name)
    judged, reasons = judge(rows, facts, profile)
    print_skipped(reasons, len(rows))
    write_rows(target, rows, PREDICTED, [None if one is None else texts(one) for one in judged])
    for note, count in doubts(judged, facts, profile).items():
        click.echo(f"rows to doubt ({count}): {note}", err=True)
    summaries = by_engine_and_regime([one for one in judged if one is not None])
    print_errors(summaries, "engine, regime", SHOWN, target, as_json=as_json)


def judge(
    rows: Sequence[Row], catalog: Catalog, profile: ServingProfile | None = None
) -> tuple[list[Judged | None], Counter[str]]:
    """A prediction for every row, None where there is none, and why not by count.

    By a profile for all rows, or by that of each row's engine.
    """
    from simulator.calibration.measured.points import point_of
    from simulator.calibration.predicted.times import engine_problem, profile_of

    reasons = Counter[str]()
    judged: list[Judged | None] = []
    for row in rows:
        point = point_of(row, catalog)
        problem = (
            point if isinstance(point, str) else "" if profile else engine_problem(catalog, point.engine)
        )
        if isinstance(point, str) or problem:
            reasons[problem] += 1
            judged.append(None)
            continue
        judged.append(predicted(point, catalog, profile or profile_of(catalog, point.engine)))
    return judged, reasons


def predicted(point: Point, catalog: Catalog, profile: ServingProfile) -> Judged:
    """A point with what the profile says of it, the room that the formula gives among it."""
    from simulator.calibration.errors import Judged
    from simulator.calibration.predicted.times import formula_room_tokens, predicted_s

    ttft_s, tpot_s = predicted_s(point, catalog, profile)
    room = formula_room_tokens(point, catalog, profile)
    return Judged(point=point, ttft_s=ttft_s, tpot_s=tpot_s, kv_room_tokens=room)


def doubts(
    judged: Sequence[Judged | None], catalog: Catalog, profile: ServingProfile | None = None
) -> Counter[str]:
    """What was predicted although the chip lacks the precision or the version was not fitted, by count."""
    from simulator.calibration.predicted.times import computed_precision, profile_of, version_doubt

    found = Counter[str]()
    for point in (one.point for one in judged if one is not None):
        wider = computed_precision(point, catalog.accelerator(point.accelerator))
        if wider != point.precision:
            found[f"{point.accelerator!r} lacks {point.precision!r}; predicted as unpacked to {wider!r}"] += 1
        if doubt := version_doubt(profile or profile_of(catalog, point.engine), point):
            found[doubt] += 1
    return found


def texts(one: Judged) -> tuple[str, str, str]:
    """A prediction as the file's columns hold it: milliseconds and tokens."""
    return f"{one.ttft_s * MS_PER_S:.4f}", f"{one.tpot_s * MS_PER_S:.4f}", str(one.kv_room_tokens)
