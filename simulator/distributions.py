"""Distributions of lengths and times: means, and draws from a generator."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, floor, log
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Draw = Callable[["Distribution", np.random.Generator, int], NDArray[np.float64]]

P95_Z = 1.6448536269514722  # standard normal quantile at 0.95


class Distribution(Protocol):
    """A distribution of non-negative numbers (tokens, seconds, turns)."""

    @property
    def mean(self) -> float:
        """Expected value."""
        ...

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """`count` independent draws."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same value."""

    value: float

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:  # noqa: ARG002  (a constant draws nothing)
        """The value `count` times."""
        return np.full(count, self.value)


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


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless, with the given mean."""

    mean: float

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Exponential draws."""
        return rng.exponential(self.mean, count)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """exp(N(ln median, sigma))."""

    median: float
    sigma: float

    @classmethod
    def from_p95(cls, median: float, p95: float) -> LogNormal:
        """From the median and the 95th percentile (p95 >= median)."""
        return cls(median, log(p95 / median) / P95_Z)

    @property
    def mean(self) -> float:
        """Median exp(sigma^2 / 2)."""
        return self.median * exp(0.5 * self.sigma * self.sigma)

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Lognormal draws."""
        return rng.lognormal(log(self.median), self.sigma, count)


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
        return self.picked(rng, count, lambda part, own_rng, own_count: part.sample(own_rng, own_count))

    def picked(self, rng: np.random.Generator, count: int, draw: Draw) -> NDArray[np.float64]:
        """Draws likewise, of components by a function of (component, generator, count)."""
        chosen = rng.choice(len(self.weights), size=count, p=self.weights)
        draws = np.stack([draw(part, rng, count) for part in self.components])
        return np.asarray(draws[chosen, np.arange(count)])


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
        return self.at(rng.random(count))

    def at(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """The quantiles at these probabilities."""
        return np.interp(probability, self.probabilities, self.values)


def whole_draws(distribution: Distribution, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """`count` independent whole numbers: of things that are counted, tokens and turns.

    Evenly spread: every whole number between the bounds is equally likely. Memoryless: geometric from
    1 on, with the mean asked for (1 where less was). Everything else: the nearest to a draw.
    """
    if isinstance(distribution, Uniform) and ceil(distribution.low) <= floor(distribution.high):
        low, high = ceil(distribution.low), floor(distribution.high)
        return rng.integers(low, high, count, endpoint=True).astype(np.float64)
    if isinstance(distribution, Exponential):
        return rng.geometric(1.0 / max(distribution.mean, 1.0), count).astype(np.float64)
    if isinstance(distribution, Mixture):
        return distribution.picked(rng, count, whole_draws)
    return np.rint(distribution.sample(rng, count))
