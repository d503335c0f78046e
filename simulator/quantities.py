"""Quantities as scenarios write them: durations, rates, instants, and spreads of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003  (pydantic reads annotations)
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from catalogs.units import duration_s, instant, pace_ratio, rate_per_s
from simulator.distributions import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    LogNormal,
    Mixture,
    Uniform,
)

NUMBER_OR_TEXT = {"type": ["number", "string"]}


def quantity(parse: Callable[[object], float], about: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """What makes a pydantic type of a parser of texts with units."""
    return BeforeValidator(parse), WithJsonSchema({**NUMBER_OR_TEXT, "description": about})


Duration = Annotated[float, Field(ge=0), *quantity(duration_s, "seconds, or e.g. 250ms, 30s, 24h")]
Span = Annotated[float, Field(gt=0), *quantity(duration_s, "seconds above 0, or e.g. 30s, 24h")]
Rate = Annotated[float, Field(gt=0), *quantity(rate_per_s, "per second, or e.g. 12/s, 90/min, 1e6/d")]
Pace = Annotated[float, Field(gt=0), *quantity(pace_ratio, "simulated seconds per second, or e.g. 60x")]
Instant = Annotated[
    datetime,
    BeforeValidator(instant),
    WithJsonSchema({"type": "string", "description": "ISO 8601 date, or date and time"}),
]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]

Q = TypeVar("Q", bound=float)


class Part(BaseModel):
    """Any part of a scenario: immutable, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Spread(Part, Generic[Q]):
    """A distribution of positive numbers, stated in exactly one way; a bare number is `fixed`.

    `median` and `p95` are lognormal, `mean` and `cv` Gamma, `quantiles` map probabilities from 0
    to 1 to values, `values` are equally likely, `mixture` weighs other spreads.
    """

    fixed: Q | None = None
    median: Q | None = None
    p95: Q | None = None
    mean: Q | None = None
    cv: Positive | None = None
    exponential: Q | None = None
    uniform: tuple[Q, Q] | None = None
    quantiles: dict[Ratio, Q] | None = None
    values: Annotated[tuple[Q, ...], Field(min_length=1)] | None = None
    mixture: Annotated[tuple[Weighted[Q], ...], Field(min_length=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, value: object) -> object:
        """A bare number or text is a fixed value."""
        return {"fixed": value} if isinstance(value, int | float | str) else value

    @model_validator(mode="after")
    def _one_way(self) -> Spread[Q]:
        """Exactly one way of saying it, and a possible one."""
        given = self.model_fields_set - {"weight"}
        if frozenset(given) not in WAYS:
            ways = "; ".join(" and ".join(sorted(way)) for way in WAYS)
            message = f"give exactly one of: {ways}"
            raise ValueError(message)
        problem = self._problem()
        if problem:
            raise ValueError(problem)
        return self

    def _problem(self) -> str:
        """What is impossible about the numbers, if anything."""
        if self.median is not None and self.p95 is not None and self.p95 < self.median:
            return f"p95 {self.p95!r} lies below the median {self.median!r}"
        if self.uniform is not None and self.uniform[1] < self.uniform[0]:
            return f"uniform {self.uniform!r} falls"
        points = sorted((self.quantiles or {}).items())
        if points and (points[0][0] != 0 or points[-1][0] != 1):
            return "quantiles must give the values at 0 and at 1"
        rising = all(a[1] <= b[1] for a, b in pairwise(points))
        return "" if rising else "quantiles must not fall"

    def distribution(self) -> Distribution:
        """The distribution this spread stands for."""
        if self.fixed is not None:
            return Fixed(self.fixed)
        if self.median is not None and self.p95 is not None:
            return LogNormal.from_p95(self.median, self.p95)
        if self.mean is not None and self.cv is not None:
            return Gamma(self.mean, self.cv)
        if self.exponential is not None:
            return Exponential(self.exponential)
        if self.uniform is not None:
            return Uniform(*self.uniform)
        return self._tabled()

    def _tabled(self) -> Distribution:
        """The distribution of quantiles, values or a mixture."""
        if self.quantiles is not None:
            return empirical(self.quantiles)
        if self.values is not None:
            count = len(self.values)
            parts: tuple[Distribution, ...] = tuple(Fixed(value) for value in self.values)
            return Mixture((1.0 / count,) * count, parts)
        entries = self.mixture or ()
        total = sum(entry.weight for entry in entries)
        weights = tuple(entry.weight / total for entry in entries)
        return Mixture(weights, tuple(entry.distribution() for entry in entries))


class Weighted(Spread[Q], Generic[Q]):
    """A spread within a mixture."""

    weight: Positive = 1.0


WAYS = (
    frozenset({"fixed"}),
    frozenset({"median", "p95"}),
    frozenset({"mean", "cv"}),
    frozenset({"exponential"}),
    frozenset({"uniform"}),
    frozenset({"quantiles"}),
    frozenset({"values"}),
    frozenset({"mixture"}),
)

Tokens = Spread[Positive]
Seconds = Spread[Duration]


def empirical(quantiles: Mapping[float, float]) -> Empirical:
    """The distribution through points of its quantile function."""
    points = sorted(quantiles.items())
    return Empirical(tuple(p for p, _ in points), tuple(value for _, value in points))
