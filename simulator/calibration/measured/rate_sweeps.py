"""Measured open-loop runs at given rates, and the closed-loop points they are as good as.

Rows are those of pChitral/vllm-cost-meter (MIT), `data/master_results.csv`: vLLM 0.19.0 under its defaults,
500 requests a run of 512 tokens in and 256 out. By Little's law the sequences on an engine are its output
tokens per second times its seconds per output token, in the mean, so a run says what a closed loop of so
many sequences takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalogs.units import MS_PER_S
from simulator.calibration.measured.points import Point, point_of, positive, read_rows, whole

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs import Catalog

NEEDED = (
    "engine",
    "model",
    "precision",
    "hardware",
    "gpus",
    "rps",
    "request_throughput",
    "tps_output",
    "tpot_p50_ms",
)
VERSION = "0.19.0"
INPUT_TOKENS, OUTPUT_TOKENS, REQUESTS = 512, 256, 500
WEIGHT = 5.0
"""What an open-loop run counts in a fit beside a closed-loop point: there are 30 of those, 1,661 of these,
and they alone show small chips, other hosts and arrivals as users have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRun:
    """One run at a rate: its configuration as a point, requests per second sent and answered, and times.

    `measured` holds the file's columns of milliseconds in seconds, by name without the unit.
    """

    point: Point
    rate_per_s: float
    throughput_per_s: float
    measured: dict[str, float]


def rate_runs(path: Path, catalog: Catalog) -> list[RateRun]:
    """The file's runs.

    Raises:
        InvalidPointsError: the file is missing, empty or lacks columns.
        ValueError: a row names a model or a chip that nobody knows, or a number is none.
    """
    return [rate_run(row, catalog) for row in read_rows(path, NEEDED)]


def rate_run(row: dict[str, str], catalog: Catalog) -> RateRun:
    """The run in a row."""
    measured = {
        name.removesuffix("_ms"): (positive(row, name) or 0.0) / MS_PER_S
        for name in row
        if name.endswith("_ms")
    }
    sequences = (positive(row, "tps_output") or 0.0) * measured["tpot_p50"]
    told = {
        **{name: row[name] for name in ("model", "engine", "precision")},
        "accelerator": row["hardware"],
        "engine_version": VERSION,
        "input_tokens": str(INPUT_TOKENS),
        "output_tokens": str(OUTPUT_TOKENS),
        "batch_size": str(max(round(sequences), 1)),
        "tp": str(whole(row, "gpus")),
        "tpot_ms": row["tpot_p50_ms"],
    }
    point = point_of(told, catalog)
    if isinstance(point, str):
        raise ValueError(point)  # noqa: TRY004  (a value of the file)
    return RateRun(
        point=replace(point, weight=WEIGHT),
        rate_per_s=positive(row, "rps") or 0.0,
        throughput_per_s=positive(row, "request_throughput") or 0.0,
        measured=measured,
    )
