"""Servers first come, first served, by priority: the plainest queue there is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.kernel.codes import Ending, Reason

if TYPE_CHECKING:
    from oracle.attempt import Attempt
    from oracle.stepwise import Schedule
    from simulator.kernel import ServersSpec


class ServerLine:
    """`servers` single streams behind one line; every attempt brings its own service time."""

    def __init__(self, spec: ServersSpec, schedule: Schedule) -> None:
        """Idle servers; `schedule(at_s, action)` calls back at the end of a service."""
        self.spec = spec
        self.schedule = schedule
        self.factor = 1.0
        self.up = True
        self.draining = False
        self.waiting: list[Attempt] = []
        self.serving: list[Attempt] = []
        self.busy_s = 0.0
        self.energy_j = 0.0
        self.step_count = 0
        self.preemption_count = 0

    def arrive(self, now_s: float, attempt: Attempt) -> None:
        """Refuses an attempt, serves it at once, or lets it wait."""
        reason = self.refusal()
        if reason:
            attempt.end(now_s, Ending.FAILED, reason)
            return
        self.waiting.append(attempt)
        self.waiting.sort(key=lambda waiting: waiting.priority)
        self.serve(now_s)

    def refusal(self) -> int:
        """Why nobody may stand here now, or 0."""
        if not self.up:
            return Reason.OUTAGE
        limit = self.spec.queue_limit
        if limit < 0 or len(self.waiting) + len(self.serving) < self.spec.servers + limit:
            return 0
        return Reason.QUEUE_FULL if limit else Reason.OVERLOADED

    def serve(self, now_s: float) -> None:
        """Gives free servers to the first in line."""
        while (self.up or self.draining) and self.waiting and len(self.serving) < self.spec.servers:
            attempt = self.waiting.pop(0)
            attempt.admitted_s = now_s
            attempt.first_delay_s *= self.factor
            attempt.duration_s *= self.factor
            self.serving.append(attempt)
            self.schedule_end(attempt)

    def schedule_end(self, attempt: Attempt) -> None:
        """Ends the service when its time is over, unless it ended before."""

        def finish(now_s: float) -> None:
            if attempt in self.serving:
                self.stop(now_s, attempt, Ending.COMPLETED)

        self.schedule(attempt.admitted_s + attempt.duration_s, finish)

    def stop(self, now_s: float, attempt: Attempt, ending: Ending, reason: int = 0) -> None:
        """Ends a service, charges the server's time and serves the next."""
        seconds = now_s - attempt.admitted_s
        done = ending == Ending.COMPLETED
        attempt.generated = attempt.output if done else tokens_made(attempt, seconds)
        attempt.prefilled = attempt.prompt
        if attempt.generated:
            attempt.first_s = attempt.admitted_s + attempt.first_delay_s
        attempt.pay(seconds, seconds * self.spec.power_w)
        self.busy_s += seconds
        self.energy_j += seconds * self.spec.power_w
        self.serving.remove(attempt)
        attempt.end(now_s, ending, reason)
        self.serve(now_s)

    def cancel(self, now_s: float, attempt: Attempt) -> None:
        """Takes an attempt out of the line or off its server at once."""
        attempt.given_up = True
        if attempt in self.waiting:
            self.waiting.remove(attempt)
            attempt.end(now_s, Ending.CANCELLED)
        else:
            self.stop(now_s, attempt, Ending.CANCELLED)

    def slow(self, factor: float) -> None:
        """Changes the pace of services that begin from now on."""
        self.factor = factor

    def open(self, *, opens: bool) -> None:
        """Lets attempts in, or no more of them."""
        self.draining = not opens
        self.up = opens

    def clear(self, now_s: float, ending: Ending, reason: int) -> None:
        """Ends everybody now."""
        self.up = False
        self.draining = False
        for attempt in list(self.serving):
            self.stop(now_s, attempt, ending, reason)
        for attempt in self.waiting:
            attempt.end(now_s, ending, reason)
        self.waiting = []


def tokens_made(attempt: Attempt, elapsed_s: float) -> int:
    """Tokens after `elapsed_s` of service: the first after its delay, the rest evenly spread."""
    if elapsed_s < attempt.first_delay_s:
        return 0
    spread_s = attempt.duration_s - attempt.first_delay_s
    if attempt.output == 1 or spread_s <= 0:
        return attempt.output
    share = (elapsed_s - attempt.first_delay_s) / spread_s
    return 1 + math.floor(share * (attempt.output - 1))
