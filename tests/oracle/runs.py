"""Runs a case through the oracle and through the kernel, and compares what came out."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from oracle.attempt import Attempt
from oracle.cases import Cancel, Drain, Outage, Slow
from oracle.line import ServerLine
from oracle.stepwise import StepwiseQueue
from simulator.kernel import BatchingSpec, GroupSpec, Kernel, Repeats
from simulator.kernel.codes import Ending, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from oracle.cases import Arrival, Case, Command
    from oracle.split import Split

    Home: TypeAlias = StepwiseQueue | ServerLine | Split

BOUNDARY, TIMER, COMMAND = range(3)
EXACT = ("ending", "reason", "priority", "output", "prefilled", "recomputed", "cached", "prefill_queue")
INSTANTS = ("ready_s", "admitted_s", "first_s", "delivered_s", "finish_s", "lag_s")
METERS = ("busy_s", "energy_j", "wasted_s", "wasted_j")
QUEUE_METERS = ("busy_s", "energy_j", "step_count", "preemption_count")
INSTANT_TOLERANCE_S = 1e-9
METER_TOLERANCE_RATIO = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row per attempt in order of submission, one per queue; columns by name."""

    attempts: dict[str, NDArray[np.float64]]
    queues: dict[str, NDArray[np.float64]]


class OracleWorld:
    """An event loop: step ends first, then arrivals and ends of service, then commands."""

    def __init__(self, case: Case) -> None:
        """Schedules everything the case says."""
        self.agenda: list[tuple[float, int, int, int, Callable[[float], None]]] = []
        self.order = count()
        self.queues = [self.build(spec, number) for number, spec in enumerate(case.queues)]
        self.attempts = [
            Attempt(
                number=number,
                prompt=arrival.prompt,
                output=arrival.output,
                ready_s=arrival.ready_s,
                priority=arrival.priority,
                first_delay_s=arrival.first_delay_s,
                duration_s=arrival.duration_s,
                session=arrival.session,
                history=arrival.history,
                segments=arrival.segments,
            )
            for number, arrival in enumerate(case.arrivals)
        ]
        self.homes = [self.home_of(arrival) for arrival in case.arrivals]
        for attempt, home in zip(self.attempts, self.homes, strict=True):
            self.schedule_arrival(attempt, home)
        for command in case.commands:
            self.schedule_command(command)
        if case.close_s is not None:
            self.schedule(case.close_s, COMMAND, self.close)

    def home_of(self, arrival: Arrival) -> Home:
        """Where an arrival goes."""
        return self.queues[arrival.queue]

    def build(self, spec: object, number: int) -> StepwiseQueue | ServerLine:
        """The oracle's queue for a spec."""
        if isinstance(spec, BatchingSpec):
            return StepwiseQueue(
                spec,
                lambda at_s, act: self.schedule(at_s, BOUNDARY, act, number),
                lambda at_s, act: self.schedule(at_s, TIMER, act),
            )
        return ServerLine(spec, lambda at_s, act: self.schedule(at_s, TIMER, act))

    def schedule(self, at_s: float, rank: int, action: Callable[[float], None], place: int = 0) -> None:
        """Puts an action on the agenda; of equal rank the one of the lower place comes first."""
        heapq.heappush(self.agenda, (at_s, rank, place, next(self.order), action))

    def schedule_arrival(self, attempt: Attempt, home: Home) -> None:
        """Lets the attempt arrive unless it was given up on the way."""

        def arrive(now_s: float) -> None:
            if not attempt.ending:
                home.arrive(now_s, attempt)

        self.schedule(attempt.ready_s, TIMER, arrive)

    def schedule_command(self, command: Command) -> None:
        """Puts one command of the case on the agenda."""
        if isinstance(command, Cancel):
            self.schedule(command.at_s, COMMAND, lambda now_s: self.cancel(now_s, command.attempt))
        elif isinstance(command, Outage):
            queue = self.queues[command.queue]
            self.schedule(
                command.at_s,
                COMMAND,
                lambda now_s: queue.clear(now_s, Ending.FAILED, Reason.OUTAGE),
            )
        else:
            self.schedule_change(command, self.queues[command.queue])

    def schedule_change(self, command: Command, queue: StepwiseQueue | ServerLine) -> None:
        """Puts a change of a queue's pace or door on the agenda."""
        if isinstance(command, Slow):
            self.schedule(command.at_s, COMMAND, lambda _now_s: queue.slow(command.factor))
        else:
            opens = not isinstance(command, Drain)
            self.schedule(command.at_s, COMMAND, lambda _now_s: queue.open(opens=opens))

    def cancel(self, now_s: float, number: int) -> None:
        """Gives an attempt up, wherever it is."""
        attempt = self.attempts[number]
        if attempt.ending or attempt.given_up:
            return
        if self.is_travelling(attempt, self.homes[number]):
            attempt.given_up = True
            attempt.end(now_s, Ending.CANCELLED)
        else:
            self.homes[number].cancel(now_s, attempt)

    @staticmethod
    def is_travelling(attempt: Attempt, home: Home) -> bool:
        """Whether the attempt has not reached its queue yet."""
        inside = home.running + home.preparing if isinstance(home, StepwiseQueue) else home.serving
        return attempt not in inside and attempt not in home.waiting

    def close(self, now_s: float) -> None:
        """Ends the run: whoever is left is unfinished."""
        for queue in self.queues:
            queue.clear(now_s, Ending.UNFINISHED, 0)
        for attempt in self.attempts:
            if not attempt.ending:
                attempt.end(now_s, Ending.UNFINISHED)

    def run(self) -> None:
        """Does everything on the agenda, in order."""
        while self.agenda:
            at_s, *_, action = heapq.heappop(self.agenda)
            action(at_s)


def oracle_outcome(case: Case) -> Outcome:
    """What the oracle says of a case."""
    return world_outcome(OracleWorld(case))


def world_outcome(world: OracleWorld) -> Outcome:
    """Runs a world to its end; what it says then."""
    world.run()
    attempts = {name: column(world.attempts, name) for name in (*EXACT, *INSTANTS, *METERS)}
    attempts["output"] = column(world.attempts, "generated")
    return Outcome(
        attempts=attempts,
        queues={name: column(world.queues, name) for name in QUEUE_METERS},
    )


def column(things: Sequence[object], name: str) -> NDArray[np.float64]:
    """One attribute of many objects."""
    return np.array([getattr(thing, name) for thing in things], np.float64)


def kernel_of(case: Case) -> Kernel:
    """A kernel with the case's queues, one group each."""
    return Kernel([GroupSpec(queues=spec) for spec in case.queues], repeats_of(case))


def repeats_of(case: Case) -> Repeats:
    """What the case's prompts repeat, as the kernel takes it."""
    counts = [len(arrival.segments) for arrival in case.arrivals]
    segments = [segment for arrival in case.arrivals for segment in arrival.segments]
    return Repeats(
        session=np.array([arrival.session for arrival in case.arrivals]),
        history=np.array([arrival.history for arrival in case.arrivals]),
        offset=np.concatenate([[0], np.cumsum(counts)]),
        key=np.array([key for key, _tokens in segments], np.int64),
        tokens=np.array([tokens for _key, tokens in segments], np.int64),
    )


def submit_all(kernel: Kernel, case: Case) -> list[int]:
    """Sends all arrivals on their way at time 0; returns their handles."""
    return [submit_one(kernel, number, arrival, 0.0) for number, arrival in enumerate(case.arrivals)]


def submit_one(kernel: Kernel, number: int, arrival: Arrival, now_s: float) -> int:
    """Sends one arrival on its way at `now_s`; returns its handle."""
    return kernel.submit(
        arrival.queue,
        number,
        arrival.prompt,
        arrival.output,
        now_s,
        arrival.ready_s,
        first_delay_s=arrival.first_delay_s,
        duration_s=arrival.duration_s,
        priority=arrival.priority,
    )


def run_to(kernel: Kernel, limit_s: float) -> list[tuple[float, int, int, int, float]]:
    """Advances past every notice up to `limit_s`; returns the notices."""
    notices = []
    while number := kernel.advance(limit_s):
        notices += kernel.events(number)
    return notices


def obey(kernel: Kernel, command: Command, handles: Sequence[int]) -> None:
    """Brings the kernel to a command's instant and does it."""
    run_to(kernel, command.at_s)
    if isinstance(command, Cancel):
        kernel.cancel(handles[command.attempt], command.at_s)
    elif isinstance(command, Outage):
        kernel.fail(command.queue, command.at_s, Reason.OUTAGE)
    elif isinstance(command, Slow):
        kernel.slow(command.queue, command.at_s, command.factor)
    elif isinstance(command, Drain):
        kernel.drain(command.queue)
    else:
        kernel.restore(command.queue)


def drive(kernel: Kernel, case: Case, check: Callable[[Kernel], None] | None = None) -> None:
    """Runs a case through a kernel; `check` looks at it before every command."""
    handles = submit_all(kernel, case)
    for command in case.commands:
        run_to(kernel, command.at_s)
        if check is not None:
            check(kernel)
        obey(kernel, command, handles)
    run_to(kernel, math.inf if case.close_s is None else case.close_s)
    if case.close_s is not None:
        kernel.close(case.close_s)


def kernel_outcome(case: Case) -> Outcome:
    """What the kernel says of a case."""
    kernel = kernel_of(case)
    drive(kernel, case)
    return outcome_of(kernel)


def outcome_of(kernel: Kernel) -> Outcome:
    """The ledger and the queues' meters as columns."""
    rows = kernel.ledger()
    return Outcome(
        attempts={name: rows[name].astype(np.float64) for name in (*EXACT, *INSTANTS, *METERS)},
        queues={name: kernel.queues[name].astype(np.float64) for name in QUEUE_METERS},
    )


def assert_same(seen: Outcome, expected: Outcome) -> None:
    """Counts and endings equal, instants to a nanosecond, attribution to 1e-9 relative."""
    for name in EXACT:
        np.testing.assert_array_equal(seen.attempts[name], expected.attempts[name], name)
    for name in INSTANTS:
        np.testing.assert_allclose(
            seen.attempts[name],
            expected.attempts[name],
            rtol=0.0,
            atol=INSTANT_TOLERANCE_S,
            err_msg=name,
        )
    for name in METERS:
        assert_close(seen.attempts[name], expected.attempts[name], name)
    for name in QUEUE_METERS:
        assert_close(seen.queues[name], expected.queues[name], name)


def assert_close(seen: NDArray[np.float64], expected: NDArray[np.float64], name: str) -> None:
    """Meters agree to rounding: 1e-9 of their size, and nothing where there is nothing."""
    np.testing.assert_allclose(seen, expected, rtol=METER_TOLERANCE_RATIO, atol=1e-12, err_msg=name)
