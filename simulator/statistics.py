"""Intervals over independent replications; paired differences under common random numbers.

Law and Kelton, Simulation Modeling and Analysis, chapters 9 and 10: replications, not requests,
carry the interval. Student t; the replications of two policies share their random numbers, so
their difference is taken pair by pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_REPLICATIONS = 5
"""Below this many an interval is shown with a warning."""

ROUNDING = 1e-12
"""Relative difference up to which two figures are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceInterval:
    """A mean and its confidence interval; low and high are None with a single replication."""

    value: float
    low: float | None
    high: float | None


def student_interval(
    values: Sequence[float], confidence: float, shared_variance: float = 0.0
) -> ConfidenceInterval:
    """Mean and t interval of independent values: mean +- t(n-1, (1+c)/2) sqrt(s^2 / n + shared variance).

    `shared_variance` is of what all values have in common, such as the queries of one table: more
    replications do not make it smaller.
    """
    sample = np.asarray(values, np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:  # noqa: PLR2004  (a spread needs two)
        return ConfidenceInterval(value=mean, low=None, high=None)
    from scipy.special import stdtrit  # late: it takes a tenth of a second, and a run needs none

    spread = math.sqrt(float(sample.var(ddof=1)) / len(sample) + shared_variance)
    reach = float(stdtrit(len(sample) - 1, (1.0 + confidence) / 2.0)) * spread
    return ConfidenceInterval(value=mean, low=mean - reach, high=mean + reach)


def paired_interval(
    a: Sequence[float], b: Sequence[float], confidence: float, shared_variance: float = 0.0
) -> ConfidenceInterval:
    """Mean of b - a and its t interval, replication by replication; see `student_interval`."""
    differences = [gap(first, second) for first, second in zip(a, b, strict=True)]
    return student_interval(differences, confidence, shared_variance)


def gap(a: float, b: float) -> float:
    """B - a; 0 where the two differ by rounding alone, as sums of the same things do."""
    return 0.0 if math.isclose(a, b, rel_tol=ROUNDING) else b - a
