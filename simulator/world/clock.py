"""The clock that SimPy and the kernel share, and the one loop that owns time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.kernel import Kernel


class Clock(simpy.Environment):
    """A SimPy environment that can be set to the instant of a kernel event."""

    def jump(self, now_s: float) -> None:
        """Moves the clock forward to `now_s` without stepping."""
        self._now = now_s

    def at(self, at_s: float, action: Callable[[], None]) -> None:
        """Calls `action` at virtual time `at_s` (now, if that has passed)."""
        timer = self.timeout(max(at_s - self._now, 0.0))
        timer.callbacks.append(lambda _event: action())


def run_clock(
    clock: Clock, kernel: Kernel, deliver: Callable[[int], None], end_s: float
) -> None:
    """Runs world and kernel up to `end_s`, whichever has the earlier event next.

    The limit is taken anew after every SimPy event, since any of them may have changed what
    comes next. At equal instants the kernel comes first.
    """
    while True:
        count = kernel.advance(min(clock.peek(), end_s))
        if count:
            deliver(count)
        elif clock.peek() > end_s:
            return
        else:
            clock.step()
