"""Scenarios are checked in a process of their own: none can hold up or take down the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import grpc

from simulator import InvalidScenarioError
from wayfare.service.checking import Faulty, Question, TooMuch, check_all
from wayfare.service.errors import RefusedError
from wayfare.service.intake import Accepted
from wayfare.service.processes import Worker, heard, started

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wayfare.service.checking import Answer
    from wayfare.service.intake import Intake
    from wayfare.v1 import simulation_pb2 as pb

QUICK_S, PATIENT_S = 10.0, 120.0
UPLOAD = b"uploads/"
MOST_BYTES = 1_000_000
MOST_SETTINGS, MOST_LABELS, MOST_LABEL = 1_000, 64, 256


class Checker:
    """Two lanes: one process stays for what is quick; recordings, which may be long, have another."""

    def __init__(self, intake: Intake, quick_s: float = QUICK_S, patient_s: float = PATIENT_S) -> None:
        """No process yet."""
        self._quick = Lane(intake, quick_s, stays=True)
        self._patient = Lane(intake, patient_s, stays=False)

    async def checked(
        self, tenant: str, request: pb.CreateRunRequest, policies: Sequence[str], replications: int
    ) -> Accepted:
        """The scenario, checked whole.

        Raises:
            InvalidScenarioError: lists every fault.
            RefusedError: checking takes too long or too much.
        """
        demand_small(request)
        data = request.SerializeToString()
        question = Question(tenant=tenant, request=data, policies=tuple(policies), replications=replications)
        lane = self._patient if UPLOAD in data else self._quick
        return accepted(await lane.asked(question))

    async def start(self) -> None:
        """Starts the process that stays."""
        await asyncio.to_thread(self._quick.start)

    def end(self) -> None:
        """Ends the processes."""
        self._quick.end()
        self._patient.end()


class Lane:
    """One process that answers a question after the other; a new one where the last was lost."""

    def __init__(self, intake: Intake, patience_s: float, *, stays: bool) -> None:
        """No process; one that does not stay is ended after each answer."""
        self._intake, self._patience_s, self._stays = intake, patience_s, stays
        self._turn = asyncio.Lock()
        self._worker: Worker | None = None

    def start(self) -> Worker:
        """The process, started where there is none."""
        if self._worker is None or not self._worker.process.is_alive():
            self._worker = started(check_all, self._intake)
        return self._worker

    async def asked(self, question: Question) -> Answer:
        """The answer, in turn; the process finishes it even when nobody waits any more."""
        await self._turn.acquire()
        work = asyncio.ensure_future(self._exchange(question))
        work.add_done_callback(self._next)
        return await asyncio.shield(work)

    def _next(self, done: asyncio.Future[Answer]) -> None:
        """Lets the next question come; looks at an error that nobody may wait for."""
        self._turn.release()
        if not done.cancelled():
            done.exception()

    async def _exchange(self, question: Question) -> Answer:
        """The answer of the process."""
        try:
            worker = self.start()
            worker.pipe.send(question)
            found = cast("Answer", await asyncio.wait_for(heard(worker.pipe), self._patience_s))
        except TimeoutError as error:
            self.end()
            text = f"checking the scenario took more than {self._patience_s:g} s; make it smaller"
            raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text) from error
        except (EOFError, OSError) as error:
            self.end()
            text = "the process that checks scenarios ended; try again"
            raise RefusedError(grpc.StatusCode.UNAVAILABLE, text) from error
        if isinstance(found, TooMuch) or not self._stays:
            self.end()
        return found

    def end(self) -> None:
        """Ends the process, where nobody waits for it."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None


def accepted(answer: Answer) -> Accepted:
    """The scenario that may run; raises what stands against it."""
    if isinstance(answer, Accepted):
        return answer
    if isinstance(answer, Faulty):
        raise InvalidScenarioError(answer.faults)
    if isinstance(answer, TooMuch):
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
