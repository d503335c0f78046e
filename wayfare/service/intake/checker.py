"""Scenarios are checked in processes of their own: none holds up the server, no tenant another."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, cast
from weakref import WeakValueDictionary

import grpc

from simulator import InvalidScenarioError
from wayfare.service.intake.checking import CheckRequest, OutOfMemory, ScenarioInvalid, check_all
from wayfare.service.intake.scenarios import AcceptedScenario
from wayfare.service.rpc.errors import RefusedError
from wayfare.service.runs.processes import ChildProcess, receive, start_process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wayfare.service.intake.checking import Answer
    from wayfare.service.intake.scenarios import Intake
    from wayfare.v1 import simulation_pb2 as pb

QUICK_S, PATIENT_S = 10.0, 120.0
LANES = 2
"""Processes of each kind."""
IDLE_S = 30.0
"""How long a process that is not the first stays without work."""
MOST_WAITING = 2_000
"""Scenarios of one tenant that wait to be checked."""
UPLOAD = b"uploads/"
MOST_BYTES = 1_000_000
MOST_SETTINGS, MOST_LABELS, MOST_LABEL = 1_000, 64, 256


class Checker:
    """Processes for what is quick, and others for recordings, which may take long."""

    def __init__(self, intake: Intake, quick_s: float = QUICK_S, patient_s: float = PATIENT_S) -> None:
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
        question = CheckRequest(
            tenant=tenant, request=data, policies=tuple(policies), replications=replications
        )
        lanes = self._patient if UPLOAD in data else self._quick
        return accepted(await lanes.asked(question))

    async def start(self) -> None:
        """Starts the process that stays."""
        await asyncio.to_thread(self._quick.start)

    def end(self) -> None:
        """Ends the processes."""
        self._quick.end()
        self._patient.end()


class CheckerPool:
    """Several processes; each tenant has one question answered at a time and waits behind its own only.

    So one tenant's slow questions hold one process. The first process may stay for good, the others then stay
    while there is work; where none may, each is ended after its answer.
    """

    def __init__(self, intake: Intake, patience_s: float, *, stays: bool) -> None:
        """No process."""
        self._lanes = [CheckerProcess(intake, patience_s, stays=stays) for _ in range(LANES)]
        self._idle: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
        for number in range(LANES):
            self._idle.put_nowait(number)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: Counter[str] = Counter()

    def start(self) -> None:
        """Starts the process that stays."""
        self._lanes[0].start()

    def end(self) -> None:
        """Ends the processes."""
        for lane in self._lanes:
            lane.end()

    async def asked(self, question: CheckRequest) -> Answer:
        """The answer, in the tenant's turn; the process finishes it even when it is no longer waited for.

        Raises:
            RefusedError: too many of the tenant's wait.
        """
        if self._waiting[question.tenant] >= MOST_WAITING:
            text = f"{MOST_WAITING:,} scenarios of yours wait to be checked; try again"
            raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        self._waiting[question.tenant] += 1
        try:
            return await self._in_turn(question)
        finally:
            self._waiting[question.tenant] -= 1

    async def _in_turn(self, question: CheckRequest) -> Answer:
        """The answer of the first process that is idle when the tenant's turn has come."""
        turn = self._turns.setdefault(question.tenant, asyncio.Lock())
        await turn.acquire()
        try:
            number = await self._idle.get()
        except BaseException:
            turn.release()
            raise
        work = asyncio.ensure_future(self._lanes[number].exchange(question))
        work.add_done_callback(lambda done: self._next(done, number, turn))
        return await asyncio.shield(work)

    def _next(self, done: asyncio.Future[Answer], number: int, turn: asyncio.Lock) -> None:
        """Lets the next question come; looks at an error that may not be waited for."""
        self._idle.put_nowait(number)
        turn.release()
        if number:
            self._lanes[number].end_when_idle()
        if not done.cancelled():
            done.exception()


class CheckerProcess:
    """One process that answers a question after the other; a new one where the last was lost."""

    def __init__(self, intake: Intake, patience_s: float, *, stays: bool) -> None:
        """No process; one that does not stay is ended after each answer."""
        self._intake, self._patience_s, self._stays = intake, patience_s, stays
        self._worker: ChildProcess | None = None
        self._ending: asyncio.TimerHandle | None = None

    def start(self) -> ChildProcess:
        """The process, started where there is none."""
        if self._worker is None or not self._worker.process.is_alive():
            self._worker = start_process(check_all, self._intake)
        return self._worker

    async def exchange(self, question: CheckRequest) -> Answer:
        """The answer of the process.

        Raises:
            RefusedError: it takes too long, or the process ended.
        """
        self._keep()
        try:
            worker = await asyncio.to_thread(self.start)
            worker.pipe.send(question)
            found = cast("Answer", await asyncio.wait_for(receive(worker.pipe), self._patience_s))
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


def accepted(answer: Answer) -> AcceptedScenario:
    """The scenario that may run; raises what stands against it."""
    if isinstance(answer, AcceptedScenario):
        return answer
    if isinstance(answer, ScenarioInvalid):
        raise InvalidScenarioError(answer.problems)
    if isinstance(answer, OutOfMemory):
        text = "checking the scenario needs too much memory; make it smaller"
        raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
    raise RuntimeError(answer.error)


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
            text = f"{name} has {size:,} {unit}; at most {most:,} are taken"
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)
