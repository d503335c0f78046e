"""Which queues stand, take work, and are there at all: the one place that opens and closes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.kernel.codes import NONE, Reason
from simulator.world.fleet.levels import CountOverTime

if TYPE_CHECKING:
    from simulator.kernel import Kernel
    from simulator.world.clock import Clock
    from simulator.world.plan import RunPlan

OUTAGE = int(Reason.OUTAGE)
STOPPED, STARTING, READY, DRAINING = range(4)
"""What the autoscaler makes of a queue; without one all are ready."""
STATES = ("wanted", "held", "down", "starting", "ready", "draining")


class Replicas:
    """Counts what keeps each queue from work; several causes may overlap.

    A queue takes work when it is ready, nothing breaks it and nothing closes it. `levels` count
    queues by target: `wanted` (not stopped), `held` of these (not taken away: paid for),
    `down` of the wanted (broken by faults), and held ones `starting`, `ready`, `draining`.
    """

    def __init__(self, plan: RunPlan, kernel: Kernel, clock: Clock) -> None:
        """Everything stands, but for what autoscalers start without."""
        self._kernel = kernel
        self._clock = clock
        self._target = kernel.queues["group"].tolist()
        count = len(kernel.queues)
        self._state = [READY] * count
        self._broken = [0] * count
        self._closed = [0] * count
        self._gone = [0] * count
        self._pace = [1.0] * count
        self._flags = [(1, 1, 0, 0, 1, 0)] * count
        counts = [entry.queue_count for entry in plan.target_plans]
        self.levels = {
            name: [CountOverTime(number if flag else 0) for number in counts]
            for name, flag in zip(STATES, (1, 1, 0, 0, 1, 0), strict=True)
        }

    # -- what faults do ---------------------------------------------------------------------

    def fail(self, queue: int) -> None:
        """Breaks a queue: all in it fail, none gets in."""
        self._broken[queue] += 1
        if self._broken[queue] == 1:
            self._kernel.fail(queue, self._clock.now, OUTAGE)
        self._settle(queue)

    def mend(self, queue: int) -> None:
        """Takes one cause away; the queue works again when none is left."""
        self._broken[queue] -= 1
        self._settle(queue)

    def close(self, queue: int) -> None:
        """Lets none in any more; those in it are still served."""
        self._closed[queue] += 1
        self._settle(queue)

    def reopen(self, queue: int) -> None:
        """Takes one cause of being closed away."""
        self._closed[queue] -= 1
        self._settle(queue)

    def take_away(self, queue: int) -> None:
        """The queue's machine is gone: it is not paid for until it is given back."""
        self._gone[queue] += 1
        self.fail(queue)

    def give_back(self, queue: int) -> None:
        """The machine is there again."""
        self._gone[queue] -= 1
        self.mend(queue)

    def slow(self, queue: int, factor: float) -> None:
        """Multiplies the time that work takes; the inverse factor undoes it."""
        self._pace[queue] *= factor
        self._kernel.slow(queue, self._clock.now, self._pace[queue])

    # -- what autoscalers do ----------------------------------------------------------------

    def put(self, queue: int, state: int) -> None:
        """Makes a queue stopped, starting, ready or draining."""
        self._state[queue] = state
        self._settle(queue)

    def state(self, queue: int) -> int:
        """What the autoscaler made of the queue."""
        return self._state[queue]

    def outstanding(self, queue: int) -> int:
        """Attempts that wait or run at the queue."""
        return int(self._kernel.queues["outstanding"][queue])

    def lost(self, queue: int) -> bool:
        """Whether the queue's machine is gone, or about to be."""
        return self._gone[queue] > 0 or self._closed[queue] > 0

    def let_wait(self, target: int, queue: int | None) -> None:
        """Lets a target's attempts wait at a queue while none takes work; None: they fail."""
        self._kernel.let_wait(target, NONE if queue is None else queue)

    # -- what follows -----------------------------------------------------------------------

    def _settle(self, queue: int) -> None:
        """Opens or drains the queue as all causes together say, and counts it again."""
        works = self._state[queue] == READY and not self._broken[queue] and not self._closed[queue]
        up = bool(self._kernel.queues["up"][queue])
        if works and not up:
            self._kernel.open(queue, self._clock.now)
        elif up and not works:
            self._kernel.drain(queue)
        self._count(queue)

    def _count(self, queue: int) -> None:
        """Notes on the target's levels what has changed."""
        state, gone = self._state[queue], self._gone[queue] > 0
        wanted = state != STOPPED
        held = wanted and not gone
        flags = (
            int(wanted),
            int(held),
            int(wanted and self._broken[queue] > 0),
            int(held and state == STARTING),
            int(held and state == READY),
            int(held and state == DRAINING),
        )
        for name, before, after in zip(STATES, self._flags[queue], flags, strict=True):
            if before != after:
                self.levels[name][self._target[queue]].change(self._clock.now, after - before)
        self._flags[queue] = flags
