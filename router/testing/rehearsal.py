"""Plays a request's steps against scripted outcomes: virtual time without a simulator.

For trying out policies and for tests; nothing here queues, so outcomes do not depend on load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan
from typing import TYPE_CHECKING, Literal, TypeAlias

from router.steps import (
    Await,
    Cancel,
    Event,
    EventKind,
    Fail,
    Finish,
    Follow,
    Sleep,
    Start,
    Step,
    TurnAway,
    Verify,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.host.host import Host
    from router.steps import Reply
    from router.views.fleet import FleetView
    from router.views.request import RequestView

    EndState: TypeAlias = Literal["completed", "failed", "rejected"]

STEP_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """What happens to one attempt; times count from its start.

    `fails_with` is the reason of a failure at `ends_s`, or `None` for an answer, `right` or not.
    A failing attempt shows a first token only when `first_token_s` comes before its end.
    """

    first_token_s: float = 0.5
    ends_s: float = 2.0
    fails_with: str | None = None
    retry_after_s: float = nan
    right: bool = True


ANSWERS = Scripted()


@dataclass(slots=True)
class _Attempt:
    """An attempt under way."""

    script: Scripted
    start_s: float
    token_heard: bool = False

    @property
    def first_token_s(self) -> float:
        """Instant of the first token; infinite where there is none."""
        early = self.script.first_token_s < self.script.ends_s
        if self.script.fails_with is not None and not early:
            return inf
        return self.start_s + self.script.first_token_s

    @property
    def end_s(self) -> float:
        """Instant of its end."""
        return self.start_s + self.script.ends_s


@dataclass(slots=True)
class Rehearsal:
    """What a request did: its steps with their instants, and how it ended.

    Attributes:
        scripts: by target name, what happens to successive attempts there; the last is repeated,
            and a target without a script answers as `ANSWERS`.
        steps: `(instant, step)`, in order.
        state: how the request ended.
        answer: handle of the attempt that gave the answer, or -1.
        now_s: the clock.
    """

    scripts: Mapping[str, Sequence[Scripted]] = field(default_factory=dict)
    steps: list[tuple[float, Step]] = field(default_factory=list)
    state: EndState | None = None
    answer: int = -1
    now_s: float = 0.0
    _attempts: list[_Attempt] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)

    def play(self, host: Host, request: RequestView, fleet: FleetView) -> Rehearsal:
        """Plays the request at hand to its end; returns itself.

        Raises:
            AssertionError: the request does not end within a thousand steps.
        """
        self._names = [target.name for target in fleet.targets]
        self.now_s = request.now_s
        running = host.steps(request, fleet)
        reply: Reply = None
        for _ in range(STEP_LIMIT):
            step = running.send(reply)
            self.steps.append((self.now_s, step))
            reply = self._execute(step)
            if self.state is not None:
                running.close()
                return self
        message = f"no end after {STEP_LIMIT} steps"
        raise AssertionError(message)

    def plain_steps(self) -> list[Step]:
        """The steps without their instants."""
        return [step for _, step in self.steps]

    def started(self) -> list[str]:
        """Names of the targets of all attempts, in order."""
        return [self._names[step.target] for _, step in self.steps if isinstance(step, Start)]

    def _execute(self, step: Step) -> Reply:
        """Carries a step out and gives its reply."""
        match step:
            case Start():
                handle = self._start(step)
                return self._follow(Follow(handle)) if step.follow else handle
            case Await():
                return self._await(step)
            case Follow():
                return self._follow(step)
            case Verify():
                self.now_s += step.verifier.latency_s
                return self._attempts[step.handle].script.right
            case Sleep():
                self.now_s = max(self.now_s, step.until_s)
            case Finish():
                self.state, self.answer = "completed", step.handle
            case Fail():
                self.state = "failed"
            case TurnAway():
                self.state = "rejected"
            case Cancel():
                pass
        return None

    def _start(self, step: Start) -> int:
        """Begins an attempt; its handle is its number."""
        name = self._names[step.target]
        scripts = self.scripts.get(name) or (ANSWERS,)
        earlier = self.started()[:-1].count(name)
        script = scripts[min(earlier, len(scripts) - 1)]
        self._attempts.append(_Attempt(script, self.now_s))
        return len(self._attempts) - 1

    def _await(self, step: Await) -> Event:
        """The next event of interest on any of the handles, or the timer."""
        coming = [self._next(handle, step.interest) for handle in step.handles]
        event = min(coming, key=lambda found: found.now_s)
        if step.until_s is not None and step.until_s < event.now_s:
            event = Event(-1, EventKind.TIMER, step.until_s)
        self.now_s = max(self.now_s, event.now_s)
        if event.kind is EventKind.FIRST_TOKEN:
            self._attempts[event.handle].token_heard = True
        return event

    def _next(self, handle: int, interest: int) -> Event:
        """The first event of interest on one handle that was not heard yet."""
        attempt = self._attempts[handle]
        wants_token = bool(interest & EventKind.FIRST_TOKEN) and not attempt.token_heard
        if wants_token and attempt.first_token_s < attempt.end_s:
            return Event(handle, EventKind.FIRST_TOKEN, max(self.now_s, attempt.first_token_s))
        return self._end(handle)

    def _end(self, handle: int) -> Event:
        """The event with which an attempt ends."""
        attempt, end_s = self._attempts[handle], max(self.now_s, self._attempts[handle].end_s)
        script = attempt.script
        if script.fails_with is None:
            return Event(handle, EventKind.COMPLETED, end_s)
        seen = attempt.first_token_s < attempt.end_s
        return Event(handle, EventKind.FAILED, end_s, script.fails_with, script.retry_after_s, seen)

    def _follow(self, step: Follow) -> Event | None:
        """Ends the request with the attempt, or gives the event of its failure."""
        event = self._end(step.handle)
        self.now_s = event.now_s
        if event.kind is EventKind.FAILED:
            return event
        self.state, self.answer = "completed", step.handle
        return None
