"""What a policy is put together from: the promises of filters, scorers and pickers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from router.parameters import check, parameter

if TYPE_CHECKING:
    from router.views.fleet import FleetView
    from router.views.request import RequestView

Scores: TypeAlias = Sequence[float] | NDArray[np.float64]
"""A number for each candidate, in their order."""
WhenEmpty = Literal["skip", "reject"]


class Filter(Protocol):
    """Takes candidates out by a rule of the policy's own (hard constraints are the host's).

    Its attribute `when_empty`, where it has one that is not `None`, goes before the pipeline's.
    """

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> Sequence[int]:
        """Those of the candidates that stay, in the same order; may be none. Leaves the views alone."""
        ...


class Scorer(Protocol):
    """Says how good each candidate is under one aspect.

    Its attribute `weight`, where it has one, is what the score counts for, else 1; a negative one makes the
    worst the best.
    """

    def scores(
        self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...], rng: np.random.Generator
    ) -> Scores:
        """A score for each candidate, 0 (worst) to 1 (best). What is not finite counts as 0."""
        ...


class Picker(Protocol):
    """Chooses among scored candidates."""

    def pick(
        self, fleet: FleetView, candidates: tuple[int, ...], scores: Scores, rng: np.random.Generator
    ) -> int:
        """One of the candidates, of which there are at least two; its class says how ties go."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A part that also hears where the pipeline sent a request."""

    def sent(self, request: RequestView, fleet: FleetView, index: int) -> None:
        """Takes note of the target."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPart:
    """What every filter of a declaration takes."""

    when_empty: WhenEmpty | None = parameter(
        None, "what follows where this filter would leave none: skip or reject; the pipeline's where omitted"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerPart:
    """What every scorer of a declaration takes."""

    weight: float = parameter(1.0, "what the score counts for; a negative one makes the worst the best")

    def __post_init__(self) -> None:
        """Holds only a finite weight."""
        check(None if isfinite(self.weight) else ("weight", f"{self.weight!r} is not a finite number"))
