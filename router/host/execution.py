"""One request under way: the rules by which its steps are carried out, on any clock. Sans-I/O.

The simulator in virtual time, the live router by its callers' reports and a rehearsal by its script
drive the same loop. Its rules:

* `Start` and `Cancel` take no time: the next step is asked for at once.
* `Await` is over with the first event of interest of one of its attempts, or at its instant; a failure
  is always of interest. `Sleep` and `Verify` receive no attempt's events.
* What happens while nothing waits for it is kept. The next step that waits for it hears of it at
  once, the earliest first, as of the instant at which it hears.
* Every event is heard once. Nothing more is heard of an attempt that was cancelled or whose end was heard.
* A followed attempt ends its request when it completes, or at once where it had completed before.
* `Finish`, `Fail` and `TurnAway` end the request. Whoever executes then gives up what still runs.
* Nothing is heard after the end, nor after the caller hung up; the steps are closed at that instant.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from router.steps import TERMINAL, Await, Cancel, Event, EventKind, Follow, Sleep, Start, Verify

if TYPE_CHECKING:
    from typing import Self

    from router.decision import Decision
    from router.host.progress import Begun, DecidedSteps
    from router.steps import Fail, Finish, Reply, Step, TurnAway

    Wait: TypeAlias = Await | Sleep | Verify
    Terminal: TypeAlias = Finish | Fail | TurnAway

E_contra = TypeVar("E_contra", bound="Execution", contravariant=True)
NO_ATTEMPT = -1
COMPLETED = EventKind.COMPLETED
ENDS = EventKind.COMPLETED | EventKind.FAILED
WAITS = object()
"""What stands for a reply that has yet to come."""


class StepExecutor(Protocol[E_contra]):
    """Whoever has a clock and can start attempts; is called as the steps demand it.

    An executor reports through `Execution.hear`, `wake`, `judge` and `close`; of attempts that still run
    it reports every event that happens while a step waits, wanted or not.
    """

    def instant_s(self, execution: E_contra) -> float:
        """The time it is for this request."""
        ...

    def on_start(self, execution: E_contra, step: Start) -> int:
        """Begins an attempt; returns its handle."""
        ...

    def on_cancel(self, execution: E_contra, handle: int) -> None:
        """Gives an attempt up, if it still runs."""
        ...

    def on_follow(self, execution: E_contra, handle: int) -> None:
        """The request will end as this attempt ends."""
        ...

    def on_wait(self, execution: E_contra, step: Wait, early: Event | None) -> None:
        """A step waits: for what is reported later, or for nothing where an `early` event answers it."""
        ...

    def on_completed(self, execution: E_contra, handle: int) -> None:
        """The request is over, answered by the attempt it followed."""
        ...

    def on_end(self, execution: E_contra, step: Terminal) -> None:
        """The request is over as the step says."""
        ...

    def on_decision(self, execution: E_contra, decision: Decision | None) -> None:
        """The policy was asked again after a deferral, and decided this."""
        ...


class Execution:
    """One request's steps, what they wait for, and events not delivered yet.

    Attributes:
        steps: the host's generator.
        done: whether the request is over for the router.
        followed: handle of the attempt that the request ends with, -1 for none.
        waits: the step that is waited for; None while following, and before the first.
        wait_number: counts waits, so that a timer set for an earlier one is known to be stale.
        early: events that nothing has waited for yet, in their order.
        over: attempts without further events.
        completed: those of them whose completion was delivered.
    """

    done = False
    followed = NO_ATTEMPT
    waits: Wait | None = None
    wait_number = 0
    early: tuple[Event, ...] = ()
    over: tuple[int, ...] = ()
    completed: tuple[int, ...] = ()

    def __init__(self, steps: DecidedSteps) -> None:
        """Nothing was asked of the steps yet."""
        self.steps = steps

    def begin(self, executor: StepExecutor[Self]) -> None:
        """Carries steps out until one waits or the request is over; a plain send takes the short way."""
        try:
            step = self.steps.send(None)
        except StopIteration as ended:
            self._decide_later(ended.value, executor)
            return
        if isinstance(step, Start) and step.follow:
            self.followed = handle = executor.on_start(self, step)
            executor.on_follow(self, handle)
        else:
            self._go_on(step, executor)

    def hear(self, event: Event, executor: StepExecutor[Self]) -> None:
        """An attempt's event: it ends the request, is what was waited for, is kept, or is dropped."""
        if self.done or event.handle in self.over:
            return
        if event.kind is COMPLETED and event.handle == self.followed:
            self._complete(event.handle, executor)
        elif self._wants(event):
            self._resume(self._heard(event), executor)
        else:
            self.early = (*self.early, event)

    def wake(self, now_s: float, executor: StepExecutor[Self]) -> None:
        """The instant that was waited for has come; changes nothing where none was."""
        waits = None if self.done else self.waits
        if isinstance(waits, Sleep):
            self._resume(None, executor)
        elif isinstance(waits, Await) and waits.until_s is not None:
            self._resume(Event(NO_ATTEMPT, EventKind.TIMER, now_s), executor)

    def judge(self, executor: StepExecutor[Self], *, accepted: bool) -> None:
        """A verdict; changes nothing where none was waited for."""
        if isinstance(self.waits, Verify) and not self.done:
            self._resume(accepted, executor)

    def close(self) -> None:
        """The request is over, or its caller hung up: no further events."""
        self.done = True
        self.steps.close()

    def still_waits(self, number: int) -> bool:
        """Whether the wait of that number goes on."""
        return self.wait_number == number and not self.done

    def _resume(self, reply: Reply, executor: StepExecutor[Self]) -> None:
        """What was waited for has come."""
        self.wait_number += 1
        self.waits = None
        self.followed = NO_ATTEMPT
        self._request_decision(reply, executor)

    def _request_decision(self, reply: Reply, executor: StepExecutor[Self]) -> None:
        """Has the steps answer a reply with the next step."""
        try:
            step = self.steps.send(reply)
        except StopIteration as ended:
            self._decide_later(ended.value, executor)
        else:
            self._go_on(step, executor)

    def _go_on(self, step: Step, executor: StepExecutor[Self]) -> None:
        """Carries out a step and those after it, until one waits or the request is over."""
        try:
            while (reply := self._carry_out(step, executor)) is not WAITS:
                step = self.steps.send(reply)  # type: ignore[arg-type]  # what is not `WAITS` is a reply
        except StopIteration as ended:
            self._decide_later(ended.value, executor)

    def _decide_later(self, later: Begun | None, executor: StepExecutor[Self]) -> None:
        """The steps are over: with what was decided after a deferral, or for good."""
        if later is None:
            self.done = True
            return
        decision, self.steps = later
        executor.on_decision(self, decision)
        self._request_decision(None, executor)

    def _carry_out(self, step: Step, executor: StepExecutor[Self]) -> object:
        """The reply to a step, or `WAITS`."""
        if isinstance(step, Start):
            handle = executor.on_start(self, step)
            return self._follow(handle, executor) if step.follow else handle
        if isinstance(step, Follow):
            return self._follow(step.handle, executor)
        if isinstance(step, Cancel):
            self._forget(step.handle)
            executor.on_cancel(self, step.handle)
            return None
        if isinstance(step, TERMINAL):
            self.close()
            executor.on_end(self, step)
            return WAITS
        return self._wait(step, executor)  # type: ignore[arg-type]  # no other step is left

    def _wait(self, step: Wait, executor: StepExecutor[Self]) -> object:
        """Lets a step wait, unless an early event answers it."""
        self.waits = step
        early = self._early_event(executor)
        executor.on_wait(self, step, early)
        if early is None:
            return WAITS
        self.waits = None
        return early

    def _follow(self, handle: int, executor: StepExecutor[Self]) -> object:
        """Follows an attempt, which may have ended before."""
        self.followed = handle
        early = self._early_event(executor)
        if handle in self.completed or (early is not None and early.kind is COMPLETED):
            self._complete(handle, executor)
        elif early is None:
            executor.on_follow(self, handle)
        else:
            self.followed = NO_ATTEMPT
            return early
        return WAITS

    def _early_event(self, executor: StepExecutor[Self]) -> Event | None:
        """The first event that was kept for what waits now, delivered now; None where there is none."""
        early = next((event for event in self.early if self._wants(event)), None)
        if early is None:
            return None
        self.early = tuple(event for event in self.early if event is not early)
        return self._heard(replace(early, now_s=max(early.now_s, executor.instant_s(self))))

    def _wants(self, event: Event) -> bool:
        """Whether an attempt's event is what is waited for."""
        if isinstance(self.waits, Await):
            interest = self.waits.interest | EventKind.FAILED
            return bool(event.kind & interest) and event.handle in self.waits.handles
        return event.handle == self.followed and bool(event.kind & ENDS)

    def _heard(self, event: Event) -> Event:
        """The event; after an end there are no further ones of its attempt."""
        if event.kind & ENDS:
            self._forget(event.handle)
        if event.kind is COMPLETED:
            self.completed = (*self.completed, event.handle)
        return event

    def _forget(self, handle: int) -> None:
        """Drops further events of an attempt."""
        self.over = (*self.over, handle)
        self.early = tuple(event for event in self.early if event.handle != handle)

    def _complete(self, handle: int, executor: StepExecutor[Self]) -> None:
        """The followed attempt has completed."""
        self.close()
        executor.on_completed(self, handle)
