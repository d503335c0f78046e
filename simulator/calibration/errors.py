"""How far predictions are from measurements: relative errors by engine, regime and anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simulator.calibration.measured.points import Point

REGIMES = ("light", "knee", "saturated")
MOST_TTFT_S = 3.0
"""Longer measured first tokens are queueing in front of the engine; they stand apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A point and what was predicted for it, seconds; the room is the formula's, where it was asked for."""

    point: Point
    ttft_s: float
    tpot_s: float
    kv_room_tokens: int | None = None

    @property
    def tpot_error(self) -> float:
        """Predicted over measured TPOT, less 1; nan where none was measured."""
        return self.tpot_s / self.point.tpot_s - 1.0 if self.point.tpot_s else float("nan")

    @property
    def ttft_error(self) -> float:
        """Predicted over measured TTFT, less 1; nan where none was measured."""
        return self.ttft_s / self.point.ttft_s - 1.0 if self.point.ttft_s else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSummary:
    """Absolute relative errors of some points: how many, mean, median and bias of TPOT; TTFT's median."""

    name: str
    count: int
    tpot_mean: float
    tpot_median: float
    tpot_bias: float
    ttft_median: float


def summary(name: str, judged: Sequence[Judged]) -> ErrorSummary:
    """The errors of these points; nan where there is nothing to say."""
    tpot = known([one.tpot_error for one in judged])
    short = [one for one in judged if (one.point.ttft_s or MOST_TTFT_S) < MOST_TTFT_S]
    ttft = known([one.ttft_error for one in short])
    return ErrorSummary(
        name=name,
        count=len(judged),
        tpot_mean=float(np.abs(tpot).mean()) if len(tpot) else float("nan"),
        tpot_median=float(np.median(np.abs(tpot))) if len(tpot) else float("nan"),
        tpot_bias=float(np.median(tpot)) if len(tpot) else float("nan"),
        ttft_median=float(np.median(np.abs(ttft))) if len(ttft) else float("nan"),
    )


def known(values: Sequence[float]) -> np.ndarray:
    """The values that are numbers."""
    found = np.asarray(values, np.float64)
    return found[~np.isnan(found)]


def summaries(judged: Sequence[Judged], key: Callable[[Point], str]) -> Iterator[ErrorSummary]:
    """Errors by a label of the points, labels in alphabetical order."""
    for name in sorted({key(one.point) for one in judged}):
        yield summary(name, [one for one in judged if key(one.point) == name])


def by_engine_and_regime(judged: Sequence[Judged]) -> list[ErrorSummary]:
    """Errors by engine and regime, then of all."""
    order = {name: place for place, name in enumerate(REGIMES)}
    rows = list(summaries(judged, lambda point: f"{point.engine} {point.regime}"))
    rows.sort(key=lambda row: (row.name.split()[0], order[row.name.split()[1]]))
    return [*rows, summary("all", judged)]
