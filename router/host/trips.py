"""When targets were sent away, and when they came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf


@dataclass(slots=True, kw_only=True)
class Trip:
    """A target's stay out of traffic, from `at_s` to `until_s`; infinite while nobody knows."""

    target: int
    at_s: float
    until_s: float = inf


@dataclass(slots=True)
class TripLog:
    """All stays out of traffic, in the order in which they began."""

    trips: list[Trip] = field(default_factory=list)
    _latest: dict[int, Trip] = field(default_factory=dict)

    def leave(self, target: int, at_s: float, until_s: float = inf) -> None:
        """A target is sent away; where it is away already, its stay gets the new end."""
        latest = self._latest.get(target)
        if latest is not None and at_s < latest.until_s:
            latest.until_s = until_s
            return
        self._latest[target] = trip = Trip(target=target, at_s=at_s, until_s=until_s)
        self.trips.append(trip)

    def come_back(self, target: int, at_s: float) -> None:
        """A target that was away takes full traffic again."""
        self._latest[target].until_s = at_s
