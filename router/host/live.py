"""Hosts a policy in front of live traffic: keeps its loads, its requests under way and its clock.

The service executes nothing itself: the caller receives the host's steps and reports what happened.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING

import numpy as np

from router.decision import Decision
from router.host.execution import Execution
from router.outcome import Feedback, Outcome
from router.steps import Cancel, Event, EventKind, Finish, Follow, Step, TurnAway
from router.views.fleet import FleetView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from router.host.execution import Terminal, Wait
    from router.host.host import Host
    from router.host.progress import DecidedSteps
    from router.steps import Start
    from router.views.fleet import Target
    from router.views.stated import StatedRequest

EXPIRE_AFTER_S = 600.0
MOST_OPEN = 100_000
MOST_REASONS = 1_000
KEYS = 2**53
"""Requests have a random number below this: it cannot be guessed, and JavaScript holds it exactly."""


@dataclass(frozen=True, slots=True)
class IssuedStep:
    """A step as the caller receives it; `attempt` is the number of the attempt that a start begins."""

    step: Step
    attempt: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterReply:
    """What a decision or a report leads to: the decision, if one was taken, and what to do."""

    request: int
    decision: Decision | None
    steps: list[IssuedStep]


class OpenRequest(Execution):
    """A request under way, and its attempts.

    `key` is what its owner, the tenant that asked, calls it; `number` counts decisions. `targets` are by
    attempt number, as are the instants `started_s`; `running` are the attempts that have not ended,
    `first_token_s` counts from the decision. `issued` and `decision` are the answer to the call being
    served, which came at `now_s` by the caller's clock.
    """

    def __init__(
        self,
        steps: DecidedSteps,
        *,
        key: int,
        owner: str,
        number: int,
        decided_s: float,
        opened_s: float,
        decision: Decision | None,
        prompt_token_count: int = 0,
    ) -> None:
        """No attempt was made yet."""
        super().__init__(steps)
        self.key, self.owner, self.number = key, owner, number
        self.prompt_token_count = prompt_token_count
        self.decided_s, self.opened_s, self.now_s = decided_s, opened_s, decided_s
        self.targets: list[int] = []
        self.started_s: list[float] = []
        self.running: set[int] = set()
        self.first_token_s: dict[int, float] = {}
        self.issued: list[IssuedStep] = []
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that ended with an answer of which it is not known yet whether it was right."""

    owner: str
    number: int
    target: str


class UnknownRequestError(LookupError):
    """A request that is not under way."""


class LiveRouter:
    """A host, its fleet as reports and measurements tell it, and its requests under way.

    An attempt is outstanding from the step that starts it to the report of its end, or to its
    cancellation. A request without any report is forgotten after a while.
    """

    def __init__(
        self,
        host: Host,
        targets: Sequence[Target],
        *,
        expire_after_s: float = EXPIRE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Stands before an idle fleet; its clock begins now."""
        self.host = host
        self.expire_after_s = expire_after_s
        self.decided_count = self.expired_count = 0
        self.decisions: dict[str, int] = {}
        loads = (np.zeros(len(targets), np.int64) for _ in range(3))
        names = ("outstanding", "waiting", "running")
        self.fleet = FleetView(
            targets, **dict(zip(names, loads, strict=True)), kv_usage_ratio=np.zeros(len(targets))
        )
        self._clock = clock
        self._began_s = clock()
        self._open: dict[int, OpenRequest] = {}
        self._answered: dict[int, Answered] = {}

    @property
    def now_s(self) -> float:
        """Seconds since it was made."""
        return self._clock() - self._began_s

    @property
    def open_request_count(self) -> int:
        """Requests under way."""
        return len(self._open)

    def next_number(self) -> int:
        """The number that the next request to be decided gets, from 0."""
        return self.decided_count

    def decide(
        self, request: StatedRequest, candidates: tuple[int, ...], no_candidates_reason: str, owner: str = ""
    ) -> RouterReply:
        """What to do with an owner's request; `no_candidates_reason` says why there are no candidates.

        Raises:
            PolicyFailedError: the policy raised, or decided what cannot be done; chained.
        """
        self.expire()
        number = self.decided_count
        self.decided_count += 1
        key = secrets.randbelow(KEYS)
        if not candidates:
            return self._rejection(key, no_candidates_reason)
        fleet = self.fleet
        fleet.candidates, fleet.permitted, fleet.seen_s = candidates, None, request.now_s
        decision, steps = self.host.begin(request, fleet)
        open_request = OpenRequest(
            steps,
            key=key,
            owner=owner,
            number=number,
            decided_s=request.now_s,
            opened_s=self.now_s,
            decision=decision,
            prompt_token_count=request.prompt_token_count,
        )
        self._open[key] = open_request
        return self._advance(open_request, lambda: open_request.begin(self))

    def report(self, key: int, event: Event, owner: str = "") -> RouterReply:
        """What to do after something happened to an attempt, or the time waited for has come.

        Raises:
            UnknownRequestError: no such request is under way.
            PolicyFailedError: the policy raised, or decided what cannot be done; chained.
        """
        open_request = self._found(key, owner)
        open_request.now_s = event.now_s
        if event.kind is EventKind.TIMER:
            return self._advance(open_request, lambda: open_request.wake(event.now_s, self))
        if event.kind is EventKind.FIRST_TOKEN and event.handle in open_request.running:
            open_request.first_token_s.setdefault(event.handle, event.now_s - open_request.decided_s)
        return self._on_attempt_event(open_request, event)

    def end(
        self, key: int, event: Event, output_token_count: int = 0, ttft_s: float = nan, owner: str = ""
    ) -> RouterReply:
        """The same for the end of an attempt, with what a learning policy receives of it.

        Raises:
            UnknownRequestError: no such request is under way.
            PolicyFailedError: the policy raised, or decided what cannot be done; chained.
        """
        open_request = self._found(key, owner)
        open_request.now_s = event.now_s
        if event.handle not in open_request.running:
            return RouterReply(request=key, decision=None, steps=[])
        self._release(open_request, event.handle)
        self._report_end(
            open_request, event, output_token_count, open_request.first_token_s.get(event.handle, ttft_s)
        )
        return self._advance(open_request, lambda: open_request.hear(event, self))

    def judge(self, key: int, *, accepted: bool, now_s: float = nan, owner: str = "") -> RouterReply:
        """The same for a verdict; one that is not waited for changes nothing.

        Raises:
            UnknownRequestError: no such request is under way.
            PolicyFailedError: the policy raised, or decided what cannot be done; chained.
        """
        open_request = self._found(key, owner)
        open_request.now_s = now_s if isfinite(now_s) else open_request.now_s
        return self._advance(open_request, lambda: open_request.judge(self, accepted=accepted))

    def assess(self, key: int, *, correct: bool, now_s: float, owner: str = "") -> RouterReply:
        """Tells a policy that learns from feedback whether a request's answer was right; once a request.

        Raises:
            UnknownRequestError: no such request of the owner ended with an answer, or it was forgotten.
            PolicyFailedError: the policy raised; chained.
        """
        answered = self._answered.get(key)
        if answered is None or answered.owner != owner:
            raise UnknownRequestError(f"no answer to a request {key} waits for feedback")
        del self._answered[key]
        self.host.observe_feedback(
            Feedback(request_index=answered.number, target=answered.target, received_s=now_s, correct=correct)
        )
        return RouterReply(request=key, decision=None, steps=[])

    def first_token_seen(self, key: int, attempt: int, owner: str = "") -> bool:
        """Whether the first token of an attempt was reported."""
        return attempt in self._found(key, owner).first_token_s

    def measured(
        self, index: int, outstanding: int, waiting: int, running: int, kv_usage_ratio: float | None
    ) -> None:
        """Takes over a target's measured load; later starts and ends count from there."""
        fleet = self.fleet
        fleet.outstanding[index], fleet.waiting[index], fleet.running[index] = outstanding, waiting, running
        if kv_usage_ratio is not None:
            fleet.kv_usage_ratio[index] = kv_usage_ratio

    def _rejection(self, key: int, reason: str) -> RouterReply:
        """A request that no target may serve."""
        self._count(reason)
        decision = Decision.reject(reason=reason)
        return RouterReply(request=key, decision=decision, steps=[IssuedStep(TurnAway(reason))])

    def _found(self, key: int, owner: str) -> OpenRequest:
        """The owner's request of that key; other owners' requests do not exist."""
        open_request = self._open.get(key)
        if open_request is None or open_request.owner != owner:
            raise UnknownRequestError(f"no request {key} is under way; it is over, or was forgotten")
        return open_request

    def instant_s(self, open_request: OpenRequest) -> float:
        """When the call being served came, by the caller's clock."""
        return open_request.now_s

    def on_start(self, open_request: OpenRequest, step: Start) -> int:
        """Counts a new attempt; its number."""
        attempt = len(open_request.targets)
        open_request.targets.append(step.target)
        open_request.started_s.append(open_request.now_s)
        open_request.running.add(attempt)
        self.fleet.outstanding[step.target] += 1
        self.fleet.running[step.target] += 1
        open_request.issued.append(IssuedStep(step, attempt))
        return attempt

    def on_cancel(self, open_request: OpenRequest, attempt: int) -> None:
        """An attempt is given up: it is outstanding no more."""
        self._release(open_request, attempt)
        open_request.issued.append(IssuedStep(Cancel(attempt)))

    def on_follow(self, open_request: OpenRequest, attempt: int) -> None:
        """The caller is to report the attempt's end."""
        open_request.issued.append(IssuedStep(Follow(attempt)))

    def on_wait(self, open_request: OpenRequest, step: Wait, early: Event | None) -> None:
        """The caller is to report what is waited for, unless it did so before."""
        if early is None:
            open_request.issued.append(IssuedStep(step))

    def on_completed(self, open_request: OpenRequest, attempt: int) -> None:
        """The attempt that was followed has answered."""
        self._keep_answered(open_request, attempt)
        open_request.issued.append(IssuedStep(Finish(attempt)))

    def on_end(self, open_request: OpenRequest, step: Terminal) -> None:
        """The request is over as the step says."""
        if isinstance(step, Finish):
            self._keep_answered(open_request, step.handle)
        open_request.issued.append(IssuedStep(step))

    def on_decision(self, open_request: OpenRequest, decision: Decision | None) -> None:
        """The policy was asked again after a deferral."""
        open_request.decision = decision

    def _on_attempt_event(self, open_request: OpenRequest, event: Event) -> RouterReply:
        """What an attempt's event leads to."""
        return self._advance(open_request, lambda: open_request.hear(event, self))

    def _advance(self, open_request: OpenRequest, drive: Callable[[], None]) -> RouterReply:
        """What driving a request leads to: the decision, if one was taken, and the steps since."""
        try:
            drive()
        except BaseException:
            self._close(open_request)
            raise
        if open_request.done:
            self._close(open_request)
        issued, open_request.issued = open_request.issued, []
        decision, open_request.decision = open_request.decision, None
        if decision is not None:
            self._count(decision.reason)
        return RouterReply(request=open_request.key, decision=decision, steps=issued)

    def _release(self, open_request: OpenRequest, attempt: int) -> None:
        """An attempt is outstanding no more."""
        if attempt in open_request.running:
            open_request.running.remove(attempt)
            target, fleet = open_request.targets[attempt], self.fleet
            fleet.outstanding[target] = max(fleet.outstanding[target] - 1, 0)
            fleet.running[target] = max(fleet.running[target] - 1, 0)

    def _report_end(
        self, open_request: OpenRequest, event: Event, output_token_count: int, ttft_s: float
    ) -> None:
        """Tells cooldown rules that count, and policies that learn, of the end of an attempt."""
        target, completed = open_request.targets[event.handle], event.kind is EventKind.COMPLETED
        if completed and self.host.counts_outcomes:
            self.host.succeeded(target, event.now_s, open_request.started_s[event.handle])
        if self.host.learns:
            outcome = Outcome(
                request_index=open_request.number,
                target=self.fleet.targets[target].name,
                finished_s=event.now_s,
                completed=completed,
                reason=event.reason,
                ttft_s=ttft_s if completed else nan,
                e2e_s=event.now_s - open_request.decided_s,
                output_token_count=output_token_count if completed else 0,
                started_s=open_request.started_s[event.handle],
                prompt_token_count=open_request.prompt_token_count,
            )
            self.host.observe(outcome)

    def _keep_answered(self, open_request: OpenRequest, attempt: int) -> None:
        """Remembers who answered, where the policy wants to hear more of it; the oldest is forgotten."""
        if not self.host.takes_feedback:
            return
        target = self.fleet.targets[open_request.targets[attempt]].name
        self._answered[open_request.key] = Answered(open_request.owner, open_request.number, target)
        if len(self._answered) > MOST_OPEN:
            del self._answered[next(iter(self._answered))]

    def _close(self, open_request: OpenRequest) -> None:
        """The request is over; attempts still running are outstanding no more."""
        self._open.pop(open_request.key, None)
        open_request.close()
        for attempt in tuple(open_request.running):
            self._release(open_request, attempt)

    def _count(self, reason: str) -> None:
        """Counts a decision by its reason."""
        if reason in self.decisions or len(self.decisions) < MOST_REASONS:
            self.decisions[reason] = self.decisions.get(reason, 0) + 1

    def expire(self) -> None:
        """Forgets requests without reports, and the oldest where there are too many."""
        latest_s = self.now_s - self.expire_after_s
        while self._open:
            oldest = next(iter(self._open.values()))
            if oldest.opened_s > latest_s and len(self._open) < MOST_OPEN:
                return
            self.expired_count += 1
            self._close(oldest)
