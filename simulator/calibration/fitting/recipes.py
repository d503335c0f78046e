"""What the runs of one recipe deviate by from an engine's physics, as a factor of their times.

A recipe is an engine's version on an accelerator with one model: what was built, started and tuned
together. Its factor is the median of measured over predicted TPOT, drawn towards 1 by `PULL` points that
say 1: few points prove little. A recipe's factor holds for that recipe alone; whole models and whole
accelerators left out are predicted better by the physics without any factor of others
(docs/decisions/0123).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.fleet.engines import recipe_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.calibration.measured.points import Point

PULL = 5.0


def recipe_of(point: Point) -> str:
    """The recipe's name: version, accelerator and model size."""
    return recipe_name(point.version, point.accelerator, point.shape)


def recipe_factors(points: Sequence[Point], ratio: NDArray[np.float64]) -> dict[str, float]:
    """The factor of each recipe of one engine, from measured over predicted TPOT of its points."""
    names = np.array([recipe_of(point) for point in points])
    return {name: shrunken(ratio[names == name]) for name in sorted(set(names.tolist()))}


def shrunken(ratio: NDArray[np.float64]) -> float:
    """The median ratio drawn towards 1: its logarithm by n / (n + PULL)."""
    weight = len(ratio) / (len(ratio) + PULL)
    return float(f"{np.exp(weight * np.median(np.log(ratio))):.4g}")
