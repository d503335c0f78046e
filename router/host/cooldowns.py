"""LiteLLM's cooldown: which failures send a target away, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import TYPE_CHECKING

from router.host.failures import failure_class
from router.host.health import TargetHealth, model_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.host.failures import FailureClass
    from router.host.resilience import Resilience
    from router.views.fleet import Target

WINDOW_S = 60.0  # failures are shared out over the current minute
RATE_LIMIT = 429


@dataclass(slots=True)
class _Record:
    """What is remembered of one target: this minute's outcomes, its counter of failures, its cooldown."""

    window: int = -1
    success_count: int = 0
    failure_count: int = 0
    fail_count: int = 0
    counter_ends_s: float = -inf
    cooling_until_s: float = -inf

    def turn_to(self, now_s: float) -> None:
        """Starts counting again when the minute has changed."""
        window = int(now_s // WINDOW_S)
        if window != self.window:
            self.window, self.success_count, self.failure_count = window, 0, 0

    def count(self, now_s: float, lifetime_s: float) -> None:
        """Adds a failure to the counter, which begins anew once its lifetime is over."""
        if now_s >= self.counter_ends_s:
            self.fail_count, self.counter_ends_s = 0, now_s + lifetime_s
        self.fail_count += 1


class Cooldowns(TargetHealth):
    """Cooldown with a time to live per target, and no half-open state: full traffic returns.

    Source: LiteLLM 1.109.1, router_utils/cooldown_handlers.py; docs/methodology/routing.md has the rules.
    """

    def __init__(self, targets: Sequence[Target], resilience: Resilience) -> None:
        """All targets start healthy."""
        super().__init__()
        self._resilience = resilience
        self._records = [_Record() for _ in targets]
        self._alone = [len(group) == 1 for group in model_groups(targets)]
        self._has_fallbacks = [
            bool(resilience.fallbacks_of((target.name, target.deployment))) for target in targets
        ]

    def is_cooling(self, index: int, now_s: float) -> bool:
        """Whether the target gets no traffic at this instant."""
        return now_s < self._records[index].cooling_until_s

    def succeeded(self, index: int, now_s: float, started_s: float = inf) -> None:  # noqa: ARG002  (a `TargetHealth`)
        """Counts a completed attempt."""
        record = self._records[index]
        record.turn_to(now_s)
        record.success_count += 1

    def failed(self, index: int, now_s: float, reason: str, retry_after_s: float = nan) -> None:
        """Counts a failed attempt, and cools the target down when a rule trips."""
        cooldown_s = self._cooldown_s(retry_after_s)
        if not self._resilience.cools_down() or cooldown_s <= 0.0:
            return
        record, failure = self._records[index], failure_class(reason)
        record.turn_to(now_s)
        record.failure_count += 1
        if failure.cools and self._trips(index, now_s, failure):
            self._cool(index, now_s, cooldown_s)

    def _cooldown_s(self, retry_after_s: float) -> float:
        """How long a target that trips now is left alone."""
        if self._resilience.cooldown_by_hint and isfinite(retry_after_s) and retry_after_s >= 0.0:
            return retry_after_s
        return self._resilience.cooldown_s

    def _trips(self, index: int, now_s: float, failure: FailureClass) -> bool:
        """Whether this failure, already counted, sends the target into cooldown."""
        if self._resilience.counts_fails():
            return self._counter_trips(index, now_s, failure)
        if failure.cools_at_once or (failure.status == RATE_LIMIT and not self._alone[index]):
            return True
        return self._share_trips(self._records[index], alone=self._alone[index])

    def _counter_trips(self, index: int, now_s: float, failure: FailureClass) -> bool:
        """Whether the target has failed more often than it may; a lone one that nobody stands in for may."""
        by_class = failure.kind in self._resilience.allowed_fails_by_class
        if self._alone[index] and not self._has_fallbacks[index] and not by_class:
            return False
        record = self._records[index]
        record.count(now_s, self._resilience.cooldown_s)
        return record.fail_count > self._resilience.allowed_fails_of(failure.kind)

    def _share_trips(self, record: _Record, *, alone: bool) -> bool:
        """Whether too large a share of this minute's attempts failed."""
        total = record.failure_count + record.success_count
        if record.success_count == 0 and total >= self._resilience.lone_failure_count:
            return True
        enough = total >= self._resilience.failure_min_count and not alone
        return enough and record.failure_count > self._resilience.failure_ratio * total

    def _cool(self, index: int, now_s: float, cooldown_s: float) -> None:
        """Takes the target out of traffic from now on for the cooldown's length."""
        record = self._records[index]
        record.cooling_until_s = until_s = now_s + cooldown_s
        self.trips.leave(index, now_s, until_s)
        self.cooling_until_s = max(self.cooling_until_s, until_s)
