"""Which targets the router leaves alone for a while, after failures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf, nan
from typing import TYPE_CHECKING

from router.host.trips import TripLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.views.fleet import Target


def model_groups(targets: Sequence[Target]) -> tuple[tuple[int, ...], ...]:
    """For each target the indexes of all targets with the same model, itself included, ascending.

    This is what a gateway calls a model group: retries stay within it.
    """
    members: dict[str, list[int]] = {}
    for target in targets:
        members.setdefault(target.model, []).append(target.index)
    return tuple(tuple(members[target.model]) for target in targets)


class TargetHealth(ABC):
    """What keeps failing targets out of traffic: cooldowns, or circuit breakers.

    Attributes:
        trips: when targets were sent away, and when they came back.
        cooling_until_s: until when some target may be away; before it every choice must ask.
    """

    def __init__(self) -> None:
        """All targets start healthy."""
        self.trips = TripLog()
        self.cooling_until_s = -inf

    @abstractmethod
    def is_cooling(self, index: int, now_s: float) -> bool:
        """Whether the target gets no traffic at this instant."""

    @abstractmethod
    def succeeded(self, index: int, now_s: float, started_s: float = inf) -> None:
        """Counts a completed attempt that began at `started_s`."""

    @abstractmethod
    def failed(self, index: int, now_s: float, reason: str, retry_after_s: float = nan) -> None:
        """Counts a failed attempt, with the provider's hint, nan for none."""

    def began(self, index: int, now_s: float) -> None:  # noqa: B027  (a hook: most rules have no use for it)
        """Hears that an attempt at the target begins."""

    def healthy(self, indexes: Sequence[int], now_s: float) -> tuple[int, ...]:
        """Those of the indexes that get traffic at this instant, in the same order."""
        if now_s >= self.cooling_until_s:
            return tuple(indexes)
        return tuple(index for index in indexes if not self.is_cooling(index, now_s))
