"""Faults in virtual time: each begins, may give notice before, and ends; all of it is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.fleet.events import FleetEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.kernel import Kernel
    from simulator.world.clock import Clock
    from simulator.world.fleet.replicas import Replicas
    from simulator.world.plan import Incident, RunPlan
    from simulator.world.requests.submission import Submission


class IncidentRunner:
    """Does the plan's incidents to the kernel, the replicas and the ways to them."""

    def __init__(
        self,
        plan: RunPlan,
        kernel: Kernel,
        clock: Clock,
        replicas: Replicas,
        submission: Submission,
        events: list[FleetEvent],
    ) -> None:
        """Sets a timer for every incident."""
        self._events = events
        self._kernel = kernel
        self._clock = clock
        self._replicas = replicas
        self._submission = submission
        self._acts: dict[str, tuple[Act, Act]] = {
            "outage": (self._fail, self._repair),
            "random_outage": (self._fail, self._repair),
            "brown_out": (self._begin_degradation, self._end_degradation),
            "slow_replica": (self._begin_degradation, self._end_degradation),
            "error_rate": (self._begin_degradation, self._end_degradation),
            "rate_limit_storm": (self._cut_rate_limits, self._restore_rate_limits),
            "partition": (self._begin_partition, self._end_partition),
            "spot_loss": (self._remove_capacity, self._restore_capacity),
            "maintenance": (self._fail, self._end_maintenance),
        }
        for incident in plan.incidents:
            self._schedule(incident)

    def _schedule(self, incident: Incident) -> None:
        """Sets the timers of one incident: notice, beginning, end."""
        begin, end = self._acts[incident.kind]
        at_s = incident.at_s + incident.notice_s
        if incident.gives_notice:
            self._at(incident.at_s, incident, self._give_notice, incident.notice)
        self._at(at_s, incident, begin, incident.begins)
        self._at(at_s + incident.duration_s, incident, end, incident.ends)

    def _at(self, at_s: float, incident: Incident, act: Act, what: str) -> None:
        """Does and writes down something at an instant."""

        def happen() -> None:
            act(incident)
            happening = FleetEvent(t_s=at_s, kind=incident.kind, target=incident.label, what=what)
            self._events.append(happening)

        self._clock.at(at_s, happen)

    def _give_notice(self, incident: Incident) -> None:
        """No new work before it begins."""
        for queue in incident.queues:
            self._replicas.close(queue)

    def _fail(self, incident: Incident) -> None:
        """Everything fails."""
        for queue in incident.queues:
            self._replicas.fail(queue)

    def _repair(self, incident: Incident) -> None:
        """Everything stands again."""
        for queue in incident.queues:
            self._replicas.mend(queue)

    def _end_maintenance(self, incident: Incident) -> None:
        """Back from maintenance."""
        self._repair(incident)
        self._admit_again(incident)

    def _admit_again(self, incident: Incident) -> None:
        """New work is let in where a notice had ended it."""
        if incident.gives_notice:
            for queue in incident.queues:
                self._replicas.reopen(queue)

    def _remove_capacity(self, incident: Incident) -> None:
        """The machines are taken away."""
        for queue in incident.queues:
            self._replicas.take_away(queue)

    def _restore_capacity(self, incident: Incident) -> None:
        """There are machines again."""
        for queue in incident.queues:
            self._replicas.give_back(queue)
        self._admit_again(incident)

    def _begin_degradation(self, incident: Incident) -> None:
        """Slower work, failing attempts."""
        self._change_pace(incident, incident.factor)
        for target in incident.targets:
            self._submission.begin_errors(target, incident.failure_ratio)

    def _end_degradation(self, incident: Incident) -> None:
        """As fast and as good as before."""
        self._change_pace(incident, 1.0 / incident.factor)
        for target in incident.targets:
            self._submission.end_errors(target, incident.failure_ratio)

    def _change_pace(self, incident: Incident, factor: float) -> None:
        """Changes the pace of the queues."""
        if factor != 1.0:
            for queue in incident.queues:
                self._replicas.slow(queue, factor)

    def _cut_rate_limits(self, incident: Incident) -> None:
        """Limits shrink."""
        for target in incident.targets:
            self._kernel.scale_limits(target, self._clock.now, incident.factor)

    def _restore_rate_limits(self, incident: Incident) -> None:
        """Limits grow back."""
        for target in incident.targets:
            self._kernel.scale_limits(target, self._clock.now, 1.0 / incident.factor)

    def _begin_partition(self, incident: Incident) -> None:
        """Ways are cut."""
        for target, region in incident.ways:
            self._submission.cut(target, region, incident.timeout_s)

    def _end_partition(self, incident: Incident) -> None:
        """Ways are open again."""
        for target, region in incident.ways:
            self._submission.join(target, region, incident.timeout_s)


if TYPE_CHECKING:
    Act = Callable[[Incident], None]
