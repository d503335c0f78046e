"""How far predicted power is from measurements: relative errors of watts and joules per token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.errors import known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulator.calibration.measured.energy_points import EnergyPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPower:
    """A point and what was predicted for it."""

    point: EnergyPoint
    power_w: float
    j_per_token: float

    @property
    def power_error(self) -> float:
        """Predicted over measured watts, less 1; nan where none were measured."""
        return self.power_w / self.point.power_w - 1.0 if self.point.power_w else float("nan")

    @property
    def energy_error(self) -> float:
        """Predicted over measured joules per token, less 1; nan where none were measured."""
        measured = self.point.j_per_token
        return self.j_per_token / measured - 1.0 if measured else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerErrors:
    """Absolute relative errors of some points: how many, power (mean, median, and a constant's
    mean), joules per token (mean, median, and the median with its sign).
    """

    name: str
    count: int
    power_mean: float
    power_median: float
    constant_mean: float
    energy_mean: float
    energy_median: float
    energy_bias: float


def power_errors(name: str, judged: Sequence[JudgedPower]) -> PowerErrors:
    """The errors of these points; nan where there is nothing to say."""
    power = np.abs(known([one.power_error for one in judged]))
    energy = known([one.energy_error for one in judged])
    return PowerErrors(
        name=name,
        count=len(judged),
        power_mean=mean(power),
        power_median=median(power),
        constant_mean=constant_error(judged),
        energy_mean=mean(np.abs(energy)),
        energy_median=median(np.abs(energy)),
        energy_bias=median(energy),
    )


def constant_error(judged: Sequence[JudgedPower]) -> float:
    """Mean error of the simplest rule there is: the median watts of such an accelerator, each."""
    chips = np.array([one.point.chip_count for one in judged], np.float64)
    names = np.array([one.point.point.accelerator for one in judged])
    each_w = np.array([one.point.power_w or np.nan for one in judged]) / chips
    usual_w = {name: float(np.nanmedian(each_w[names == name])) for name in set(names.tolist())}
    guess_w = np.array([usual_w[name] for name in names.tolist()])
    return mean(np.abs(known((guess_w / each_w - 1.0).tolist())))


def mean(values: np.ndarray) -> float:
    """The mean; nan of nothing."""
    return float(values.mean()) if len(values) else float("nan")


def median(values: np.ndarray) -> float:
    """The median; nan of nothing."""
    return float(np.median(values)) if len(values) else float("nan")


def by_label(judged: Sequence[JudgedPower], key: Callable[[EnergyPoint], str]) -> list[PowerErrors]:
    """Errors by a label of the points, labels in alphabetical order."""
    names = sorted({key(one.point) for one in judged})
    return [power_errors(name, [one for one in judged if key(one.point) == name]) for name in names]


def by_accelerator_and_kind(judged: Sequence[JudgedPower]) -> list[PowerErrors]:
    """Errors by accelerator, by accelerator and kind of model, then of all."""
    chips = by_label(judged, lambda point: f"{point.point.accelerator}, all")
    kinds = by_label(judged, lambda point: f"{point.point.accelerator}, {point.kind}")
    return [*sorted([*chips, *kinds], key=lambda row: row.name), power_errors("all", judged)]
