"""An asyncio loop whose time is given to it: it jumps from timer to timer and never waits."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    Timers = list[tuple[float, int, asyncio.TimerHandle]]

Ts = TypeVarTuple("Ts")
REQUEST: ContextVar[int] = ContextVar("REQUEST")
"""The request that what runs now belongs to; tasks and timers inherit it."""
RESOLUTION_S = 1e-9
"""A timer so close ahead is due: sums of seconds round, and asyncio's own loop does the same."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs what is ready, then what is due, in the order of instants; `advance` is its only clock.

    Work for other threads is done at once instead: a loop whose time can jump must never owe an answer
    to a thread.
    """

    def __init__(self, moved: Callable[[float], None]) -> None:
        """Begins at 0.0; `moved` is told every instant that the clock jumps to."""
        super().__init__()
        self._moved = moved
        self._now_s = self._until_s = 0.0
        self._numbers = count()
        self._timers: Timers = []
        self._own_timers: dict[int, Timers] = {}
        self._poll = self._selector.select  # type: ignore[attr-defined]  # asyncio's own selector, private
        self._selector.select = self._select  # type: ignore[attr-defined]  # as above

    def time(self) -> float:
        """Virtual time."""
        return self._now_s

    def advance(self, until_s: float) -> None:
        """Runs everything that is due by `until_s`, which becomes the time; the past is the present."""
        self._until_s = until_s
        self.run_forever()

    def next_timer_s(self, request: int) -> float | None:
        """The next instant at which something of the request is due; None without one."""
        timers = self._own_timers.get(request)
        return None if timers is None else self._next_of(timers)

    def forget(self, request: int) -> None:
        """Nobody asks for the request's timers any more."""
        self._own_timers.pop(request, None)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """A timer, remembered with the request it was set for."""
        handle = super().call_at(when, callback, *args, context=context)
        entry = (when, next(self._numbers), handle)
        heappush(self._timers, entry)
        request = REQUEST.get(-1) if context is None else context.get(REQUEST, -1)
        if request >= 0:
            heappush(self._own_timers.setdefault(request, []), entry)
        return handle

    def run_in_executor(  # type: ignore[override]  # a future already done is a future
        self, executor: object, func: Callable[..., object], *args: object
    ) -> asyncio.Future[object]:
        """The function's result, worked out now and here."""
        del executor
        future: asyncio.Future[object] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  (as an executor keeps it)
            future.set_exception(error)
        return future

    def _select(self, timeout: float | None = None) -> object:
        """What is ready; where nothing is, the clock jumps to the next timer, or the advance is over."""
        events = self._poll(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        due_s = self._next_of(self._timers)
        if due_s is not None and due_s <= self._until_s + RESOLUTION_S:
            self._jump(min(due_s, self._until_s))
        else:
            self._jump(self._until_s)
            self.stop()
        return events

    def _jump(self, to_s: float) -> None:
        """Moves the clock forward."""
        self._now_s = max(self._now_s, to_s)
        self._moved(self._now_s)

    def _next_of(self, timers: Timers) -> float | None:
        """The first instant among timers that still wait; those that do not are dropped."""
        while timers and (timers[0][2].cancelled() or timers[0][0] <= self._now_s + RESOLUTION_S):
            heappop(timers)
        return timers[0][0] if timers else None
