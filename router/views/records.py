"""What a policy remembers of each target: found by index when it decides, by name when an outcome comes."""

from __future__ import annotations

from collections import deque
from math import ceil, isfinite, nan
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from router.views.fleet import FleetView, Target

R = TypeVar("R")


class TargetRecords(Generic[R]):
    """One record for each target; records outlive a change of the fleet by their targets' names."""

    def __init__(self, make: Callable[[Target], R]) -> None:
        """`make` gives the record of a target that is seen for the first time."""
        self._make = make
        self._targets: tuple[Target, ...] = ()
        self._records: list[R] = []
        self._by_name: dict[str, R] = {}

    def of(self, fleet: FleetView) -> list[R]:
        """The records of a fleet's targets by index; not to be changed."""
        if fleet.targets is not self._targets:
            for target in fleet.targets:
                if target.name not in self._by_name:
                    self._by_name[target.name] = self._make(target)
            self._targets = fleet.targets
            self._records = [self._by_name[target.name] for target in fleet.targets]
        return self._records

    def named(self, name: str) -> R | None:
        """The record of a target by name; `None` of one that was never seen."""
        return self._by_name.get(name)

    def all(self) -> tuple[R, ...]:
        """Every record there is."""
        return tuple(self._by_name.values())


class LatestValues:
    """The latest values of one quantity, at most so many; what is not finite is left out."""

    __slots__ = ("_values", "mean")

    def __init__(self, most: int) -> None:
        """None yet; `mean` is `nan` until there is one."""
        self._values: deque[float] = deque(maxlen=most)
        self.mean = nan

    def add(self, value: float) -> None:
        """Takes a value in, and lets go of the oldest where there are too many."""
        if isfinite(value):
            self._values.append(value)
            self.mean = sum(self._values) / len(self._values)

    def percentile(self, percent: float) -> float:
        """The least value that `percent` (above 0 up to 100) of them do not exceed; `nan` of none."""
        if not self._values:
            return nan
        return sorted(self._values)[ceil(percent / 100.0 * len(self._values)) - 1]


def any_of(indexes: Sequence[int], rng: np.random.Generator) -> int:
    """One of the indexes, all equally likely; nothing is drawn where there is one only."""
    return indexes[0] if len(indexes) == 1 else indexes[int(rng.random() * len(indexes))]


def shared_limit(
    target: Target, limits: Mapping[str, float] | None, own: float | None, siblings: int
) -> float | None:
    """A target's limit: stated by its name, else its part of its deployment's, else its own."""
    if limits is not None and target.name in limits:
        return limits[target.name]
    if limits is not None and target.deployment in limits:
        return limits[target.deployment] / siblings
    return own
