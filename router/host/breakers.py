"""Circuit breakers: closed, open, half open to a few probes, closed again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from math import inf, nan
from typing import TYPE_CHECKING

from router.host.failures import failure_class
from router.host.health import TargetHealth

if TYPE_CHECKING:
    from router.host.resilience import BreakerRules


class BreakerState(Enum):
    """Full traffic, none, or a few probes."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class _Breaker:
    """One target's breaker: what ended lately, since when it is open, which probes are under way."""

    ended_s: deque[float] = field(default_factory=deque)
    row_s: deque[float] = field(default_factory=deque)
    is_closed: bool = True
    half_open_s: float = -inf
    probes_s: deque[float] = field(default_factory=deque)
    success_count: int = 0

    def open(self, until_s: float) -> None:
        """Lets nothing through until the instant; then probes."""
        self.is_closed, self.half_open_s, self.success_count = False, until_s, 0
        self.probes_s.clear()

    def close(self) -> None:
        """Lets everything through, and forgets what has been."""
        self.is_closed, self.half_open_s = True, -inf
        for kept in (self.ended_s, self.row_s, self.probes_s):
            kept.clear()


class CircuitBreakers(TargetHealth):
    """A breaker per target, as `BreakerRules` says.

    A failure is a status that is tried again (408, 409, 429, from 500 on), a connection error too: a
    target that refuses a request as wrong has answered. While a breaker is half open the answers of
    attempts from before do not count as probes; a failure of one opens it again all the same.

    Sources: SGLang's router 0.3.2 (cb-failure-threshold 10, cb-success-threshold 3, in a row, statuses
    that it retries) and Portkey's gateway (minimum_requests); the number of probes is Wayfare's.
    """

    def __init__(self, count: int, rules: BreakerRules) -> None:
        """All are closed."""
        super().__init__()
        self._rules = rules
        self._breakers = [_Breaker() for _ in range(count)]
        self._away_count = 0

    def state(self, index: int, now_s: float) -> BreakerState:
        """The state of a target's breaker."""
        breaker = self._breakers[index]
        if breaker.is_closed:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now_s < breaker.half_open_s else BreakerState.HALF_OPEN

    def is_cooling(self, index: int, now_s: float) -> bool:
        """Whether the target gets no traffic now: it is open, or its probes are all under way."""
        state = self.state(index, now_s)
        if state is not BreakerState.HALF_OPEN:
            return state is BreakerState.OPEN
        return len(self._probes_s(index, now_s)) >= self._rules.probes

    def began(self, index: int, now_s: float) -> None:
        """An attempt at a target that is half open is a probe."""
        if self.state(index, now_s) is BreakerState.HALF_OPEN:
            self._breakers[index].probes_s.append(now_s)

    def succeeded(self, index: int, now_s: float, started_s: float = inf) -> None:
        """Counts an answer: it ends a row of failures, or is one of those that close the breaker."""
        breaker = self._breakers[index]
        if breaker.is_closed:
            self._note_end(breaker, now_s)
            breaker.row_s.clear()
        elif now_s >= breaker.half_open_s and started_s >= breaker.half_open_s:
            self._probe_answered(index, now_s)

    def failed(self, index: int, now_s: float, reason: str, retry_after_s: float = nan) -> None:  # noqa: ARG002  (a `TargetHealth`)
        """Counts a failure: it may open the breaker, and opens a half-open one again."""
        if not failure_class(reason).retried:
            self.succeeded(index, now_s, now_s)
            return
        breaker = self._breakers[index]
        if breaker.is_closed:
            self._note_end(breaker, now_s)
            breaker.row_s.append(now_s)
            if self._trips(breaker):
                self._away_count += 1
                self._open(index, now_s)
        elif now_s >= breaker.half_open_s:
            self._open(index, now_s)

    def _note_end(self, breaker: _Breaker, now_s: float) -> None:
        """Counts an end of an attempt within the window, and drops what has left it."""
        breaker.ended_s.append(now_s)
        for kept in (breaker.ended_s, breaker.row_s):
            while kept and now_s - kept[0] > self._rules.window_s:
                kept.popleft()

    def _trips(self, breaker: _Breaker) -> bool:
        """Whether enough failures followed one another among enough attempts."""
        enough = len(breaker.ended_s) >= self._rules.minimum_requests
        return enough and len(breaker.row_s) >= self._rules.failure_threshold

    def _open(self, index: int, now_s: float) -> None:
        """Sends a target away; from now on every choice must ask."""
        self._breakers[index].open(now_s + self._rules.timeout_s)
        self.cooling_until_s = inf
        self.trips.leave(index, now_s)

    def _probe_answered(self, index: int, now_s: float) -> None:
        """A probe's place is free again; with enough answers the breaker closes."""
        breaker = self._breakers[index]
        if breaker.probes_s:
            breaker.probes_s.popleft()
        breaker.success_count += 1
        if breaker.success_count >= self._rules.success_threshold:
            breaker.close()
            self.trips.come_back(index, now_s)
            self._away_count -= 1
            self.cooling_until_s = inf if self._away_count else -inf

    def _probes_s(self, index: int, now_s: float) -> deque[float]:
        """Begins of the probes under way; one that was given up is forgotten after the timeout."""
        probes_s = self._breakers[index].probes_s
        while probes_s and now_s - probes_s[0] >= self._rules.timeout_s:
            probes_s.popleft()
        return probes_s
