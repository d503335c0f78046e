"""Hosts a policy: asks it, checks its decision and turns it into steps. Sans-I/O: executes nothing."""

from __future__ import annotations

from math import inf
from traceback import format_exception
from typing import TYPE_CHECKING, cast

from router.decision import Cascade, Decision, Defer, Hedge, Race, Reject, Send
from router.errors import InvalidDecisionError, PolicyFailedError, PolicyLoadError
from router.host import strategies
from router.host.checks import check_decision, check_fallbacks, check_target
from router.host.policy_steps import checked_steps
from router.host.progress import AttemptEnd, RequestProgress
from router.host.recovery import Recovery
from router.host.resilience import NO_RESILIENCE, Resilience
from router.policy import (
    FeedbackPolicy,
    FinishingPolicy,
    LearningPolicy,
    Policy,
    PreparingPolicy,
    StepPolicy,
    is_oracle,
    policy_name,
    replays_log,
)
from router.steps import AttemptKind, Event, Follow, Sleep, Start, TurnAway
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    import numpy as np

    from router.host.progress import Begun, DecidedSteps, JitterSource, Steps
    from router.host.trips import Trip
    from router.outcome import Feedback, Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

    RouteFunction: TypeAlias = Callable[[RequestView, FleetView, np.random.Generator], Decision]

NONE_PERMITTED = "no target permitted"
ALL_COOLING = "all targets cooling down"


def no_jitter(request_index: int, target_index: int, try_number: int) -> float:  # noqa: ARG001  (a JitterSource)
    """A jitter source without jitter: always 0."""
    return 0.0


class Host:
    """One router instance: a policy, its random generator, and the resilience around it.

    `begin(request, fleet)` is the whole interface to an executor; a plain send that does not
    fail yields one `Start` that also follows, nothing else. The views are shared by all requests: the
    executor aims them at the request and asks for the first step at once; the host keeps what it
    needs of them and, before it asks the policy again, aims them itself.

    Attributes:
        name: the policy's name, for messages and reports.
        oracle: whether the policy reads true answers and must be given `OracleRequestView`s.
        replays: whether the policy replays a log and must be given `ReplayRequestView`s.
        learns: whether `observe` wants to receive outcomes.
        takes_feedback: whether `observe_feedback` wants to hear which answers were right.
        counts_outcomes: whether `succeeded` wants to be told of completed attempts.
    """

    def __init__(
        self,
        policy: Policy | StepPolicy,
        targets: Sequence[Target],
        *,
        rng: np.random.Generator,
        resilience: Resilience = NO_RESILIENCE,
        jitter_u: JitterSource = no_jitter,
        name: str | None = None,
    ) -> None:
        """Hosts the policy in front of these targets.

        Args:
            policy: decides; one with `steps` is a step policy even if it also has `route`.
            targets: in the order of their indexes, as every `FleetView` given later shows them.
            rng: the policy's only source of randomness.
            resilience: retries, fallbacks and cooldown.
            jitter_u: draws of the backoff's jitter, keyed by request, target and try.
            name: what to call the policy; its own name where omitted.

        Raises:
            UnknownTargetError: the resilience settings name a target the fleet does not have.
            PolicyLoadError: the policy has neither `route` nor `steps`.
            RouterError: the policy cannot route to these targets.
        """
        self.name = name or policy_name(policy)
        self.oracle = is_oracle(policy)
        self.replays = replays_log(policy)
        self.learns = isinstance(policy, LearningPolicy)
        self._observe = policy.observe if isinstance(policy, LearningPolicy) else None
        self.takes_feedback = isinstance(policy, FeedbackPolicy)
        self._observe_feedback = policy.observe_feedback if isinstance(policy, FeedbackPolicy) else None
        self._finish = policy.finish if isinstance(policy, FinishingPolicy) else None
        self.counts_outcomes = resilience.counts_outcomes()
        self._step_policy = policy if isinstance(policy, StepPolicy) else None
        self._route = _route_of(policy)
        self._rng = rng
        self._recovery = Recovery(targets, resilience, jitter_u)
        self._health = self._recovery.health
        self._starts = {target.name: (target.index, Start(target.index, follow=True)) for target in targets}
        check_fallbacks(resilience, targets)
        if isinstance(policy, PreparingPolicy):
            policy.prepare(targets)

    def begin(self, request: RequestView, fleet: FleetView) -> Begun:
        """The decision on the request at hand, `None` of a step policy, and the steps that carry it out.

        Raises:
            PolicyFailedError: the policy raised, or its decision cannot be carried out; chained. The
                steps raise it as well, where they ask the policy.
        """
        if self._step_policy is not None or not fleet.candidates:
            return self._steps_without_route(request, fleet)
        decision = self.decide(request, fleet)
        if type(decision) is not Send or request.now_s < self._health.cooling_until_s:
            return decision, self._decision_steps(decision, request, fleet)
        index, start = self._starts.get(decision.target) or self._balanced(decision, fleet)
        return decision, self._sent_at_once(decision, request.index, fleet, index, start)

    def steps(self, request: RequestView, fleet: FleetView) -> Steps:
        """The steps for the request at hand, without the decision.

        Raises:
            PolicyFailedError: the policy raised, or its decision cannot be carried out; chained.
        """
        begun: Begun | None = self.begin(request, fleet)
        while begun is not None:
            begun = yield from begun[1]

    def decide(self, request: RequestView, fleet: FleetView) -> Decision:
        """The policy's decision on the request at hand, checked against its candidates.

        Raises:
            PolicyFailedError: the policy raised or decided what cannot be done; chained.
        """
        if request.now_s < self._health.cooling_until_s:
            return self._decide_among_healthy(request, fleet)
        try:
            decision = self._route(request, fleet, self._rng)
            if type(decision) is Send and not decision.fallbacks:
                known = self._starts.get(decision.target)
                if known is None or known[0] not in fleet.candidates:
                    check_target(decision.target, fleet)
            else:
                check_decision(decision, request, fleet)
        except Exception as error:
            raise self._failure(request.index, error) from error
        return decision

    def observe(self, outcome: Outcome) -> None:
        """Passes a finished attempt to a learning policy; does nothing for others.

        Raises:
            PolicyFailedError: the policy raised; chained.
        """
        if self._observe is None:
            return
        try:
            self._observe(outcome)
        except Exception as error:
            raise self._failure(outcome.request_index, error) from error

    def observe_feedback(self, feedback: Feedback) -> None:
        """Tells a policy that learns from feedback whether an answer was right; does nothing for others.

        Raises:
            PolicyFailedError: the policy raised; chained.
        """
        if self._observe_feedback is None:
            return
        try:
            self._observe_feedback(feedback)
        except Exception as error:
            raise self._failure(feedback.request_index, error) from error

    def succeeded(self, target: int, now_s: float, started_s: float = inf) -> None:
        """Counts a completed attempt for the rules that send targets away; due only if `counts_outcomes`."""
        self._health.succeeded(target, now_s, started_s)

    @property
    def trips(self) -> tuple[Trip, ...]:
        """When targets were sent away, and when they came back."""
        return tuple(self._health.trips.trips)

    def finish(self) -> tuple[str, ...]:
        """Lets the policy release what it holds when the run is over; returns its warnings."""
        return () if self._finish is None else self._finish()

    def _decide_among_healthy(self, request: RequestView, fleet: FleetView) -> Decision:
        """The decision while targets cool down: the policy sees only the healthy candidates."""
        permitted = fleet.candidates
        healthy = self._health.healthy(permitted, request.now_s)
        if not healthy:
            return Decision.reject(reason=ALL_COOLING)
        fleet.permitted, fleet.candidates = permitted, healthy
        try:
            decision = self._route(request, fleet, self._rng)
            fleet.candidates = permitted
            check_decision(decision, request, fleet)
        except Exception as error:
            raise self._failure(request.index, error) from error
        finally:
            fleet.permitted, fleet.candidates = None, permitted
        return decision

    def _steps_without_route(self, request: RequestView, fleet: FleetView) -> Begun:
        """What a request without candidates, or one of a step policy, begins with."""
        if fleet.candidates:
            return None, self._own_steps(request, fleet)
        return Decision.reject(reason=NONE_PERMITTED), turned_away(NONE_PERMITTED)

    def _own_steps(self, request: RequestView, fleet: FleetView) -> Steps:
        """Steps of a step policy."""
        policy = cast("StepPolicy", self._step_policy)
        progress = RequestProgress(request.index, fleet.candidates, fleet, request.now_s)
        inner = policy.steps(request, fleet, self._rng)
        yield from checked_steps(inner, progress, request, self._recovery, self._failure)

    def _sent_at_once(
        self, decision: Send, request_index: int, fleet: FleetView, index: int, start: Start
    ) -> Steps:
        """Steps of a plain send while nothing cools down: one, unless its attempt fails."""
        permitted = fleet.candidates
        event = cast("Event", (yield start))
        progress = RequestProgress(request_index, permitted, fleet, event.now_s, {event.handle: index})
        yield from self._recovery_steps(progress, event, decision)

    def _decision_steps(self, decision: Decision, request: RequestView, fleet: FleetView) -> DecidedSteps:
        """Steps of any decision, with cooling targets replaced."""
        progress = RequestProgress(request.index, fleet.candidates, fleet, request.now_s)
        match decision:
            case Send():
                return self._send_steps(progress, (decision.target,), decision.fallbacks)
            case Cascade():
                return self._cascade_steps(progress, decision)
            case Hedge():
                return self._hedge_steps(progress, decision)
            case Race():
                return self._race_steps(progress, decision)
            case Defer():
                return self._defer_steps(progress, decision, request)
        return turned_away(cast("Reject", decision).reason)

    def _send_steps(
        self, progress: RequestProgress, names: Sequence[str], fallbacks: tuple[str, ...]
    ) -> Steps:
        """One attempt at the first of the targets in service, or at a stand-in; then recovery."""
        usable = self._in_service(progress, names)
        index = usable[0] if usable else self._stand_in(progress, names[0], fallbacks)
        if index is None:
            yield TurnAway(ALL_COOLING)
            return
        handle = yield from self._recovery.begin(progress, index, AttemptKind.FIRST)
        event = yield from self._recovery.listen(progress, Follow(handle))
        yield from self._recovery.recover(progress, AttemptEnd(handle, event), fallbacks)

    def _cascade_steps(self, progress: RequestProgress, decision: Cascade) -> Steps:
        """A cascade over the stages in service."""
        stages = self._in_service(progress, decision.targets)
        if not stages:
            yield from self._send_steps(progress, decision.targets, ())
            return
        yield from strategies.cascade(self._recovery, progress, stages, decision.verifier)

    def _hedge_steps(self, progress: RequestProgress, decision: Hedge) -> Steps:
        """A hedge, or a plain send when only one of the two is in service."""
        usable = self._in_service(progress, (decision.target, decision.backup))
        if len(usable) < 2:  # noqa: PLR2004  (a hedge has two)
            yield from self._send_steps(progress, (decision.target, decision.backup), ())
            return
        yield from strategies.hedge(self._recovery, progress, usable[0], usable[1], decision.after_s)

    def _race_steps(self, progress: RequestProgress, decision: Race) -> Steps:
        """A race between the targets in service."""
        usable = self._in_service(progress, decision.targets)
        if not usable:
            yield from self._send_steps(progress, decision.targets, ())
            return
        yield from strategies.race(self._recovery, progress, usable)

    def _defer_steps(self, progress: RequestProgress, decision: Defer, request: RequestView) -> DecidedSteps:
        """Sleeps, then asks the policy again with the views aimed at the request; ends with its decision."""
        yield Sleep(decision.until_s)
        request.index, request.now_s = progress.request_index, decision.until_s
        progress.fleet.candidates = progress.permitted
        later = self.decide(request, progress.fleet)
        return later, self._decision_steps(later, request, progress.fleet)

    def _balanced(self, decision: Send, fleet: FleetView) -> tuple[int, Start]:
        """Index and first step of the least outstanding candidate of a deployment sent to by name."""
        members = [index for index in fleet.members(decision.target) if index in fleet.candidates]
        index = least_outstanding(fleet.outstanding, members)
        return index, Start(index, follow=True)

    def _recovery_steps(self, progress: RequestProgress, event: Event, decision: Send) -> Steps:
        """What follows when the only attempt of a plain send failed."""
        self._recovery.note(progress, event)
        attempt_end = AttemptEnd(event.handle, event)
        yield from self._recovery.recover(progress, attempt_end, decision.fallbacks)

    def _in_service(self, progress: RequestProgress, names: Sequence[str]) -> tuple[int, ...]:
        """Indexes of the named targets that do not cool down; a deployment gives its least busy."""
        indexes: list[int] = []
        none_cooling = progress.now_s >= self._health.cooling_until_s
        for name in names:
            known = self._starts.get(name)
            if known is not None and none_cooling:
                indexes.append(known[0])
            else:
                indexes += self._least_in_service(progress, name)
        return tuple(indexes)

    def _least_in_service(self, progress: RequestProgress, name: str) -> tuple[int, ...]:
        """The least outstanding permitted healthy target behind a name, if there is one."""
        healthy = self._health.healthy(progress.fleet.members(name), progress.now_s)
        usable = [index for index in healthy if index in progress.permitted]
        return (least_outstanding(progress.fleet.outstanding, usable),) if usable else ()

    def _stand_in(self, progress: RequestProgress, name: str, fallbacks: tuple[str, ...]) -> int | None:
        """Who serves instead of the named target while it cools down."""
        return self._recovery.stand_in(progress, progress.fleet.members(name)[0], fallbacks)

    def _failure(self, request_index: int, error: Exception) -> PolicyFailedError:
        """The error that names the policy and the request, with the cause and its traceback."""
        cause = f"{type(error).__name__}: {error}"
        trace = "".join(format_exception(error))
        return PolicyFailedError(self.name, request_index, cause, trace)


def turned_away(reason: str) -> Steps:
    """The one step of a request that is rejected."""
    yield TurnAway(reason)


def _route_of(policy: object) -> RouteFunction:
    """The policy's `route`, or for a step policy a function that is never called."""
    if isinstance(policy, Policy):
        return policy.route
    if isinstance(policy, StepPolicy):
        return _no_route
    message = f"{policy!r} is no policy: it has neither route nor steps"
    raise PolicyLoadError(message)


def _no_route(request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG001  (a route's signature)
    """Stands where a step policy has no route."""
    message = "a step policy takes no single decision"
    raise InvalidDecisionError(message)
