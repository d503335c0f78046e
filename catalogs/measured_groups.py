"""Which configurations of serving engines were measured: counts and ranges, never what was measured."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.records import Count, NonNegative, Positive, Precision, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = Path(__file__).parent / "measured_groups.csv"
"""The groups that serving profiles are fitted to; written by bench/fit_profiles.py."""


class MeasuredGroup(Record):
    """Measured points of one engine, version, accelerator, model, precision and width.

    `size` is the model's as recipes name it (layers x hidden x experts), `params_b` its parameters in
    billions, `chips` those of a replica. Lengths and sequences at once (`batch`) by the least and the
    most. `tpot_median` is the median absolute relative error of TPOT when the group was held out of the
    fit; unknown of groups that are too small to say, and of a user's own.
    """

    engine: str
    version: str = ""
    accelerator: str
    model: str
    size: str
    params_b: Positive
    precision: Precision
    chips: Count
    input_least: Count
    input_most: Count
    output_least: Count
    output_most: Count
    batch_least: Count
    batch_most: Count
    points: Count
    tpot_median: NonNegative | None = None


@cache
def measured_groups() -> tuple[MeasuredGroup, ...]:
    """The groups behind the profiles that ship."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        MeasuredGroup.model_validate({key: text for key, text in row.items() if text}) for row in rows
    )


def write_groups(groups: Sequence[MeasuredGroup], path: Path = FILE) -> None:
    """Writes the groups as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(MeasuredGroup.model_fields), lineterminator="\n")
        writer.writeheader()
        writer.writerows(group.model_dump() for group in groups)
