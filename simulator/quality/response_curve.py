"""The item-response curve: P(correct) from a model's ability and a request's difficulty.

Two-parameter logistic (Birnbaum 1968): P = sigma(a (theta - b)). Requests share their difficulty b
among all models, and each model errs independently around it: weak and strong models' errors
then correlate only loosely, as measured (field data: phi 0.1 to 0.4 on GSM8K and MMLU pairs).
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
SEARCH_LOGITS = 30.0
LEAST_SUCCESS = 1e-6


def success_probability(
    ability: float | NDArray[np.float64], difficulty: NDArray[np.float64], discrimination: float
) -> NDArray[np.float64]:
    """P(correct) at each difficulty: sigma(a (ability - difficulty)), logits."""
    return 1.0 / (1.0 + np.exp(-discrimination * (ability - difficulty)))


def mean_success(ability: float, mean: float, sd: float, discrimination: float) -> float:
    """P(correct) averaged over difficulties ~ N(mean, sd): Gauss-Hermite quadrature, 61 nodes."""
    difficulty = mean + sd * NODES
    return float(WEIGHTS @ success_probability(ability, difficulty, discrimination))


@lru_cache(maxsize=4096)
def ability_for(success: float, mean: float, sd: float, discrimination: float) -> float:
    """The ability whose mean success is `success`: bisection on the increasing mean curve.

    Success ratios of 0 or 1 are taken as 1e-6 from the end.
    """
    wanted = min(max(success, LEAST_SUCCESS), 1.0 - LEAST_SUCCESS)
    low, high = mean - SEARCH_LOGITS, mean + SEARCH_LOGITS
    while high - low > 1e-9 * max(1.0, abs(high)):
        middle = (low + high) / 2.0
        if mean_success(middle, mean, sd, discrimination) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def separation_for(auc: float) -> float:
    """Distance d' between two unit normals whose ROC area is `auc`: sqrt(2) Phi^-1(auc).

    Binormal model (Green and Swets 1966). `auc` 0.5 gives 0; it must lie in [0.5, 1).
    """
    return math.sqrt(2.0) * NormalDist().inv_cdf(auc)
