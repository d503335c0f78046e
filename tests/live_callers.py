"""For tests: a caller of a live router that does what it is told and reports everything that happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import TYPE_CHECKING

from router.steps import Await, Cancel, Event, EventKind, Fail, Finish, Sleep, Start, TurnAway, Verify
from router.testing.scripted_run import ANSWERS, ScriptedAttempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from router.host.live import LiveRouter, RouterReply
    from router.views.stated import StatedRequest

ATTEMPTS, TIMERS, CALLER = range(3)


@dataclass(slots=True)
class LiveCaller:
    """Plays one request at a time against scripted outcomes: reports tokens, ends, timers and verdicts.

    `waits` is the step it was told to wait for last: it reports a timer or a verdict only of that one.
    """

    scripts: Mapping[str, Sequence[ScriptedAttempt]] = field(default_factory=dict)
    now_s: float = 0.0
    state: str | None = None
    answer: int = -1
    targets: list[str] = field(default_factory=list)
    over: set[int] = field(default_factory=set)
    _agenda: list[tuple[float, int, int, Callable[[], RouterReply | None]]] = field(default_factory=list)
    _places: Iterator[int] = field(default_factory=count)
    _waits: object = None

    def play(
        self, live: LiveRouter, asked: StatedRequest, candidates: tuple[int, ...], hangs_up_s: float = inf
    ) -> LiveCaller:
        """Plays the request to its end; a caller that hangs up never reports again, and is forgotten."""
        self.now_s = asked.now_s
        self._obey(live, live.decide(asked, candidates, ""))
        while self.state is None:
            assert self._agenda, "the request waits for what never happens"
            at_s, _rank, _place, report = heappop(self._agenda)
            self.now_s = max(self.now_s, at_s)
            if self.now_s >= hangs_up_s:
                self.now_s, self.state = hangs_up_s, "timed_out"
                return self
            answer = report()
            if answer is not None:
                self._obey(live, answer)
        return self

    def started(self) -> list[str]:
        """Names of the targets of all attempts, in order."""
        return self.targets

    def _obey(self, live: LiveRouter, answer: RouterReply) -> None:
        """Does what an answer says."""
        for told in answer.steps:
            match told.step:
                case Start():
                    self._start(live, answer.request, told.step, told.attempt)
                case Cancel(handle):
                    self.over.add(handle)
                case Finish(handle):
                    self.state, self.answer = "completed", handle
                case Fail():
                    self.state = "failed"
                case TurnAway():
                    self.state = "rejected"
                case _:
                    self._wait(live, answer.request, told.step)

    def _start(self, live: LiveRouter, request: int, step: Start, attempt: int) -> None:
        """Begins an attempt, whose events are known beforehand."""
        name = live.fleet.targets[step.target].name
        scripts = self.scripts.get(name) or (ANSWERS,)
        script = scripts[min(self.targets.count(name), len(scripts) - 1)]
        self.targets.append(name)
        assert len(self.targets) == attempt + 1
        token_s, end_s = self.now_s + script.first_token_s, self.now_s + script.ends_s
        seen = script.first_token_s < script.ends_s
        if seen:
            first = Event(attempt, EventKind.FIRST_TOKEN, token_s)
            self._plan(token_s, ATTEMPTS, lambda: self._report(attempt, lambda: live.report(request, first)))
        kind = EventKind.COMPLETED if script.fails_with is None else EventKind.FAILED
        hint_s = script.retry_after_s
        end = Event(
            attempt, kind, end_s, script.fails_with or "", hint_s, script.fails_with is not None and seen
        )
        self._plan(end_s, ATTEMPTS, lambda: self._report(attempt, lambda: live.end(request, end)))

    def _report(self, attempt: int, report: Callable[[], RouterReply]) -> RouterReply | None:
        """Reports an attempt's event, unless it was given up."""
        return None if attempt in self.over else report()

    def _wait(self, live: LiveRouter, request: int, step: object) -> None:
        """Sets a timer where the step has an end, or judges after the verifier's time."""
        self._waits = token = [step]
        if isinstance(step, Verify):
            right = self._script_of(step.handle).right
            report = lambda: live.judge(request, accepted=right, now_s=self.now_s)
            self._plan(self.now_s + step.verifier.latency_s, TIMERS, lambda: self._come(token, report))
        elif isinstance(step, (Await, Sleep)) and step.until_s is not None:
            report = lambda: live.report(request, Event(-1, EventKind.TIMER, self.now_s))
            self._plan(step.until_s, TIMERS, lambda: self._come(token, report))

    def _come(self, token: object, report: Callable[[], RouterReply]) -> RouterReply | None:
        """Reports a timer or a verdict, unless something else was told to wait for since."""
        return report() if self._waits is token else None

    def _script_of(self, attempt: int) -> ScriptedAttempt:
        """The script of an attempt."""
        name = self.targets[attempt]
        scripts = self.scripts.get(name) or (ANSWERS,)
        return scripts[min(self.targets[:attempt].count(name), len(scripts) - 1)]

    def _plan(self, at_s: float, rank: int, report: Callable[[], RouterReply | None]) -> None:
        """Lets something be reported at an instant."""
        heappush(self._agenda, (at_s, rank, next(self._places), report))
