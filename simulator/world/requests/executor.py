"""Executes the router's steps in virtual time: starts attempts, receives their events, settles requests."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Protocol

from router.host.execution import Execution
from router.steps import AttemptKind, Await, Event, EventKind, Fail, Finish, Sleep
from simulator.kernel.codes import ALREADY_FINAL
from simulator.world.journal import RequestState
from simulator.world.requests.failures import ROUTER_REASON_NAMES
from simulator.world.requests.step_log import LoggedStep
from simulator.world.requests.submission import Submission
from simulator.world.requests.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from router.decision import Decision
    from router.host.execution import Terminal, Wait
    from router.host.progress import DecidedSteps
    from router.steps import Start, Verify
    from simulator.kernel import Kernel
    from simulator.world.clock import Clock
    from simulator.world.journal import Journal
    from simulator.world.plan import RunPlan

SLOT_MASK = 0xFFFFFFFF
COMPLETED = EventKind.COMPLETED
FAILED = EventKind.FAILED
FIRST_TOKEN = EventKind.FIRST_TOKEN
ANYTHING = FIRST_TOKEN | COMPLETED


class AttemptListener(Protocol):
    """Called when an attempt ends."""

    def __call__(self, live: ActiveRequest, handle: int, completed: bool, reason: str) -> None:  # noqa: FBT001  (the hot path passes by position)
        """An attempt of the request completed, or failed for a reason."""
        ...


def ignore_attempt(live: ActiveRequest, handle: int, completed: bool, reason: str) -> None:  # noqa: FBT001  (a `Told`)
    """Hears nothing."""


class AnswerListener(Protocol):
    """Called when a request ends with an answer."""

    def __call__(self, request: int, target: int) -> None:
        """The target's answer stands."""
        ...


class ActiveRequest(Execution):
    """One request under way, and its attempts so far.

    `sent` holds (handle, attempt number, target) of the attempts these steps started;
    `earlier` the targets of those that other steps of the same request started before.
    """

    sent: tuple[tuple[int, int, int], ...] = ()

    def __init__(self, request: int, steps: DecidedSteps, earlier: tuple[int, ...] = ()) -> None:
        """Begins after `earlier` attempts of the same request; nothing else is set yet."""
        self.request = request
        self.steps = steps
        self.earlier = earlier

    @property
    def tried(self) -> tuple[int, ...]:
        """The targets of all attempts of the request so far, in order."""
        return (*self.earlier, *(target for _handle, _number, target in self.sent))


class Executor:
    """Runs step generators against the kernel and the clock.

    `settled(request)` is called when a request that asked for it becomes final.
    """

    def __init__(
        self,
        plan: RunPlan,
        kernel: Kernel,
        clock: Clock,
        journal: Journal,
        settled: Callable[[int], None],
    ) -> None:
        """Starts with nothing under way."""
        self._kernel = kernel
        self._clock = clock
        self._journal = journal
        self._note = journal.steps.note
        self._settled = settled
        self.submission = Submission(plan, kernel, journal)
        self._verification = Verification(plan)
        self._by_slot: list[ActiveRequest | None] = []
        self._watched = bytes(len(plan.workload))
        self._attempt_listener: AttemptListener = ignore_attempt
        self._has_listener = False
        self._answer_listener: AnswerListener | None = None
        self._caches_prefixes = bool(plan.repeats_prefix.any()) and any(self.submission.meters)
        self._winner = memoryview(journal.winner)
        self._state = memoryview(journal.state)
        self._final_s: memoryview[float] = memoryview(journal.final_s)

    def set_watched_requests(self, flags: bytes) -> None:
        """Sets, by request, whose end must be reported at the instant it happens."""
        self._watched = flags

    def tell(self, told: AttemptListener) -> None:
        """Sets what is called for every completed or failed attempt at the instant of its event."""
        self._attempt_listener = told
        self._has_listener = True

    def tell_answers(self, told: AnswerListener) -> None:
        """Sets what is called for every watched request that ends with an answer, at that instant."""
        self._answer_listener = told

    def begin(self, live: ActiveRequest, delay_s: float) -> None:
        """Runs a request's steps up to the first wait; attempts leave after `delay_s`."""
        self.submission.delay_s = delay_s
        live.begin(self)
        self.submission.delay_s = 0.0

    def instant_s(self, live: ActiveRequest) -> float:  # noqa: ARG002  (a `StepExecutor`: all requests have one clock)
        """Virtual time."""
        return self._clock.now

    def on_decision(self, live: ActiveRequest, decision: Decision | None) -> None:
        """The journal holds a request's first decision."""

    def on_start(self, live: ActiveRequest, step: Start) -> int:
        """Sends an attempt; its events find the request by the attempt's slot."""
        number, target = len(self._journal.attempt_kinds), step.target
        again = bool(live.sent or live.earlier)
        tries = live.tried.count(target) if again else 0
        kind = AttemptKind.RETRY if again and not step.kind else step.kind
        handle = self.submission.submit(live.request, target, kind, tries, self._clock.now)
        live.sent = (*live.sent, (handle, number, target))
        slot, parked = handle & SLOT_MASK, self._by_slot
        if slot >= len(parked):
            parked.extend([None] * (slot + 1024 - len(parked)))
        parked[slot] = live
        return handle

    def on_follow(self, live: ActiveRequest, handle: int) -> None:
        """Lets the request end as this attempt ends."""
        sent = live.sent
        last, number, _target = sent[-1]
        self._winner[live.request] = number if last == handle else number_of(live, handle)
        if self._watched[live.request]:
            self._kernel.watch(handle, COMPLETED)
        if len(sent) > 1:
            self._follow_one_of_several(live, handle)

    def _follow_one_of_several(self, live: ActiveRequest, handle: int) -> None:
        """Has the end announced where other attempts still run: they are given up then."""
        others = [other for other, _number, _target in live.sent if other not in (handle, *live.over)]
        if any(self._kernel.is_unannounced(other) for other in others):
            self._kernel.watch(handle, COMPLETED)
            self._watch(live, (handle,))

    def on_wait(self, live: ActiveRequest, step: Wait, early: Event | None) -> None:
        """Writes down what is waited for, and has it announced."""
        if isinstance(step, Await):
            self._await(live, step, early)
        elif isinstance(step, Sleep):
            self._note(live.request, self._clock.now, LoggedStep.SLEEP, until_s=step.until_s)
            self._watch(live, ())
            self._wake_at(live, step.until_s)
        else:
            self._verify(live, step)

    def _await(self, live: ActiveRequest, step: Await, early: Event | None) -> None:
        """Waits for the events of interest, or for an instant."""
        self._note_wait(live, step)
        if early is not None:
            return
        until_s = step.until_s
        for handle in step.handles:
            self._kernel.watch(handle, step.interest | COMPLETED if until_s is None else ANYTHING)
        if len(live.sent) > len(step.handles):
            self._watch(live, step.handles)
        if until_s is not None:
            self._wake_at(live, until_s)

    def _watch(self, live: ActiveRequest, besides: tuple[int, ...]) -> None:
        """Has everything announced of the attempts that may be waited for later."""
        for handle, _number, _target in live.sent:
            if handle not in live.over and handle not in besides:
                self._kernel.watch(handle, ANYTHING)

    def _note_wait(self, live: ActiveRequest, step: Await) -> None:
        """Writes down what is waited for."""
        kind = LoggedStep.WAIT_FIRST_TOKEN if step.interest & FIRST_TOKEN else LoggedStep.WAIT
        attempt = number_of(live, step.handles[0]) if len(step.handles) == 1 else -1
        until_s = nan if step.until_s is None else step.until_s
        self._note(live.request, self._clock.now, kind, attempt=attempt, until_s=until_s)

    def _wake_at(self, live: ActiveRequest, at_s: float) -> None:
        """Wakes the request at `at_s` if it still waits then."""
        number = live.wait_number

        def wake() -> None:
            if live.still_waits(number):
                live.wake(self._clock.now, self)

        self._clock.at(at_s, wake)

    def on_cancel(self, live: ActiveRequest, handle: int) -> None:
        """Gives an attempt up."""
        number = next((number for known, number, _target in live.sent if known == handle), -1)
        self._note(live.request, self._clock.now, LoggedStep.CANCEL, attempt=number)
        self._give_up(handle, number)

    def _verify(self, live: ActiveRequest, step: Verify) -> None:
        """Judges an answer: costs the verifier's money now, and tells its verdict after its time."""
        cost_usd = step.verifier.cost_usd
        self._journal.routing_usd[live.request] += cost_usd
        accepted = self._verification.accepts(live.request, target_of(live, step.handle), step.verifier)
        waits, attempt = live.wait_number, number_of(live, step.handle)
        self._note(live.request, self._clock.now, LoggedStep.VERIFY, attempt=attempt, cost_usd=cost_usd)
        verdict = LoggedStep.ACCEPTED if accepted else LoggedStep.REJECTED

        def tell() -> None:
            if live.still_waits(waits):
                self._note(live.request, self._clock.now, verdict, attempt=attempt)
                live.judge(self, accepted=accepted)

        self._watch(live, ())
        self._clock.at(self._clock.now + step.verifier.latency_s, tell)

    def on_completed(self, live: ActiveRequest, handle: int) -> None:
        """The attempt that was followed has answered."""
        self._winner[live.request] = number_of(live, handle)
        self.settle(live, RequestState.COMPLETED)

    def on_end(self, live: ActiveRequest, step: Terminal) -> None:
        """Settles the request as its steps say."""
        if isinstance(step, Finish):
            self._finish(live, step)
        elif isinstance(step, Fail):
            self._note(live.request, self._clock.now, LoggedStep.FAIL)
            self._journal.failure[live.request] = self._journal.reason_code(step.reason)
            self.settle(live, RequestState.FAILED)
        else:
            self._note(live.request, self._clock.now, LoggedStep.TURN_AWAY)
            self._journal.reason[live.request] = self._journal.reason_code(step.reason)
            self.settle(live, RequestState.REJECTED)

    def _finish(self, live: ActiveRequest, step: Finish) -> None:
        """Takes a completed attempt's answer as the request's, shown only now."""
        number = number_of(live, step.handle)
        self._note(live.request, self._clock.now, LoggedStep.FINISH, attempt=number)
        self._winner[live.request] = number
        self._journal.buffered[live.request] = True
        self.settle(live, RequestState.COMPLETED)

    def settle(self, live: ActiveRequest, state: RequestState) -> None:
        """Makes the request final now; attempts still under way are given up."""
        live.done = True
        live.steps.close()
        self._state[live.request] = state
        self._final_s[live.request] = self._clock.now
        if state == RequestState.TIMED_OUT:
            self._client_disconnected(live)
        elif state != RequestState.COMPLETED or len(live.sent) > 1:
            self.give_up(live)
        if self._caches_prefixes and state == RequestState.COMPLETED:
            self._keep_in_prefix_cache(live)
        if self._answer_listener is not None and state == RequestState.COMPLETED:
            self._answer_listener(live.request, self._answering(live))
        self._settled(live.request)

    def _keep_in_prefix_cache(self, live: ActiveRequest) -> None:
        """Lets the API that answered keep the conversation in its prefix cache."""
        meter = self.submission.meters[self._answering(live)]
        if meter is not None:
            meter.answered(live.request, self._clock.now)

    def _answering(self, live: ActiveRequest) -> int:
        """The target whose answer a completed request ended with."""
        won = self._winner[live.request]
        return next(target for _handle, number, target in live.sent if number == won)

    def abandon(self, live: ActiveRequest) -> None:
        """Stops a request's steps without making it final: its client will ask again."""
        live.close()
        self._winner[live.request] = -1
        self._client_disconnected(live)

    def _client_disconnected(self, live: ActiveRequest) -> None:
        """The client waits no longer for what is still under way."""
        self._journal.hung_up_on.extend(number for _handle, number, _target in live.sent)
        self.give_up(live)

    def give_up(self, live: ActiveRequest) -> None:
        """Cancels every attempt of the request that is still under way."""
        for handle, number, _target in live.sent:
            self._give_up(handle, number)

    def _give_up(self, handle: int, number: int) -> None:
        """Cancels an attempt if it is under way, and records when it was no longer waited for.

        That is so as well of an answer that has left the engine and is on its way.
        """
        under_way = self._kernel.cancel(handle, self._clock.now) != ALREADY_FINAL
        if number >= 0 and (under_way or self._kernel.is_unannounced(handle)):
            self._journal.given_up_s.setdefault(number, self._clock.now)

    def deliver(self, count: int) -> None:
        """Hands the kernel's events to the requests they concern.

        All are looked up first: what one request does may reuse the slot of another's attempt.
        """
        events = self._kernel.events(count)
        self._clock.jump(events[0][0])
        concerned = [self._by_slot[event[1] & SLOT_MASK] for event in events]
        for live, event in zip(concerned, events, strict=True):
            if live is not None and not live.done:
                self._route_event(live, event)

    def _route_event(self, live: ActiveRequest, event: tuple[float, int, int, int, float, int]) -> None:
        """Settles a followed request as `Execution.hear` would, but without an event; passes on the rest."""
        _at_s, handle, kind, reason, retry_after_s, seen = event
        if self._has_listener and kind != FIRST_TOKEN:
            self._attempt_listener(live, handle, kind == COMPLETED, ROUTER_REASON_NAMES[reason])
        if kind == COMPLETED and handle == live.followed:
            self.settle(live, RequestState.COMPLETED)
            return
        heard = Event(
            handle,
            EventKind(kind),
            self._clock.now,
            ROUTER_REASON_NAMES[reason],
            retry_after_s,
            bool(seen),
        )
        live.hear(heard, self)


def number_of(live: ActiveRequest, handle: int) -> int:
    """The attempt number behind a handle."""
    return next(number for known, number, _target in live.sent if known == handle)


def target_of(live: ActiveRequest, handle: int) -> int:
    """The target an attempt went to."""
    return next(target for known, _number, target in live.sent if known == handle)
