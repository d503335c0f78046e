"""Which queues stand, take work, and are there at all: the one place that opens and closes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.kernel.codes import Reason
from simulator.world.levels import Level

if TYPE_CHECKING:
    from simulator.kernel import Kernel
    from simulator.world.clock import Clock
    from simulator.world.plan import RunPlan

OUTAGE = int(Reason.OUTAGE)


class Replicas:
    """Counts what keeps each queue from work; several causes may overlap.

    A queue takes work when nothing breaks it (`broken`) and nothing closes it (`closed`). By
    target, `held` counts the queues that are there to be paid for, `down` those that faults
    keep from serving.
    """

    def __init__(self, plan: RunPlan, kernel: Kernel, clock: Clock) -> None:
        """Everything stands."""
        self._kernel = kernel
        self._clock = clock
        self._target = kernel.queues["group"].tolist()
        self._broken = [0] * len(kernel.queues)
        self._closed = [0] * len(kernel.queues)
        self._gone = [0] * len(kernel.queues)
        self._pace = [1.0] * len(kernel.queues)
        counts = [entry.queue_count for entry in plan.target_plans]
        self.held = [Level(count) for count in counts]
        self.down = [Level(0) for _ in counts]

    def fail(self, queue: int) -> None:
        """Breaks a queue: everybody in it fails, nobody gets in."""
        self._broken[queue] += 1
        if self._broken[queue] == 1:
            self._kernel.fail(queue, self._clock.now, OUTAGE)
            self.down[self._target[queue]].change(self._clock.now, 1)

    def mend(self, queue: int) -> None:
        """Takes one cause away; the queue works again when none is left."""
        self._broken[queue] -= 1
        if self._broken[queue] == 0:
            self.down[self._target[queue]].change(self._clock.now, -1)
        self._open(queue)

    def close(self, queue: int) -> None:
        """Lets nobody in any more; whoever is in is still served."""
        self._closed[queue] += 1
        if not self._broken[queue]:
            self._kernel.drain(queue)

    def reopen(self, queue: int) -> None:
        """Takes one cause of being closed away."""
        self._closed[queue] -= 1
        self._open(queue)

    def _open(self, queue: int) -> None:
        """Opens a queue that nothing breaks or closes."""
        if not self._broken[queue] and not self._closed[queue]:
            self._kernel.open(queue, self._clock.now)

    def take_away(self, queue: int) -> None:
        """The queue's machine is gone: nobody pays for it until it is given back."""
        self._gone[queue] += 1
        if self._gone[queue] == 1:
            self.held[self._target[queue]].change(self._clock.now, -1)
        self.fail(queue)

    def give_back(self, queue: int) -> None:
        """The machine is there again."""
        self._gone[queue] -= 1
        if self._gone[queue] == 0:
            self.held[self._target[queue]].change(self._clock.now, 1)
        self.mend(queue)

    def slow(self, queue: int, factor: float) -> None:
        """Multiplies the time that work takes; the inverse factor undoes it."""
        self._pace[queue] *= factor
        self._kernel.slow(queue, self._clock.now, self._pace[queue])
