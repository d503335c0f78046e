"""Distributions of lengths and times: means, draws from a generator, draws from keyed uniforms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, sqrt
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

P95_Z = 1.6448536269514722  # standard normal quantile at 0.95
GAMMA_TABLE_POINTS = 4097
GAMMA_LOG_P_FLOOR = 38.0  # the table begins at a probability of e^-38, below any 53-bit draw
GAMMA_LOG_X_SMALL = -14.0


class Distribution(Protocol):
    """A distribution of non-negative numbers (tokens, seconds, turns)."""

    @property
    def mean(self) -> float:
        """Expected value."""
        ...

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """`count` independent draws."""
        ...

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The draw that each U(0, 1) number stands for: pure, for draws that are keyed."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same value."""

    value: float

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:  # noqa: ARG002
        """The value `count` times."""
        return np.full(count, self.value)

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value for every u."""
        return np.full(np.shape(u), self.value)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Evenly between two bounds."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        """Halfway between the bounds."""
        return 0.5 * (self.low + self.high)

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Draws in [low, high)."""
        return rng.uniform(self.low, self.high, count)

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Low + u (high - low)."""
        return np.asarray(self.low + u * (self.high - self.low))


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless, with the given mean."""

    mean: float

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Exponential draws."""
        return rng.exponential(self.mean, count)

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """-mean ln(1 - u)."""
        return np.asarray(-self.mean * np.log1p(-u))


@dataclass(frozen=True, slots=True)
class LogNormal:
    """exp(N(ln median, sigma))."""

    median: float
    sigma: float

    @classmethod
    def from_p95(cls, median: float, p95: float) -> LogNormal:
        """From the median and the 95th percentile (p95 >= median)."""
        return cls(median, log(p95 / median) / P95_Z)

    @classmethod
    def from_mean(cls, mean: float, sigma: float) -> LogNormal:
        """From the mean and sigma: median = mean exp(-sigma^2 / 2)."""
        return cls(mean * exp(-0.5 * sigma * sigma), sigma)

    @staticmethod
    def sigma_of(cv: float) -> float:
        """Sigma at a coefficient of variation: sqrt(ln(1 + cv^2))."""
        return sqrt(log(1.0 + cv * cv))

    @property
    def mean(self) -> float:
        """Median exp(sigma^2 / 2)."""
        return self.median * exp(0.5 * self.sigma * self.sigma)

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Lognormal draws."""
        return rng.lognormal(log(self.median), self.sigma, count)

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The quantile at u."""
        return np.asarray(self.median * np.exp(self.sigma * ndtri(u)))


@dataclass(frozen=True, slots=True)
class Gamma:
    """Gamma with a mean and a coefficient of variation: shape 1/cv^2, scale mean cv^2."""

    mean: float
    cv: float

    @property
    def shape(self) -> float:
        """Shape parameter, 1/cv^2."""
        return 1.0 / (self.cv * self.cv)

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Gamma draws."""
        return rng.gamma(self.shape, self.mean / self.shape, count)

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The quantile at u, by interpolation in a table: relative error below 1e-3 in the body."""
        log_odds, log_x = _gamma_quantiles(self.shape)
        found = np.exp(np.interp(np.log(u) - np.log1p(-u), log_odds, log_x))
        return np.asarray(found * self.mean / self.shape)


@dataclass(frozen=True, slots=True)
class Mixture:
    """One of several distributions, picked with the given weights (they sum to 1)."""

    weights: tuple[float, ...]
    components: tuple[Distribution, ...]

    @property
    def mean(self) -> float:
        """Weighted mean of the components."""
        return sum(w * part.mean for w, part in zip(self.weights, self.components, strict=True))

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Draws; each picks its component first."""
        chosen = rng.choice(len(self.weights), size=count, p=self.weights)
        draws = np.stack([part.sample(rng, count) for part in self.components])
        return np.asarray(draws[chosen, np.arange(count)])

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """U picks the component; its place within that component's share makes the draw."""
        u = np.asarray(u, dtype=np.float64)
        edges = np.concatenate(([0.0], np.cumsum(self.weights)[:-1], [1.0]))
        chosen = np.clip(np.searchsorted(edges, u, side="right") - 1, 0, len(self.weights) - 1)
        inner = (u - edges[chosen]) / (edges[chosen + 1] - edges[chosen])
        inner = np.clip(inner, np.finfo(np.float64).tiny, 1.0 - 2.0**-53)
        return np.choose(chosen, [part.from_uniform(inner) for part in self.components])


@dataclass(frozen=True, slots=True)
class Empirical:
    """A table of quantiles, linear between its points.

    `probabilities` rise from 0 to 1, `values` do not fall.
    """

    probabilities: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Area under the quantile function: trapezoids."""
        return float(np.trapezoid(self.values, self.probabilities))

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Draws by inversion."""
        return self.from_uniform(rng.random(count))

    def from_uniform(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The quantile at u."""
        return np.asarray(np.interp(u, self.probabilities, self.values))


@lru_cache(maxsize=64)
def _gamma_quantiles(shape: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ln odds (rising) and ln x of a Gamma with scale 1, for interpolation.

    Where x is small, P(X < x) = x^k / Gamma(k+1); beyond, the density is integrated by trapezoids
    over ln x, from both ends so that neither tail loses its digits.
    """
    log_scale = lgamma(shape + 1.0)
    lowest = (log_scale - GAMMA_LOG_P_FLOOR) / shape
    start = max(lowest, GAMMA_LOG_X_SMALL)
    log_x = np.linspace(start, log(shape + 40.0 + 10.0 * sqrt(shape)), GAMMA_TABLE_POINTS)
    density = np.exp(shape * log_x - np.exp(log_x) - lgamma(shape))
    step = np.diff(log_x) * 0.5 * (density[1:] + density[:-1])
    below = np.concatenate(([exp(shape * start - log_scale)], step)).cumsum()
    above = np.concatenate((step, [density[-1]]))[::-1].cumsum()[::-1]
    small_log_x = np.linspace(lowest, start, GAMMA_TABLE_POINTS)[:-1]
    small_log_p = shape * small_log_x - log_scale
    small_log_odds = small_log_p - np.log(-np.expm1(small_log_p))
    log_odds = np.concatenate((small_log_odds, np.log(below) - np.log(above)))
    return log_odds, np.concatenate((small_log_x, log_x))
