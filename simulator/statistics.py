"""Intervals over independent replications; paired differences under common random numbers.

Law and Kelton, Simulation Modeling and Analysis, chapters 9 and 10: replications, not requests,
carry the interval. Student t; the replications of two policies share their random numbers, so
their difference is taken pair by pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedVariance:
    """Variance of what all values of a sample have in common, and the degrees of freedom it was taken with.

    Such as the queries of one table: more replications do not make it smaller.
    """

    variance: float = 0.0
    freedom: float = math.inf


NOTHING_SHARED = SharedVariance()
SharedByFigure: TypeAlias = "Callable[[str], SharedVariance]"
"""What replications have in common, by the path of a figure."""


def student_interval(
    values: Sequence[float], confidence: float, shared: SharedVariance = NOTHING_SHARED
) -> ConfidenceInterval:
    """Mean and t interval of independent values: mean +- t(f, (1+c)/2) sqrt(s^2 / n + shared variance).

    f is n - 1 where nothing is shared, else Welch and Satterthwaite's (`freedom_of`).
    """
    sample = np.asarray(values, np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:  # noqa: PLR2004  (a spread needs two)
        return ConfidenceInterval(value=mean, low=None, high=None)
    reach = half_width(float(sample.var(ddof=1)), len(sample), confidence, shared)
    return ConfidenceInterval(value=mean, low=mean - reach, high=mean + reach)


def half_width(variance: float, count: int, confidence: float, shared: SharedVariance) -> float:
    """Half the width of the t interval of a mean of so many values with this sample variance."""
    from scipy.special import stdtrit  # late: it takes a tenth of a second, and a run needs none

    own = variance / count
    freedom = freedom_of(own, count - 1, shared)
    return float(stdtrit(freedom, (1.0 + confidence) / 2.0)) * math.sqrt(own + shared.variance)


def freedom_of(own: float, freedom: float, shared: SharedVariance) -> float:
    """(a + b)^2 / (a^2 / f_a + b^2 / f_b) degrees of freedom of a sum of two variances; f_a where b is 0.

    Satterthwaite 1946 (Biometrics Bulletin 2(6)), Welch 1947 (Biometrika 34).
    """
    if shared.variance == 0.0 or not math.isfinite(shared.variance):
        return freedom
    total = own + shared.variance
    return total**2 / (own**2 / freedom + shared.variance**2 / shared.freedom)


def paired_interval(
    a: Sequence[float], b: Sequence[float], confidence: float, shared: SharedVariance = NOTHING_SHARED
) -> ConfidenceInterval:
    """Mean of b - a and its t interval, replication by replication; see `student_interval`."""
    differences = [gap(first, second) for first, second in zip(a, b, strict=True)]
    return student_interval(differences, confidence, shared)


def gap(a: float, b: float) -> float:
    """B - a; 0 where the two differ by rounding alone, as sums of the same things do."""
    return 0.0 if math.isclose(a, b, rel_tol=ROUNDING) else b - a
