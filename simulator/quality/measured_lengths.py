"""Measured answer lengths: a model's right and wrong answers have the quantiles of a benchmark's."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from simulator.distributions import Empirical
from simulator.streams import keyed_uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from catalogs.records import Model, QuantileTable

COMMON_RATIO = sqrt(0.5)
"""How often an answer's rank among the model's is the request's own, whichever model answers.

Two models then have a rank correlation of COMMON_RATIO squared. Measured on the same questions, both
right: 0.54 on CRUX, 0.49 on MATH level 5 (means over pairs of eleven models), 0.72 on MMLU-Pro (one pair).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredLengths:
    """Lengths of a model's right and wrong answers to a task, tokens."""

    right: Empirical
    wrong: Empirical

    def tokens(self, correct: NDArray[np.bool_], rank: NDArray[np.float64]) -> NDArray[np.float64]:
        """Lengths at ranks in (0, 1) among the answers that are as right."""
        return np.where(correct, self.right.at(rank), self.wrong.at(rank))


def measured_lengths(model: Model) -> Mapping[str, MeasuredLengths]:
    """The catalog's tables of a model, by task."""
    return {
        task: MeasuredLengths(right=empirical(table.right), wrong=empirical(table.wrong))
        for task, table in model.answer_lengths.items()
    }


def empirical(table: QuantileTable) -> Empirical:
    """The distribution of a table, linear between its points."""
    points = sorted(table.quantiles.items())
    return Empirical(tuple(share for share, _ in points), tuple(value for _, value in points))


def length_ranks(model: str, seed: int, key: NDArray[np.int64]) -> NDArray[np.float64]:
    """Uniform ranks of a model's answers among its own, keyed by request; in part those of other models."""
    common = keyed_uniform(seed, "answer length", key)
    own = keyed_uniform(seed, f"answer length/{model}", key)
    shared = keyed_uniform(seed, f"answer length shared/{model}", key) < COMMON_RATIO
    return np.where(shared, common, own)
