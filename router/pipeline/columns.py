"""What is known of candidates, as columns: facts worked out once, loads as they stand, scores summed.

Few candidates are kept in lists, many in arrays: an operation on an array costs about a microsecond however
short it is, one on a list some forty nanoseconds an entry (`bench/decisions.py`).
"""

from __future__ import annotations

from dataclasses import field
from math import inf, isfinite
from operator import itemgetter
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from router.pipeline.part import Scores
    from router.views.fleet import FleetView, Target

CACHE_LIMIT = 4096  # sets of candidates are few; a bound keeps an odd fleet from growing the cache
MANY = 100
"""From so many candidates on, arrays beat lists."""

USUAL = 3  # scorers: success, cost, load

T = TypeVar("T")
H = TypeVar("H", bound="Hashable")
if TYPE_CHECKING:
    Making: TypeAlias = Callable[[FleetView, tuple[int, ...], str, str], T]


class CandidateCache(Generic[T]):
    """What is worked out once for each set of candidates, task and stream of traffic."""

    __slots__ = ("_candidates", "_known", "_latest", "_make", "_stream", "_targets", "_task")

    def __init__(self, make: Making[T]) -> None:
        """`make` works it out from the fleet's facts, never its loads, the candidates, task and stream."""
        self._make = make
        self._targets: tuple[Target, ...] = ()
        self._known: dict[tuple[tuple[int, ...], str, str], T] = {}
        self._candidates: tuple[int, ...] | None = None
        self._task = self._stream = ""
        self._latest: T

    def of(self, fleet: FleetView, candidates: tuple[int, ...], task: str = "", stream: str = "") -> T:
        """What is known of these candidates."""
        if (
            candidates is not self._candidates
            or fleet.targets is not self._targets
            or task != self._task
            or stream != self._stream
        ):
            self._latest = self._found(fleet, candidates, task, stream)
            self._candidates, self._task, self._stream = candidates, task, stream
        return self._latest

    def _found(self, fleet: FleetView, candidates: tuple[int, ...], task: str, stream: str) -> T:
        """The entry of the table, made where it is missing."""
        if fleet.targets is not self._targets or len(self._known) > CACHE_LIMIT:
            self._targets, self._known = fleet.targets, {}
        key = (candidates, task, stream)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._make(fleet, candidates, task, stream)
        return found


def cached(make: Making[T]) -> CandidateCache[T]:
    """A part's field that is no parameter: a cache of its own."""
    made: CandidateCache[T] = field(
        init=False, repr=False, compare=False, default_factory=lambda: CandidateCache(make)
    )
    return made


class Spread(Generic[H]):
    """Distinct facts, and which of them each candidate has: what candidates share is worked out once."""

    __slots__ = ("_numbers", "_take", "facts")

    def __init__(self, facts: Sequence[H]) -> None:
        """The fact of each candidate, in their order."""
        number_of: dict[H, int] = {}
        numbers = [number_of.setdefault(fact, len(number_of)) for fact in facts]
        self.facts: tuple[H, ...] = tuple(number_of)
        self._numbers = np.array(numbers) if len(numbers) >= MANY else None
        self._take = itemgetter(*numbers) if len(self.facts) < len(numbers) else None

    def over(self, values: Sequence[float]) -> Scores:
        """Values of the distinct facts as a column of the candidates."""
        if self._numbers is not None:
            return np.array(values)[self._numbers]
        if self._take is None:
            return values
        spread: tuple[float, ...] = self._take(values)
        return spread


class LoadColumns:
    """Reads the candidates' entries out of a load column of the fleet."""

    __slots__ = ("_count", "_indexes", "_many", "_replicas", "_shared")

    def __init__(self, fleet: FleetView, candidates: tuple[int, ...], _task: str, _stream: str) -> None:
        """Of these candidates."""
        self._count = len(candidates)
        self._indexes = np.array(candidates)
        self._many = len(candidates) >= MANY
        self._replicas = [fleet.targets[index].replica_count for index in candidates]
        self._shared = any(count != 1 for count in self._replicas)

    def of(self, column: NDArray[np.int64] | NDArray[np.float64]) -> Scores:
        """The candidates' entries; not to be written to."""
        own = column if len(column) == self._count else column[self._indexes]
        if self._many:
            return cast("NDArray[np.float64]", own)
        entries: list[float] = own.tolist()
        return entries

    def per_replica(self, column: NDArray[np.int64]) -> Scores:
        """The candidates' entries, each divided by the replicas that share it."""
        own = self.of(column)
        if not self._shared:
            return own
        if isinstance(own, np.ndarray):
            return own / self._replicas
        return [load / count for load, count in zip(own, self._replicas, strict=True)]


def lower_is_better(values: Scores) -> Scores:
    """Values stretched so that the least scores 1 and the greatest 0; all 1 when all are equal.

    (greatest - value) / (greatest - least), as llm-d's queue scorer has it. Infinite ones (of unknown cost)
    score 0 beside any finite one.
    """
    if isinstance(values, np.ndarray):
        least, greatest = values.min(), values.max()
        return (greatest - values) / (greatest - least) if greatest > least else np.ones(len(values))
    least, greatest = min(values), max(values)
    if not greatest > least:
        return [1.0] * len(values)
    if greatest == inf:
        known = iter(lower_is_better([value for value in values if value != inf]))
        return [0.0 if value == inf else next(known) for value in values]
    width = greatest - least
    return [(greatest - value) / width for value in values]


def weighted_sum(weights: Sequence[float], columns: Sequence[Scores], count: int) -> Scores:
    """The sum of all scores times their weights, by candidate; a score that is not finite counts as 0."""
    if count >= MANY:
        return _sum_of_many(weights, columns, count)
    total = _sum_of_few(weights, columns) if columns else [0.0] * count
    if isfinite(sum(total)):
        return total
    return _sum_of_few(weights, [[one if isfinite(one) else 0.0 for one in column] for column in columns])


def _sum_of_few(weights: Sequence[float], columns: Sequence[Scores]) -> list[float]:
    """The sum of at least one column; the usual three at once, as one loop for each takes twice as long."""
    if len(columns) == USUAL:
        (first, second, third), (ones, twos, threes) = weights, columns
        rows = zip(ones, twos, threes, strict=True)
        return [first * one + second * two + third * three for one, two, three in rows]
    total = [weights[0] * score for score in columns[0]]
    for weight, column in zip(weights[1:], columns[1:], strict=True):
        total = [before + weight * score for before, score in zip(total, column, strict=True)]
    return total


def _sum_of_many(weights: Sequence[float], columns: Sequence[Scores], count: int) -> NDArray[np.float64]:
    """The same, as an array."""
    total = np.zeros(count)
    for weight, column in zip(weights, columns, strict=True):
        known = np.asarray(column, dtype=np.float64).reshape(count)
        finite = np.isfinite(known)
        total += weight * (known if finite.all() else np.where(finite, known, 0.0))
    return total


def listed(values: Scores) -> Sequence[float]:
    """The column as a list or tuple."""
    if isinstance(values, np.ndarray):
        plain: list[float] = values.tolist()
        return plain
    return values
