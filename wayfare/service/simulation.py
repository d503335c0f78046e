"""The SimulationService: answers from the store, the slots and the results on disk."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from wayfare.service.errors import RefusedError, answering, streaming
from wayfare.service.intake import as_json
from wayfare.service.messages import run_message
from wayfare.service.results import records_of, report_of, windows_of
from wayfare.storage.store import RunRecord, RunState
from wayfare.v1 import simulation_pb2 as pb
from wayfare.v1 import simulation_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from wayfare.service.access import Access
    from wayfare.service.errors import Context
    from wayfare.service.intake import Intake
    from wayfare.service.slots import Slots
    from wayfare.storage.store import RunStore

PAGE, MOST_PAGE = 50, 500
BATCH, MOST_BATCH = 2_000, 10_000
MOST_REPLICATIONS = 1_000
NEWEST = 2**62
REPLICATIONS, CONFIDENCE = 10, 0.95
STATES = {pb.Run.State.Value(f"STATE_{state.value}"): state for state in RunState}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one tenant may have: unfinished runs, and bytes of one trace."""

    unfinished: int = 10_000
    trace_bytes: int = 200_000_000


class SimulationServicer(simulation_pb2_grpc.SimulationServiceServicer):
    """Each method finds the caller's tenant first; other tenants' runs do not exist."""

    def __init__(self, store: RunStore, slots: Slots, intake: Intake, access: Access, limits: Limits) -> None:
        """Keeps what it answers from."""
        self._store, self._slots, self._intake, self._access = store, slots, intake, access
        self._limits = limits
        self._checking = asyncio.Lock()

    @answering
    async def CreateRun(self, request: pb.CreateRunRequest, context: Context) -> pb.Run:
        """Accepts a run."""
        policies = (request.policy,) if request.policy else ()
        return await self._accepted(request, self._access.tenant(context), policies, 0, CONFIDENCE)

    @answering
    async def CreateComparison(self, request: pb.CreateComparisonRequest, context: Context) -> pb.Run:
        """Accepts a comparison."""
        tenant = self._access.tenant(context)
        replications = request.replications or REPLICATIONS
        confidence = request.confidence or CONFIDENCE
        if request.run.policy or not request.policies:
            invalid("name the policies to compare in `policies`, and none in `run.policy`")
        if not (1 <= replications <= MOST_REPLICATIONS and 0.0 < confidence < 1.0):
            invalid(f"replications {replications} must be 1 to {MOST_REPLICATIONS}, confidence in (0, 1)")
        return await self._accepted(request.run, tenant, tuple(request.policies), replications, confidence)

    async def _accepted(
        self,
        request: pb.CreateRunRequest,
        tenant: str,
        policies: Sequence[str],
        replications: int,
        confidence: float,
    ) -> pb.Run:
        """The run, kept and queued; only checked where that was all that was asked."""
        async with self._checking:
            scenario, data = await asyncio.to_thread(self._intake.checked, tenant, request, policies)
        record = RunRecord(
            run_id=uuid.uuid4().hex,
            tenant=tenant,
            scenario=scenario.name,
            scenario_json=as_json(data),
            policies=tuple(policies) or (scenario.router.policy,),
            replications=replications,
            confidence=confidence,
            labels=dict(request.labels),
            request_id=request.request_id,
            rerun_if_interrupted=request.rerun_if_interrupted,
            created_s=time.time(),
            sequence=1,
        )
        return run_message(record if request.validate_only else self._kept(record))

    def _kept(self, record: RunRecord) -> RunRecord:
        """The record as the store keeps it, queued unless it was known."""
        if self._store.waiting_count(record.tenant) >= self._limits.unfinished:
            text = f"{self._limits.unfinished} runs wait already; try again when some are over"
            raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        kept = self._store.add(record)
        if kept.run_id == record.run_id:
            self._slots.submit(kept)
        return self._slots.current(kept)

    def _found(self, run_id: str, context: Context) -> RunRecord:
        """The caller's run as it stands.

        Raises:
            RefusedError: the caller has no such run.
        """
        record = self._store.get(run_id)
        if record is None or record.tenant != self._access.tenant(context):
            raise RefusedError(grpc.StatusCode.NOT_FOUND, f"no run {run_id[:80]!r}")
        return self._slots.current(record)

    def _succeeded(self, run_id: str, context: Context) -> RunRecord:
        """The caller's run, which has results.

        Raises:
            RefusedError: it has none.
        """
        record = self._found(run_id, context)
        if record.state is not RunState.SUCCEEDED:
            text = f"run {run_id} is {record.state}; results are there when it has SUCCEEDED"
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, text)
        return record

    @answering
    async def GetRun(self, request: pb.GetRunRequest, context: Context) -> pb.Run:
        """A run as it stands."""
        return run_message(self._found(request.run_id, context))

    @answering
    async def ListRuns(self, request: pb.ListRunsRequest, context: Context) -> pb.ListRunsResponse:
        """A page of the caller's runs."""
        tenant = self._access.tenant(context)
        if request.page_size < 0 or (request.page_token and not request.page_token.isdecimal()):
            invalid("page_size must be 0 or more, page_token what an earlier page said")
        size = min(request.page_size or PAGE, MOST_PAGE)
        states = [STATES[state] for state in request.states if state in STATES] or list(RunState)
        before = min(int(request.page_token or NEWEST), NEWEST)
        found = self._store.page(tenant, states, dict(request.labels), before, size + 1)
        token = str(found[size - 1].number) if len(found) > size else ""
        runs = [run_message(self._slots.current(record)) for record in found[:size]]
        return pb.ListRunsResponse(runs=runs, next_page_token=token)

    @streaming
    async def WatchRun(
        self, request: pb.WatchRunRequest, context: Context
    ) -> AsyncIterator[pb.WatchRunResponse]:
        """The run after each change, until it is over; changes that come too fast are skipped."""
        record = self._found(request.run_id, context)
        seen = request.after_sequence
        while not record.state.is_over:
            if record.sequence > seen:
                yield pb.WatchRunResponse(run=run_message(record))
            seen = max(seen, record.sequence)
            await self._slots.wait_for_change(record)
            record = self._found(request.run_id, context)
        if record.sequence > request.after_sequence:
            is_done = record.state is RunState.SUCCEEDED
            folder = self._slots.results(record.run_id)
            windows = await asyncio.to_thread(windows_of, folder) if is_done else []
            yield pb.WatchRunResponse(run=run_message(record), windows=windows)

    @answering
    async def CancelRun(self, request: pb.CancelRunRequest, context: Context) -> pb.Run:
        """Stops a run; one that is over stays as it is."""
        record = self._found(request.run_id, context)
        return run_message(record if record.state.is_over else self._slots.cancel(record))

    @answering
    async def DeleteRun(self, request: pb.DeleteRunRequest, context: Context) -> pb.DeleteRunResponse:
        """Forgets a run that is over."""
        record = self._found(request.run_id, context)
        if not record.state.is_over:
            text = f"run {record.run_id} is {record.state}; cancel it first"
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, text)
        self._store.remove(record.run_id)
        await asyncio.to_thread(shutil.rmtree, self._slots.results(record.run_id), ignore_errors=True)
        return pb.DeleteRunResponse()

    @answering
    async def GetReport(self, request: pb.GetReportRequest, context: Context) -> pb.GetReportResponse:
        """The report of a run that succeeded."""
        record = self._succeeded(request.run_id, context)
        return await asyncio.to_thread(report_of, self._slots.results(record.run_id))

    @streaming
    async def StreamRequestRecords(
        self, request: pb.StreamRequestRecordsRequest, context: Context
    ) -> AsyncIterator[pb.StreamRequestRecordsResponse]:
        """The requests of a run that succeeded."""
        record = self._succeeded(request.run_id, context)
        if request.batch_size < 0:
            invalid(f"batch_size {request.batch_size} must be 0 or more")
        size = min(request.batch_size or BATCH, MOST_BATCH)
        async for batch in records_of(self._slots.results(record.run_id), size):
            yield batch

    @answering
    async def UploadTrace(
        self, request: AsyncIterator[pb.UploadTraceRequest], context: Context
    ) -> pb.UploadTraceResponse:
        """Keeps a trace under a new id, whole or not at all."""
        folder = self._intake.uploads / self._access.tenant(context)
        folder.mkdir(parents=True, exist_ok=True)
        name, size = uuid.uuid4().hex, 0
        part = folder / f".{name}"
        try:
            with part.open("wb") as file:
                async for piece in request:
                    size += len(piece.chunk)
                    if size > self._limits.trace_bytes:
                        invalid(f"a trace may have {self._limits.trace_bytes} bytes")
                    file.write(piece.chunk)
            part.rename(folder / name)
        finally:
            part.unlink(missing_ok=True)
        return pb.UploadTraceResponse(trace_id=f"uploads/{name}", size_bytes=size)


def invalid(text: str) -> None:
    """Raises `RefusedError` for an argument that cannot be."""
    raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)
