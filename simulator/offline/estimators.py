"""What a policy would have earned, from rewards of logged actions and the probabilities of both policies.

A weight is w = pi(a|x) / p: how much more often the policy takes the logged action than the log did.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.statistics import ConfidenceInterval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

FOLDS: Final = 5
FOLD_SEED: Final = 0


def inverse_propensity(weight: Column, reward: Column, confidence: float) -> ConfidenceInterval:
    """IPS: the mean of w r.

    Source: Horvitz and Thompson, J. Am. Stat. Assoc. 47 (1952) 663.
    """
    return normal_interval(weight * reward, confidence)


def self_normalised(weight: Column, reward: Column, confidence: float) -> ConfidenceInterval:
    """SNIPS: sum(w r) / sum(w); its error by the delta method, sqrt(sum w^2 (r - v)^2) / sum(w).

    Source: Swaminathan and Joachims, NeurIPS 2015; the error of a ratio as Owen, Monte Carlo theory,
    methods and examples (2013), section 9.2.
    """
    total = float(weight.sum())
    value = float(weight @ reward) / total
    error = math.sqrt(float(weight**2 @ (reward - value) ** 2)) / total
    return around(value, error, confidence)


def doubly_robust(
    weight: Column,
    reward: Column,
    modelled: Column,
    probability: Column,
    action_code: NDArray[np.int64],
    confidence: float,
) -> ConfidenceInterval:
    """DR: the mean of sum_a pi(a|x) m(x, a) + w (r - m(x, logged a)).

    Args:
        weight: by row.
        reward: by row.
        modelled: m(x, a), rows x actions.
        probability: pi(a|x), rows x actions.
        action_code: the logged action of each row.
        confidence: of the interval.

    Source: Dudik, Langford and Li, ICML 2011.
    """
    logged = modelled[np.arange(len(reward)), action_code]
    return normal_interval((probability * modelled).sum(axis=1) + weight * (reward - logged), confidence)


def effective_rows(weight: Column) -> float:
    """How many rows of equal weight say as much: sum(w)^2 / sum(w^2); 0 where all weights are 0.

    Source: Kish, Survey Sampling (1965).
    """
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares > 0.0 else 0.0


def modelled_rewards(
    reward: Column, action_code: NDArray[np.int64], task_code: NDArray[np.int64], action_count: int
) -> Column:
    """m(x, a), rows x actions: mean rewards by action and task, each row's from folds it is not in.

    Where the other folds lack the task, the action's mean; where they lack the action, the mean of all.
    Cross-fitting as Chernozhukov et al., Econometrics Journal 21 (2018) C1.
    """
    fold = np.random.default_rng(FOLD_SEED).permutation(len(reward)) % FOLDS
    found = np.empty((len(reward), action_count), np.float64)
    for number in range(FOLDS):
        inside, outside = fold == number, fold != number
        outside = outside if outside.any() else inside
        table = cell_means(reward[outside], action_code[outside], task_code[outside], action_count, task_code)
        found[inside] = table[task_code[inside]]
    return found


def cell_means(
    reward: Column,
    action_code: NDArray[np.int64],
    task_code: NDArray[np.int64],
    action_count: int,
    all_tasks: NDArray[np.int64],
) -> Column:
    """Mean rewards, tasks x actions; of empty cells the action's, else the mean of all."""
    shape = (int(all_tasks.max()) + 1, action_count)
    count, total = np.zeros(shape), np.zeros(shape)
    np.add.at(count, (task_code, action_code), 1.0)
    np.add.at(total, (task_code, action_code), reward)
    of_action = divided(total.sum(axis=0), count.sum(axis=0), np.full(action_count, reward.mean()))
    return divided(total, count, np.broadcast_to(of_action, shape))


def divided(total: Column, count: Column, otherwise: Column) -> Column:
    """Totals by counts, something else where nothing is counted."""
    return np.where(count > 0, total / np.maximum(count, 1.0), otherwise)


def normal_interval(values: Column, confidence: float) -> ConfidenceInterval:
    """Mean of independent values with its normal interval."""
    error = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return around(float(values.mean()), error, confidence)


def around(value: float, error: float, confidence: float) -> ConfidenceInterval:
    """The normal interval of a value with this standard error."""
    from scipy.special import ndtri  # late, as in simulator.statistics

    reach = float(ndtri((1.0 + confidence) / 2.0)) * error
    return ConfidenceInterval(value=value, low=value - reach, high=value + reach)
