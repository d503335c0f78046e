"""Which targets the router leaves alone for a while, after failures."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from router.host.failures import failure_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.host.resilience import Resilience
    from router.views.fleet import Target

WINDOW_S = 60.0  # failures are shared out over the current minute


def model_groups(targets: Sequence[Target]) -> tuple[tuple[int, ...], ...]:
    """For each target the indexes of all targets with the same model, itself included, ascending.

    This is what a gateway calls a model group: retries stay within it.
    """
    members: dict[str, list[int]] = {}
    for target in targets:
        members.setdefault(target.model, []).append(target.index)
    return tuple(tuple(members[target.model]) for target in targets)


@dataclass(slots=True)
class _Record:
    """What is remembered of one target: this minute's outcomes, recent failures, its cooldown."""

    window: int = -1
    success_count: int = 0
    failure_count: int = 0
    streak_count: int = 0
    last_failure_s: float = -inf
    cooling_until_s: float = -inf

    def turn_to(self, now_s: float) -> None:
        """Starts counting again when the minute has changed."""
        window = int(now_s // WINDOW_S)
        if window != self.window:
            self.window, self.success_count, self.failure_count = window, 0, 0


class TargetHealth:
    """Cooldown with a time to live per target, and no half-open state: full traffic returns."""

    def __init__(self, targets: Sequence[Target], resilience: Resilience) -> None:
        """All targets start healthy."""
        self.groups = model_groups(targets)
        self.cooling_until_s = -inf
        self._resilience = resilience
        self._records = [_Record() for _ in targets]

    def is_cooling(self, index: int, now_s: float) -> bool:
        """Whether the target gets no traffic at this instant."""
        return now_s < self._records[index].cooling_until_s

    def healthy(self, indexes: Sequence[int], now_s: float) -> tuple[int, ...]:
        """Those of the indexes that are not cooling down, in the same order."""
        if now_s >= self.cooling_until_s:
            return tuple(indexes)
        return tuple(index for index in indexes if not self.is_cooling(index, now_s))

    def succeeded(self, index: int, now_s: float) -> None:
        """Counts a completed attempt."""
        record = self._records[index]
        record.turn_to(now_s)
        record.success_count += 1

    def failed(self, index: int, now_s: float, reason: str) -> None:
        """Counts a failed attempt, and cools the target down when a rule trips."""
        if self._resilience.cooldown_s <= 0.0:
            return
        self._count(self._records[index], now_s, reason)
        if self._trips(index, reason):
            self._cool(self._records[index], now_s)

    def _count(self, record: _Record, now_s: float, reason: str) -> None:
        """Adds a failure to the minute and to the streak, unless its kind does not count."""
        record.turn_to(now_s)
        if not failure_class(reason).counted:
            return
        record.failure_count += 1
        fresh = now_s - record.last_failure_s >= self._resilience.cooldown_s
        record.streak_count = 1 if fresh else record.streak_count + 1
        record.last_failure_s = now_s

    def _trips(self, index: int, reason: str) -> bool:
        """Whether this failure, already counted, sends the target into cooldown."""
        kind = failure_class(reason)
        if not kind.counted:
            return False
        if self._resilience.allowed_fails is not None:
            return self._records[index].streak_count > self._resilience.allowed_fails
        alone = len(self.groups[index]) == 1
        at_once = kind.cools_at_once or (kind.cools_group_at_once and not alone)
        return at_once or self._share_trips(self._records[index], alone=alone)

    def _share_trips(self, record: _Record, *, alone: bool) -> bool:
        """Whether too large a share of this minute's attempts failed."""
        total = record.failure_count + record.success_count
        if alone:
            return record.success_count == 0 and total >= self._resilience.lone_failure_count
        enough = total >= self._resilience.failure_min_count
        return enough and record.failure_count > self._resilience.failure_ratio * total

    def _cool(self, record: _Record, now_s: float) -> None:
        """Takes the target out of traffic from now on for the cooldown's length."""
        record.cooling_until_s = now_s + self._resilience.cooldown_s
        record.streak_count = 0
        self.cooling_until_s = max(self.cooling_until_s, record.cooling_until_s)
