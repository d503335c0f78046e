"""Plays a request's steps against scripted outcomes: virtual time without a simulator.

For trying out policies and for tests; nothing here queues, so outcomes do not depend on load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf, nan
from typing import TYPE_CHECKING, Literal, TypeAlias

from router.host.execution import Execution
from router.steps import Await, Event, EventKind, Fail, Finish, Sleep, Start, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from router.decision import Decision
    from router.host.execution import Terminal, Wait
    from router.host.host import Host
    from router.host.progress import Begun, DecidedSteps
    from router.views.fleet import FleetView
    from router.views.request import RequestView

    EndState: TypeAlias = Literal["completed", "failed", "rejected", "timed_out"]

STEP_LIMIT = 1000
ATTEMPTS, TIMERS, CALLER = range(3)
"""What comes first at one instant: events of attempts, then timers and verdicts, then the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAttempt:
    """What happens to one attempt; times count from its start.

    `fails_with` is the reason of a failure at `ends_s`, or `None` for an answer, `right` or not.
    A failing attempt shows a first token only when `first_token_s` comes before its end.
    """

    first_token_s: float = 0.5
    ends_s: float = 2.0
    fails_with: str | None = None
    retry_after_s: float = nan
    right: bool = True


ANSWERS = ScriptedAttempt()


@dataclass(slots=True)
class _Attempt:
    """An attempt under way."""

    script: ScriptedAttempt
    start_s: float

    def events(self, handle: int) -> Iterator[Event]:
        """What happens to it: a first token, unless it fails before, and its end."""
        script, seen = self.script, self.script.first_token_s < self.script.ends_s
        token_s, end_s = self.start_s + script.first_token_s, self.start_s + script.ends_s
        if seen:
            yield Event(handle, EventKind.FIRST_TOKEN, token_s)
        if script.fails_with is None:
            yield Event(handle, EventKind.COMPLETED, end_s)
        else:
            yield Event(handle, EventKind.FAILED, end_s, script.fails_with, script.retry_after_s, seen)


@dataclass(slots=True)
class ScriptedRun:
    """What a request did: its steps with their instants, and how it ended.

    Attributes:
        scripts: by target name, what happens to successive attempts there; the last is repeated,
            and a target without a script answers as `ANSWERS`.
        steps: `(instant, step)`, in order.
        state: how the request ended.
        answer: handle of the attempt that gave the answer, or -1.
        now_s: the clock.
    """

    scripts: Mapping[str, Sequence[ScriptedAttempt]] = field(default_factory=dict)
    steps: list[tuple[float, Step]] = field(default_factory=list)
    state: EndState | None = None
    answer: int = -1
    now_s: float = 0.0
    _attempts: list[_Attempt] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)
    _agenda: list[tuple[float, int, int, Callable[[], None]]] = field(default_factory=list)
    _places: Iterator[int] = field(default_factory=count)

    def play(
        self, host: Host, request: RequestView, fleet: FleetView, *, hangs_up_s: float = inf
    ) -> ScriptedRun:
        """Plays the request at hand to its end; returns itself. The caller hangs up at `hangs_up_s`.

        Raises:
            AssertionError: the request does not end within a thousand steps, or waits for ever.
        """
        self._names = [target.name for target in fleet.targets]
        self.now_s = request.now_s
        _decision, steps = host.begin(request, fleet)
        execution = Execution(self._noted(steps))
        if hangs_up_s < inf:
            self._plan(hangs_up_s, CALLER, lambda: self._hang_up(execution))
        execution.begin(self)
        while self.state is None and self._agenda:
            at_s, _rank, _place, happen = heappop(self._agenda)
            self.now_s = max(self.now_s, at_s)
            happen()
        if self.state is None:
            message = "no end: the request waits for what never happens"
            raise AssertionError(message)
        return self

    def plain_steps(self) -> list[Step]:
        """The steps without their instants."""
        return [step for _, step in self.steps]

    def started(self) -> list[str]:
        """Names of the targets of all attempts, in order."""
        return [self._names[step.target] for _, step in self.steps if isinstance(step, Start)]

    def instant_s(self, execution: Execution) -> float:  # noqa: ARG002  (a `StepExecutor`; one request only)
        """The clock."""
        return self.now_s

    def on_start(self, execution: Execution, step: Start) -> int:
        """Begins an attempt, whose events are known beforehand; its handle is its number."""
        name = self._names[step.target]
        scripts = self.scripts.get(name) or (ANSWERS,)
        earlier = self.started()[:-1].count(name)
        attempt = _Attempt(scripts[min(earlier, len(scripts) - 1)], self.now_s)
        self._attempts.append(attempt)
        handle = len(self._attempts) - 1
        for event in attempt.events(handle):
            self._plan(event.now_s, ATTEMPTS, partial(execution.hear, event, self))
        return handle

    def on_cancel(self, execution: Execution, handle: int) -> None:
        """Drops further events of the attempt; nothing else is to be done."""

    def on_follow(self, execution: Execution, handle: int) -> None:
        """The attempt's end is on the agenda."""

    def on_decision(self, execution: Execution, decision: Decision | None) -> None:
        """The steps show what was decided."""

    def on_wait(self, execution: Execution, step: Wait, early: Event | None) -> None:
        """Sets the timer of a wait, or plans the verdict."""
        if early is not None:
            return
        number = execution.wait_number

        def come() -> None:
            if not execution.still_waits(number):
                return
            if isinstance(step, (Await, Sleep)):
                execution.wake(self.now_s, self)
            else:
                execution.judge(self, accepted=self._attempts[step.handle].script.right)

        if not isinstance(step, (Await, Sleep)):
            self._plan(self.now_s + step.verifier.latency_s, TIMERS, come)
        elif step.until_s is not None:
            self._plan(step.until_s, TIMERS, come)

    def on_completed(self, execution: Execution, handle: int) -> None:  # noqa: ARG002  (one request only)
        """The attempt that was followed has answered."""
        self.state, self.answer = "completed", handle

    def on_end(self, execution: Execution, step: Terminal) -> None:  # noqa: ARG002  (one request only)
        """The request is over as the step says."""
        if isinstance(step, Finish):
            self.state, self.answer = "completed", step.handle
        else:
            self.state = "failed" if isinstance(step, Fail) else "rejected"

    def _noted(self, steps: DecidedSteps) -> DecidedSteps:
        """The same steps, each noted with its instant."""
        reply = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as ended:
                later: Begun | None = ended.value
                return later and (later[0], self._noted(later[1]))
            self.steps.append((self.now_s, step))
            if len(self.steps) > STEP_LIMIT:
                message = f"no end after {STEP_LIMIT} steps"
                raise AssertionError(message)
            reply = yield step

    def _plan(self, at_s: float, rank: int, happen: Callable[[], None]) -> None:
        """Lets something happen at an instant."""
        heappush(self._agenda, (at_s, rank, next(self._places), happen))

    def _hang_up(self, execution: Execution) -> None:
        """The caller waits no longer."""
        execution.close()
        self.state = "timed_out"
