"""Scenarios are checked in processes of their own: none holds up the server, no tenant another."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, cast
from weakref import WeakValueDictionary

import grpc

from simulator import InvalidScenarioError
from wayfare.service.errors import RefusedError, exhausted, invalid
from wayfare.service.intake.checking import CheckRequest, InvalidScenario, OutOfMemory, check_all
from wayfare.service.limits import MOST_LABELS
from wayfare.service.processes import ChildProcess, received, start_process
from wayfare.service.submission import AcceptedScenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wayfare.service.intake.checking import CheckResult
    from wayfare.service.intake.scenarios import ScenarioIntake
    from wayfare.v1 import simulation_pb2 as pb

QUICK_S, PATIENT_S = 10.0, 120.0
PROCESSES = 2
"""Processes of each kind."""
IDLE_S = 30.0
"""How long a process that is not the first stays without work."""
MOST_WAITING = 2_000
"""Scenarios of one tenant that wait to be checked."""
UPLOAD = b"uploads/"
MOST_BYTES = 1_000_000
MOST_SETTINGS, MOST_LABEL = 1_000, 256


class Checker:
    """Processes for what is quick, and others for recordings, which may take long."""

    def __init__(
        self, intake: ScenarioIntake, quick_s: float = QUICK_S, patient_s: float = PATIENT_S
    ) -> None:
        """No process yet."""
        self._quick = CheckerPool(intake, quick_s, stays=True)
        self._patient = CheckerPool(intake, patient_s, stays=False)

    async def checked(
        self, tenant: str, request: pb.CreateRunRequest, policies: Sequence[str], replications: int
    ) -> AcceptedScenario:
        """The scenario, checked whole.

        Raises:
            InvalidScenarioError: lists every problem.
            RefusedError: checking takes too long or too much, or too many of the tenant's wait already.
        """
        demand_small(request)
        data = request.SerializeToString()
        check = CheckRequest(tenant=tenant, request=data, policies=tuple(policies), replications=replications)
        pool = self._patient if UPLOAD in data else self._quick
        return accepted(await pool.result_of(check))

    async def start(self) -> None:
        """Starts the process that stays."""
        await asyncio.to_thread(self._quick.start)

    def end(self) -> None:
        """Ends the processes."""
        self._quick.end()
        self._patient.end()


class CheckerPool:
    """Several processes; each tenant has one check under way at a time and waits behind its own only.

    So one tenant's slow checks hold one process. The first process may stay for good, the others then stay
    while there is work; where none may, each is ended after its check.
    """

    def __init__(self, intake: ScenarioIntake, patience_s: float, *, stays: bool) -> None:
        """No process."""
        self._processes = [CheckerProcess(intake, patience_s, stays=stays) for _ in range(PROCESSES)]
        self._idle: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
        for number in range(PROCESSES):
            self._idle.put_nowait(number)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: Counter[str] = Counter()

    def start(self) -> None:
        """Starts the process that stays."""
        self._processes[0].start()

    def end(self) -> None:
        """Ends the processes."""
        for process in self._processes:
            process.end()

    async def result_of(self, check: CheckRequest) -> CheckResult:
        """The result, in the tenant's turn; the process finishes the check even when nobody waits any more.

        Raises:
            RefusedError: too many of the tenant's wait.
        """
        if self._waiting[check.tenant] >= MOST_WAITING:
            exhausted(f"{MOST_WAITING:,} scenarios of yours wait to be checked; try again")
        self._waiting[check.tenant] += 1
        try:
            return await self._in_turn(check)
        finally:
            self._waiting[check.tenant] -= 1

    async def _in_turn(self, check: CheckRequest) -> CheckResult:
        """The result from the first process that is idle when the tenant's turn has come."""
        turn = self._turns.setdefault(check.tenant, asyncio.Lock())
        await turn.acquire()
        try:
            number = await self._idle.get()
        except BaseException:
            turn.release()
            raise
        work = asyncio.ensure_future(self._processes[number].exchange(check))
        work.add_done_callback(lambda done: self._next(done, number, turn))
        return await asyncio.shield(work)

    def _next(self, done: asyncio.Future[CheckResult], number: int, turn: asyncio.Lock) -> None:
        """Lets the next check begin; looks at an error that nobody may wait for."""
        self._idle.put_nowait(number)
        turn.release()
        if number:
            self._processes[number].end_when_idle()
        if not done.cancelled():
            done.exception()


class CheckerProcess:
    """One process that does one check after the other; a new one where the last was lost."""

    def __init__(self, intake: ScenarioIntake, patience_s: float, *, stays: bool) -> None:
        """No process; one that does not stay is ended after each answer."""
        self._intake, self._patience_s, self._stays = intake, patience_s, stays
        self._worker: ChildProcess | None = None
        self._ending: asyncio.TimerHandle | None = None

    def start(self) -> ChildProcess:
        """The process, started where there is none."""
        if self._worker is None or not self._worker.process.is_alive():
            self._worker = start_process(check_all, self._intake)
        return self._worker

    async def exchange(self, check: CheckRequest) -> CheckResult:
        """The result from the process.

        Raises:
            RefusedError: it takes too long, or the process ended.
        """
        self._keep()
        try:
            worker = await asyncio.to_thread(self.start)
            worker.pipe.send(check)
            found = cast("CheckResult", await asyncio.wait_for(received(worker.pipe), self._patience_s))
        except TimeoutError as error:
            self.end()
            text = f"checking the scenario took more than {self._patience_s:g} s; make it smaller"
            raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text) from error
        except (EOFError, OSError) as error:
            self.end()
            text = "the process that checks scenarios ended; try again"
            raise RefusedError(grpc.StatusCode.UNAVAILABLE, text) from error
        if isinstance(found, OutOfMemory) or not self._stays:
            self.end()
        return found

    def _keep(self) -> None:
        """There is work: the process does not end."""
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def end_when_idle(self) -> None:
        """Ends the process when there was no work for a while."""
        self._keep()
        self._ending = asyncio.get_running_loop().call_later(IDLE_S, self.end)

    def end(self) -> None:
        """Ends the process, where it is not waited for."""
        self._keep()
        if self._worker is not None:
            self._worker.end()
            self._worker = None


def accepted(result: CheckResult) -> AcceptedScenario:
    """The scenario that may run; raises what stands against it."""
    if isinstance(result, AcceptedScenario):
        return result
    if isinstance(result, InvalidScenario):
        raise InvalidScenarioError(result.problems)
    if isinstance(result, OutOfMemory):
        exhausted("checking the scenario needs too much memory; make it smaller")
    raise RuntimeError(result.error)


def demand_small(request: pb.CreateRunRequest) -> None:
    """Raises `RefusedError` for a request that is larger than any scenario needs to be."""
    longest = max((len(text) for pair in request.labels.items() for text in pair), default=0)
    sizes = (
        ("the request", "bytes", request.ByteSize(), MOST_BYTES),
        ("settings", "entries", len(request.settings), MOST_SETTINGS),
        ("labels", "entries", len(request.labels), MOST_LABELS),
        ("a label", "characters", longest, MOST_LABEL),
        ("request_id", "characters", len(request.request_id), MOST_LABEL),
    )
    for name, unit, size, most in sizes:
        if size > most:
            invalid(f"{name} has {size:,} {unit}; at most {most:,} are taken")
