"""Autoscalers: processes that start and stop replicas by a metric of their load.

The rule is that of Kubernetes' horizontal autoscaler, with its stabilisation window for scaling in
(docs/methodology/autoscaling.md).
"""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import TYPE_CHECKING

from simulator.world.fleet.autoscaling_load import AutoscalingLoad
from simulator.world.fleet.events import FleetEvent
from simulator.world.fleet.replicas import DRAINING, READY, STARTING, STOPPED

if TYPE_CHECKING:
    from collections.abc import Generator

    from simpy import Event

    from simulator.kernel import Kernel
    from simulator.world.clock import Clock
    from simulator.world.fleet.replicas import Replicas
    from simulator.world.plan import Scaling

KIND = "autoscaling"


class Autoscaler:
    """Keeps one target's replicas near what its load asks for.

    Every `interval_s` it wants ceil(load / target_load) replicas within its bounds. More are
    requested at once and serve after the cold start; fewer are kept only when nothing more was
    wanted for `scale_in_delay_s`. Replicas lost to others count as absent.
    """

    def __init__(
        self, scaling: Scaling, kernel: Kernel, clock: Clock, replicas: Replicas, events: list[FleetEvent]
    ) -> None:
        """Stops what is not there at the beginning, and starts looking."""
        self._scaling = scaling
        self._require = AutoscalingLoad(scaling, kernel)
        self._clock = clock
        self._replicas = replicas
        self._events = events
        self._wanted: deque[tuple[float, int]] = deque()
        self._starts = dict.fromkeys(scaling.queues, 0)
        for queue in scaling.queues[scaling.least :]:
            replicas.put(queue, STOPPED)
        clock.process(self._evaluate())

    def _evaluate(self) -> Generator[Event, object, None]:
        """Looks at the load again and again."""
        while True:
            yield self._clock.timeout(self._scaling.interval_s)
            self._forget_lost()
            self._stop_drained()
            self._scale(self._stable(self._desired()))

    def _desired(self) -> int:
        """Replicas that the load asks for now; none only where nothing waits or runs."""
        scaling = self._scaling
        asked = ceil(self._require.replicas(self._clock.now))
        if scaling.to_zero and self._require.nothing:
            return 0
        return min(max(asked, scaling.least), len(scaling.queues))

    def _stable(self, desired: int) -> int:
        """The most that was wanted within the scale-in delay: no replica is stopped in haste."""
        now_s, wanted = self._clock.now, self._wanted
        wanted.append((now_s, desired))
        while wanted[0][0] < now_s - self._scaling.scale_in_delay_s:
            wanted.popleft()
        return max(count for _at_s, count in wanted)

    def _forget_lost(self) -> None:
        """Gives up replicas whose machine was taken away."""
        for queue in self._queues_in(STARTING, READY):
            if self._replicas.lost(queue) and not self._replicas.outstanding(queue):
                self._replicas.put(queue, STOPPED)

    def _stop_drained(self) -> None:
        """Stops draining replicas that have finished their work."""
        for queue in self._queues_in(DRAINING):
            if not self._replicas.outstanding(queue):
                self._replicas.put(queue, STOPPED)

    def _queues_in(self, *states: int) -> list[int]:
        """The queues in one of the states, by number."""
        return [queue for queue in self._scaling.queues if self._replicas.state(queue) in states]

    def _scale(self, wanted: int) -> None:
        """Starts or stops as many as are missing or too many."""
        present = [queue for queue in self._queues_in(STARTING, READY) if not self._replicas.lost(queue)]
        if wanted > len(present):
            self._start(wanted - len(present), len(present))
        elif wanted < len(present):
            self._stop(present, len(present) - wanted)
        self._choose_room()

    def _start(self, count: int, present: int) -> None:
        """Requests replicas, lowest numbers first, as far as there are machines."""
        free = [queue for queue in self._queues_in(STOPPED) if not self._replicas.lost(queue)][:count]
        for queue in free:
            self._replicas.put(queue, STARTING)
            self._starts[queue] += 1
            self._clock.process(self._warm_up(queue, self._starts[queue]))
        if free:
            self._log_event(f"{len(free)} more requested, {present + len(free)} in all")

    def _warm_up(self, queue: int, start: int) -> Generator[Event, object, None]:
        """Makes a replica ready after its cold start, unless it was given up meanwhile."""
        yield self._clock.timeout(self._scaling.cold_start_s)
        if self._replicas.state(queue) == STARTING and self._starts[queue] == start:
            self._replicas.put(queue, READY)
            self._choose_room()

    def _stop(self, present: list[int], count: int) -> None:
        """Stops those that start first, then those with the least work, highest numbers first."""
        order = sorted(present, key=self._cost_of_stopping)
        chosen = [queue for queue in order[:count] if not self._has_waiters(queue)]
        for queue in chosen:
            self._replicas.put(queue, DRAINING)
        self._stop_drained()
        if chosen:
            self._log_event(f"{len(chosen)} fewer, {len(present) - len(chosen)} in all")

    def _has_waiters(self, queue: int) -> bool:
        """Whether attempts wait for the replica to be ready."""
        return self._replicas.state(queue) == STARTING and self._replicas.outstanding(queue) > 0

    def _cost_of_stopping(self, queue: int) -> tuple[bool, int, int]:
        """What is stopped first comes first."""
        ready = self._replicas.state(queue) == READY
        return ready, self._replicas.outstanding(queue), -queue

    def _choose_room(self) -> None:
        """Where attempts wait while a target that may have no replica has none that is ready."""
        if not self._scaling.to_zero:
            return
        room = None
        if not self._queues_in(READY):
            coming = self._queues_in(STARTING) or self._queues_in(STOPPED)
            room = next((queue for queue in coming if not self._replicas.lost(queue)), None)
        self._replicas.let_wait(self._scaling.target, room)

    def _log_event(self, what: str) -> None:
        """Writes a change down."""
        label = self._scaling.label
        self._events.append(FleetEvent(t_s=self._clock.now, kind=KIND, target=label, what=what))
