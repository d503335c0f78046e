"""One replication: traffic, router, timers and telemetry around the kernel, on one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from router.outcome import Feedback, Outcome
from simulator.kernel import Kernel
from simulator.world.clock import Clock, InstantSequence, run_clock
from simulator.world.fleet.autoscaler import Autoscaler
from simulator.world.fleet.faults import IncidentRunner
from simulator.world.fleet.offline_devices import ALL_DEVICES_OFFLINE, OfflineDevices
from simulator.world.fleet.replicas import Replicas
from simulator.world.journal import Journal, RequestState
from simulator.world.requests.executor import ActiveRequest, Executor, target_of
from simulator.world.requests.views import RouterViews
from simulator.world.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from router.host.host import Host
    from simulator.observer import Observer
    from simulator.world.fleet.events import FleetEvent
    from simulator.world.plan import RunPlan

CHUNK = 4096
"""Arrivals between two reports to the observer."""


class World:
    """Runs a plan under a hosted policy; afterwards holds the journal, ledger and telemetry."""

    def __init__(self, plan: RunPlan, hosts: Host | Sequence[Host], observer: Observer) -> None:
        """Sets everything up at time 0; there is a host for each router instance, all of one policy."""
        self.plan = plan
        self.journal = Journal(len(plan.workload))
        self.kernel = Kernel(plan.groups, plan.repeats)
        self._clock = Clock()
        self._hosts = tuple(hosts) if isinstance(hosts, (tuple, list)) else (cast("Host", hosts),)
        host = self._hosts[0]
        self._name, self._learns, self._counts_outcomes = host.name, host.learns, host.counts_outcomes
        self._instance = memoryview(plan.instance_code)
        self._observer = observer
        self._executor = Executor(plan, self.kernel, self._clock, self.journal, self._settled)
        self._executor.set_watched_requests(watched_requests(plan, host))
        if host.learns or host.counts_outcomes:
            self._executor.tell(self._on_attempt_end)
        if host.takes_feedback and plan.feedback is not None:
            self._executor.tell_answers(self._on_answer)
        self.replicas = Replicas(plan, self.kernel, self._clock)
        self.happenings: list[FleetEvent] = []
        around = (self.kernel, self._clock, self.replicas)
        IncidentRunner(plan, *around, self._executor.submission, self.happenings)
        for scaling in plan.scalings:
            Autoscaler(scaling, *around, self.happenings)
        self.absences = OfflineDevices(plan)
        self._views = RouterViews(
            plan,
            self.kernel,
            self._clock,
            self.journal.arrival_s,
            oracle=host.oracle,
            replays=host.replays,
        )
        self.telemetry = Telemetry(plan, self.kernel, self._clock)
        self._arrival_s: memoryview[float] = memoryview(self.journal.arrival_s)
        self._reason = memoryview(self.journal.reason)
        self._decided = memoryview(self.journal.decision_target)
        self._index = {target.name: target.index for target in plan.targets}
        self._set_code = memoryview(plan.set_code)
        self._stream = memoryview(plan.workload.stream_code)
        self._next = memoryview(plan.workload.next_request)
        self._think_s = memoryview(plan.workload.think_s)
        self._ends_early = [rule is not None for rule in plan.task_rules]
        self._has_client_timeout = [np.isfinite(patience.timeout_s) for patience in plan.patience]
        self._arrived = 0
        opening = np.flatnonzero(~np.isnan(plan.workload.arrival_s))
        self._opening = memoryview(opening)
        self._opening_s = plan.workload.arrival_s[opening]

    def run(self) -> NDArray[np.void]:
        """Runs to the end of the plan; returns the ledger's rows in order of attempt numbers."""
        InstantSequence(self._clock, memoryview(self._opening_s), self._open)
        self._observer.begin(self.plan.end_s, self._name)
        try:
            run_clock(self._clock, self.kernel, self._executor.deliver, self.plan.end_s)
            self._observer.advance(self.plan.end_s, self._arrived)
        finally:
            self._observer.end()
        self.kernel.close(self.plan.end_s)
        return self.kernel.take_ledger()

    def _open(self, place: int) -> None:
        """The next request that opens a session, or stands alone, arrives."""
        if place % CHUNK == 0:
            self._observer.advance(self._clock.now, self._arrived)
        self._arrive(self._opening[place])

    def _arrive(self, request: int) -> None:
        """A request arrives: it is turned away, or the router takes it on."""
        now_s = self._clock.now
        self._arrived += 1
        self._arrival_s[request] = now_s
        code = self._set_code[request]
        if not self.plan.candidate_sets[code]:
            self._turn_away(request, self.plan.empty_reasons[code])
            return
        if self._request_decision(request, ()) and self._has_client_timeout[self._stream[request]]:
            self._start_client_timer(self._live, tries=1)

    def _turn_away(self, request: int, reason: str) -> None:
        """No target may serve the request."""
        self._reason[request] = self.journal.reason_code(reason)
        self.journal.state[request] = RequestState.REJECTED
        self.journal.final_s[request] = self._clock.now
        self._settled(request)

    def _request_decision(self, request: int, earlier: tuple[int, ...]) -> bool:
        """Has the router decide on a request and carries the decision out up to its first wait.

        `earlier` are the targets of attempts made before. False where no target is available: the only
        targets allowed are devices that are off.
        """
        allowed = candidates = self.plan.candidate_sets[self._set_code[request]]
        if self.absences.any:
            candidates = self.absences.left(request, allowed, self._clock.now)
            self.journal.off_count[request] = len(allowed) - len(candidates)
            if not candidates:
                self._turn_away(request, ALL_DEVICES_OFFLINE)
                return False
        instance = self._instance[request]
        view, fleet = self._views.aim(request, candidates, instance)
        decision, steps = self._hosts[instance].begin(view, fleet)
        live = ActiveRequest(request, steps, earlier)
        self._live = live
        self._executor.begin(live, self.plan.decision_latency_s)
        if decision is not None and self._reason[request] < 0:
            self._reason[request] = self.journal.reason_code(decision.reason)
            self._decided[request] = self._index.get(getattr(decision, "target", ""), -1)
        if self.plan.decision_usd:
            self.journal.routing_usd[request] += self.plan.decision_usd
        return True

    def _start_client_timer(self, live: ActiveRequest, tries: int) -> None:
        """Sets the client's timer on a request that is under way."""
        patience = self.plan.patience[self._stream[live.request]]
        if not live.done:
            at_s = self._clock.now + patience.timeout_s
            self._clock.at(at_s, lambda: self._on_client_timeout(live, tries))

    def _on_client_timeout(self, live: ActiveRequest, tries: int) -> None:
        """The client hangs up; it asks once more after a while, or gives the request up."""
        if live.done:
            return
        patience = self.plan.patience[self._stream[live.request]]
        if tries > patience.retries:
            self._executor.settle(live, RequestState.TIMED_OUT)
            return
        self._executor.abandon(live)
        self._clock.at(self._clock.now + patience.backoff_s, lambda: self._resubmit(live, tries))

    def _resubmit(self, live: ActiveRequest, tries: int) -> None:
        """The client sends the same request again."""
        if self._request_decision(live.request, live.tried):
            self._start_client_timer(self._live, tries + 1)

    def _settled(self, request: int) -> None:
        """A request became final: the next turn follows after some thought, the next call after its tool.

        An agent's task ends with the first call that does not complete.
        """
        following = self._next[request]
        if following >= 0 and self._may_continue(request):
            at_s = self._clock.now + self._think_s[following]
            if at_s < self.plan.duration_s:
                self._clock.at(at_s, lambda: self._arrive(following))

    def _on_answer(self, request: int, target: int) -> None:
        """Has the policy hear, later, whether the target's answer to a request was right."""
        feedback = self.plan.feedback
        if feedback is not None and feedback.given[request]:
            at_s = self._clock.now + feedback.delay_s
            host = self._hosts[self._instance[request]]
            self._clock.at(at_s, lambda: host.observe_feedback(self._known(request, target)))

    def _known(self, request: int, target: int) -> Feedback:
        """What becomes known now of the target's answer to a request."""
        model = self.plan.target_plans[target].model
        return Feedback(
            request_index=request,
            target=self.plan.targets[target].name,
            received_s=self._clock.now,
            correct=self.plan.answers.correct.item(model, request),
        )

    def _may_continue(self, request: int) -> bool:
        """Whether what follows a final request may still come."""
        gives_up = self._ends_early[self._stream[request]]
        return not gives_up or self.journal.state[request] == RequestState.COMPLETED

    def _on_attempt_end(self, live: ActiveRequest, handle: int, completed: bool, reason: str) -> None:  # noqa: FBT001  (a `Told`)
        """Passes the end of an attempt on to cooldown rules that count and policies that learn."""
        host, target = self._hosts[self._instance[live.request]], target_of(live, handle)
        if completed and self._counts_outcomes:
            host.succeeded(target, self._clock.now, self.kernel.submitted_s(handle))
        if self._learns:
            host.observe(self._outcome(live, handle, completed, reason))

    def _outcome(self, live: ActiveRequest, handle: int, completed: bool, reason: str) -> Outcome:  # noqa: FBT001  (as `_tell`)
        """The outcome of an attempt, as a learning policy receives it."""
        target, now_s = target_of(live, handle), self._clock.now
        began_s = self._arrival_s[live.request]
        first_s = self.kernel.first_token_s(handle) if completed else float("nan")
        model = self.plan.target_plans[target].model
        output = self.plan.answers.output_token_count.item(model, live.request)
        return Outcome(
            request_index=live.request,
            target=self.plan.targets[target].name,
            finished_s=now_s,
            completed=completed,
            reason=reason,
            ttft_s=first_s - began_s,
            e2e_s=now_s - began_s,
            output_token_count=output if completed else 0,
            started_s=self.kernel.submitted_s(handle),
            prompt_token_count=self.plan.workload.input_token_count.item(live.request),
        )


def watched_requests(plan: RunPlan, host: Host) -> bytes:
    """By request 1 where its end must be known at its instant: by a client with a timeout, the
    next turn of its session, an API that keeps its prompt's recorded blocks or session, a learning policy,
    one that hears whether the answer was right, or a cooldown rule that counts successes.
    """
    impatient = np.array([np.isfinite(patience.timeout_s) for patience in plan.patience], np.bool_)
    hear = impatient[plan.workload.stream_code] | (plan.workload.next_request >= 0)
    if any(target.metering is not None for target in plan.target_plans):
        hear |= (np.diff(plan.workload.prefix_offset) > 0) | recorded_turns(plan)
    if plan.feedback is not None and host.takes_feedback:
        hear |= plan.feedback.given
    if host.learns or host.counts_outcomes:
        hear = np.ones(len(plan.workload), np.bool_)
    return hear.astype(np.uint8).tobytes()


def recorded_turns(plan: RunPlan) -> NDArray[np.bool_]:
    """Which requests are turns of recorded sessions: such have several first turns, each with its instant."""
    load = plan.workload
    first = (load.turn == 0) & (load.session >= 0) & (load.history_token_count >= 0)
    by_session = np.bincount(load.session[first], minlength=int(load.session.max(initial=0)) + 1)
    return np.asarray(first & (by_session[np.maximum(load.session, 0)] > 1))
