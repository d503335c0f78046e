"""The clock that SimPy and the kernel share, and the one loop that owns time."""

from __future__ import annotations

from heapq import heappush
from math import inf
from typing import TYPE_CHECKING, Any

import simpy

from simulator.kernel.codes import NO_ROOM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulator.kernel import Kernel

LAST = 2
"""Priority of arrivals: at equal instants they come after all timers (SimPy's are 0 and 1)."""


class Clock(simpy.Environment):
    """A SimPy environment that can be set to the instant of a kernel event."""

    def __init__(self) -> None:
        """Starts at 0.0: the kernel's doors are compiled for floats alone."""
        super().__init__(initial_time=0.0)

    @property
    def scheduled(self) -> list[tuple[float, int, int, simpy.Event]]:
        """The heap of what is scheduled; the first entry is the next, its instant leads."""
        return self._queue  # type: ignore[return-value]  # SimPy's own list, private

    def jump(self, now_s: float) -> None:
        """Moves the clock forward to `now_s` without stepping."""
        self._now = now_s

    def at(self, at_s: float, action: Callable[[], None]) -> None:
        """Calls `action` at virtual time `at_s` (now, if that has passed)."""
        timer = self.timeout(max(at_s - self._now, 0.0))
        timer.callbacks.append(lambda _event: action())

    def schedule_at(self, event: simpy.Event, at_s: float, priority: int) -> None:
        """Schedules an event for the very instant `at_s`, free of rounding."""
        heappush(self._queue, (at_s, priority, next(self._eid), event))  # type: ignore[misc]  # as above


class InstantSequence:
    """A column of instants as a single SimPy event, scheduled again for each of them.

    One event and one callback for all arrivals: a process with a timeout each would cost three
    times as much. `action(i)` is called at `instants[i]`, which must not decrease.
    """

    def __init__(self, clock: Clock, instants: Sequence[float], action: Callable[[int], None]) -> None:
        """Schedules the first instant, if there is one."""
        self._clock = clock
        self._instants = instants
        self._action = action
        self._place = 0
        self._event = simpy.Event(clock)
        self._event._ok = True  # noqa: SLF001  (as SimPy's own Timeout does)
        self._event._value = None  # noqa: SLF001  (as above)
        self._callbacks: list[Callable[[Any], None]] = [self._fire]
        if instants:
            self._event.callbacks = self._callbacks
            clock.schedule_at(self._event, instants[0], LAST)

    def _fire(self, _event: simpy.Event) -> None:
        """Acts, and schedules the next instant."""
        place = self._place
        self._place = place + 1
        self._action(place)
        if place + 1 < len(self._instants):
            self._event.callbacks = self._callbacks
            self._clock.schedule_at(self._event, self._instants[place + 1], LAST)


def run_clock(clock: Clock, kernel: Kernel, deliver: Callable[[int], None], end_s: float) -> None:
    """Runs world and kernel up to `end_s`, whichever has the earlier event next.

    The limit is taken anew after every SimPy event, since any of them may have changed what
    comes next. At equal instants the order is kernel, timers, arrivals.
    """
    queue, step, advance = clock.scheduled, clock.step, kernel.doors.advance
    while True:
        next_s = queue[0][0] if queue else inf
        count = advance(kernel.door, next_s if next_s < end_s else end_s)  # noqa: FURB136  (a call is dear here)
        if count == 0:
            if next_s > end_s:
                return
            step()
        elif count == NO_ROOM:
            kernel.make_room()
        else:
            deliver(count)
