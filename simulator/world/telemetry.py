"""Samples of the fleet at even steps of virtual time, and of its busy time at the window's edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.records import LEDGER
from simulator.world.fleet.pools import pool_utilizations, pools_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from simpy import Event

    from simulator.kernel import Kernel
    from simulator.world.clock import Clock
    from simulator.world.fleet.held_capacity import HeldCapacity
    from simulator.world.fleet.replicas import Replicas
    from simulator.world.plan import RunPlan

NOTHING = np.zeros(0, LEDGER)
GAUGES = ("waiting", "running", "kv_used")


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What was sampled: instants, and by step and target gauges and busy seconds so far.

    `presence` says which queues were there; `replicas` counts them by state where any ever changed.
    `pools` are the gauges by step and pool, in the order of `pool_names`.
    """

    t_s: NDArray[np.float64]
    gauges: dict[str, NDArray[np.int64]]
    busy_s: NDArray[np.float64]
    presence: HeldCapacity
    replicas: dict[str, NDArray[np.float64]]
    pool_names: tuple[str, ...]
    pools: dict[str, NDArray[np.int64]]


class Telemetry:
    """Gauges by target at every step (shape steps x targets), and busy seconds by queue.

    `t_s` are the instants of the samples. `busy_from_s` and `busy_to_s` are the busy seconds of
    each queue up to the beginning and the end of the billed window, `read_from` and `read_to` the
    readings of the attempts that were alive then (`Kernel.readings`).
    """

    def __init__(self, plan: RunPlan, kernel: Kernel, clock: Clock) -> None:
        """Starts the sampling processes."""
        self._kernel = kernel
        self._clock = clock
        self._plan = plan
        count = int(np.floor(plan.duration_s / plan.telemetry_step_s)) + 1
        self.t_s = np.arange(count, dtype=np.float64) * plan.telemetry_step_s
        self.gauges = {name: np.zeros((count, len(plan.targets)), np.int64) for name in GAUGES}
        self.busy_s = np.zeros((count, len(plan.targets)))
        self.pools = pools_of(plan)
        self.pool_gauges = {name: np.zeros((count, len(self.pools)), np.int64) for name in GAUGES}
        self.busy_from_s = np.zeros(len(kernel.queues))
        self.busy_to_s = np.zeros(len(kernel.queues))
        self.read_from, self.read_to = NOTHING, NOTHING
        clock.process(self._sample())
        clock.at(plan.warmup_s, self._begin_window)
        clock.at(plan.duration_s, self._end_window)

    def _sample(self) -> Generator[Event, object, None]:
        """Takes a sample at every step."""
        for step, at_s in enumerate(self.t_s.tolist()):
            if at_s > self._clock.now:
                yield self._clock.timeout(at_s - self._clock.now)
            for name, samples in self.gauges.items():
                samples[step] = self._kernel.groups[name]
            for name, samples in self.pool_gauges.items():
                samples[step] = [pool.total(self._kernel.queues[name]) for pool in self.pools]
            self.busy_s[step] = self._by_target(self._kernel.busy_s(self._clock.now))

    def _begin_window(self) -> None:
        """Reads all meters where the billed window begins."""
        self.busy_from_s = self._kernel.busy_s(self._clock.now)
        self.read_from = self._readings()

    def _end_window(self) -> None:
        """Reads all meters where the billed window ends."""
        self.busy_to_s = self._kernel.busy_s(self._clock.now)
        self.read_to = self._readings()

    def _readings(self) -> NDArray[np.void]:
        """What attempts under way have paid so far."""
        if not self._kernel.groups["outstanding"].any():
            return NOTHING
        return self._kernel.readings(self._clock.now)

    def _by_target(self, by_queue: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums a queue column over each target's queues."""
        groups = self._kernel.queues["group"]
        found = np.bincount(groups, weights=by_queue, minlength=len(self._plan.targets))
        return found.astype(np.float64, copy=False)

    def window_busy_s(self) -> NDArray[np.float64]:
        """Busy queue-seconds of each target within the billed window."""
        return self._by_target(self.busy_to_s - self.busy_from_s)

    def most_running(self, replicas: Replicas) -> NDArray[np.float64]:
        """By target the most that ran at once in a sample, per replica that was ready then."""
        ready = np.stack([level.at(self.t_s) for level in replicas.levels["ready"]], axis=1)
        return np.asarray((self.gauges["running"] / np.maximum(ready, 1.0)).max(axis=0))

    def pool_utilizations(self) -> dict[str, float]:
        """Utilisation of both pools of every target that has two, in the billed window."""
        window_s = self._plan.duration_s - self._plan.warmup_s
        return pool_utilizations(self.pools, self.busy_to_s - self.busy_from_s, window_s)

    def samples(self, presence: HeldCapacity, replicas: Replicas) -> Samples:
        """All that was sampled, apart from the run that is over."""
        changed = {
            name: np.stack([level.at(self.t_s) for level in levels], axis=1)
            for name, levels in replicas.levels.items()
            if not all(level.constant for level in levels)
        }
        return Samples(
            t_s=self.t_s,
            gauges=self.gauges,
            busy_s=self.busy_s,
            presence=presence,
            replicas=changed,
            pool_names=tuple(pool.name for pool in self.pools),
            pools=self.pool_gauges,
        )
