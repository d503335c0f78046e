"""Sends attempts to the kernel: which queue, how long the way, how much work."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.codes import NO_SLOT, NONE, RANDOM, Reason
from simulator.streams import keyed_uniform_scalar
from simulator.world.fleet.heat import DeviceHeat
from simulator.world.requests.metering import meter_of

if TYPE_CHECKING:
    from simulator.kernel import Kernel
    from simulator.world.journal import Journal
    from simulator.world.plan import RunPlan, TargetPlan

NO_FAILURE = int(Reason.NONE)
SERVER_ERROR = int(Reason.SERVER_ERROR)
CONNECTION = int(Reason.CONNECTION)
"""Plain integers: Numba takes ten microseconds to look at an enum's member."""

CHANCES = 2**52
"""Among how many whole numbers one is drawn for an attempt that is balanced at random."""


class Submission:
    """Turns (request, target) into a submission; counts attempts.

    What is drawn for an attempt is keyed by the request, the target's name and the number of the try
    at that target: what else a policy attempts changes nothing about it.

    `delay_s` is added before attempts leave: the router's decision latency.
    """

    def __init__(self, plan: RunPlan, kernel: Kernel, journal: Journal) -> None:
        """Looks at the plan's columns."""
        workload = plan.workload
        self._seed = plan.seed
        self._key = memoryview(workload.key)
        self._stream = memoryview(workload.stream_code)
        self._rows = [
            np.flatnonzero(workload.stream_code == code) for code in range(len(workload.stream_names))
        ]
        self._failures = [f"failure/{target.name}" for target in plan.targets]
        self._redraws = [f"service again/{target.name}" for target in plan.targets]
        self._balancings = [
            f"balancing/{target.name}" if group.balancing == RANDOM else ""
            for target, group in zip(plan.targets, plan.groups, strict=True)
        ]
        self._kinds = journal.attempt_kinds
        self._targets = plan.target_plans
        self._prompt = memoryview(workload.input_token_count)
        self._region = memoryview(workload.region_code)
        self._device = memoryview(workload.device)
        self._priority = memoryview(workload.priority)
        self._answers = [memoryview(row) for row in plan.answers.output_token_count]
        self._forward_s = [target.forward_s.tolist() for target in plan.target_plans]
        self._back_s = [target.back_s.tolist() for target in plan.target_plans]
        self._errors = [[target.failure_ratio] for target in plan.target_plans]
        self._failure_ratio = [target.failure_ratio for target in plan.target_plans]
        self._cuts: dict[tuple[int, int], list[float]] = {}
        self._cached = journal.cached_token_count
        self.meters = [meter_of(target, plan) for target in plan.target_plans]
        self._heats = [heat_of(target) for target in plan.target_plans]
        self._plain = [self._is_plain(target) for target in range(len(plan.target_plans))]
        self._kernel = kernel
        self._send = kernel.doors.submit
        self.delay_s = 0.0

    def submit(self, request: int, target: int, kind: int, tries: int, now_s: float) -> int:
        """Starts an attempt of a request that was tried `tries` times at the target; returns its handle."""
        self._kinds.append(kind)
        region = self._region[request]
        prompt, cached, meter = self._prompt[request], 0, self.meters[target]
        ready_s = now_s + self.delay_s + self._forward_s[target][region]
        back_s = self._back_s[target][region]
        plan = self._targets[target]
        output = self._answers[plan.model][request]
        if self._plain[target]:
            first_s, duration_s, queue, reason = 0.0, 0.0, NONE, 0
        elif (target, region) in self._cuts:
            ready_s = now_s + self.delay_s + max(self._cuts[target, region])
            back_s, first_s, duration_s, queue, reason = 0.0, 0.0, 0.0, NONE, CONNECTION
        else:
            queue = self._own_queue(plan, request)
            first_s, duration_s = self._service(target, request, tries, output)
            if self._heats[target] is not None:
                first_s, duration_s = self._hot(target, queue, ready_s, first_s, duration_s)
            reason = self._drawn_failure(target, request, tries)
            if meter is not None:
                prompt, cached, refusal = meter.count(request, output, ready_s)
                reason = refusal or reason
        handle = self._send(
            self._kernel.door,
            target,
            queue,
            request,
            prompt,
            output,
            now_s,
            ready_s,
            back_s,
            first_s,
            duration_s,
            self._priority[request],
            0,
            reason,
            self._chance(target, request, tries) if self._balancings[target] else NONE,
        )
        if handle == NO_SLOT:
            self._kernel.make_way()
            self._kinds.pop()
            return self.submit(request, target, kind, tries, now_s)
        if cached:
            self._cached[len(self._kinds) - 1] = cached
        return handle

    def _chance(self, target: int, request: int, tries: int) -> int:
        """The whole number that picks the attempt's replica where the target balances at random."""
        draw = keyed_uniform_scalar(self._seed, self._balancings[target], self._key[request], tries)
        return int(draw * CHANCES)

    def _service(self, target: int, request: int, tries: int, output: int) -> tuple[float, float]:
        """Seconds to the first token and to the last, of a target whose queues are servers."""
        timings = self._targets[target].timings
        if timings is None:
            return 0.0, 0.0
        row = self._drawn_again(target, request, tries) if timings.redraw and tries else request
        first_s = timings.first_s.item(row)
        total_s = first_s + (output - 1) * timings.gap_s.item(row)
        if timings.crowding is None:
            return first_s, total_s
        factor = timings.crowding.factor(int(self._kernel.groups["running"][target]))
        return first_s * factor, total_s * factor

    def _drawn_again(self, target: int, request: int, tries: int) -> int:
        """The request whose service times a repeated try takes: any of its stream, drawn by key."""
        rows = self._rows[self._stream[request]]
        draw = keyed_uniform_scalar(self._seed, self._redraws[target], self._key[request], tries)
        return int(rows[int(draw * len(rows))])

    def _hot(
        self, target: int, queue: int, ready_s: float, first_s: float, duration_s: float
    ) -> tuple[float, float]:
        """The same seconds on the asker's own device, as hot as it will be."""
        device = queue - self._targets[target].first_queue
        idle = not self._kernel.queues["outstanding"][queue]
        heat = self._heats[target]
        return heat.taken(device, ready_s, first_s, duration_s, idle=idle) if heat else (first_s, duration_s)

    def _own_queue(self, plan: TargetPlan, request: int) -> int:
        """The queue of the asker's own device, or NONE where the target balances."""
        if not plan.own_device:
            return NONE
        return plan.first_queue + self._device[request] % plan.queue_count

    def _drawn_failure(self, target: int, request: int, tries: int) -> int:
        """The failure this attempt is drawn to meet, by key: the same under every policy."""
        if not self._failure_ratio[target]:
            return NO_FAILURE
        draw = keyed_uniform_scalar(self._seed, self._failures[target], self._key[request], tries)
        return SERVER_ERROR if draw < self._failure_ratio[target] else NO_FAILURE

    def begin_errors(self, target: int, ratio: float) -> None:
        """Lets a share of the target's attempts fail, beside those that fail anyway."""
        self._errors[target].append(ratio)
        self._renew(target)

    def end_errors(self, target: int, ratio: float) -> None:
        """Undoes `begin_errors`."""
        self._errors[target].remove(ratio)
        self._renew(target)

    def cut(self, target: int, region: int, timeout_s: float) -> None:
        """Lets attempts from a region to a target fail for want of a connection after a while."""
        self._cuts.setdefault((target, region), []).append(timeout_s)
        self._renew(target)

    def join(self, target: int, region: int, timeout_s: float) -> None:
        """Undoes `cut`."""
        self._cuts[target, region].remove(timeout_s)
        if not self._cuts[target, region]:
            del self._cuts[target, region]
        self._renew(target)

    def _renew(self, target: int) -> None:
        """Independent causes of failure taken together: 1 - prod(1 - ratio)."""
        self._failure_ratio[target] = 1.0 - prod(1.0 - ratio for ratio in self._errors[target])
        self._plain[target] = self._is_plain(target)

    def _is_plain(self, target: int) -> bool:
        """Whether attempts at the target need no draws: no service times, no failures, no cuts."""
        drawn = self._targets[target].timings is not None or self._failure_ratio[target] > 0.0
        return not drawn and all(cut != target for cut, _region in self._cuts)


def heat_of(target: TargetPlan) -> DeviceHeat | None:
    """The heat of own devices that slow down; None for everything else."""
    throttling = target.timings.throttling if target.timings else None
    return DeviceHeat(throttling, target.queue_count) if throttling and target.own_device else None
