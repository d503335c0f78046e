"""The SimulationService: submits runs, watches them and answers with their results."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc

from wayfare.service.errors import RefusedError, invalid
from wayfare.service.limits import MOST_LABELS, OpenStreams
from wayfare.service.rpc.errors import answering, streaming
from wayfare.service.rpc.messages import run_message
from wayfare.service.submission import Submission
from wayfare.storage.store import RunRecord, RunState
from wayfare.v1 import simulation_pb2 as pb
from wayfare.v1 import simulation_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from wayfare.service.limits import TenantQuotas
    from wayfare.service.ports import ActiveRuns, RunAcceptance, RunArchive, RunResults, TraceUploads
    from wayfare.service.rpc.access import Access
    from wayfare.service.rpc.errors import Context

PAGE, MOST_PAGE, MOST_PAGE_BYTES = 50, 500, 1_000_000
BATCH, MOST_BATCH = 2_000, 10_000
MOST_REPLICATIONS, MOST_POLICIES = 1_000, 100
MOST_TOKEN = 18
NEWEST = 2**62
REPLICATIONS, CONFIDENCE = 10, 0.95
STATES = {pb.Run.State.Value(f"STATE_{state.value}"): state for state in RunState}


class SimulationServicer(simulation_pb2_grpc.SimulationServiceServicer):
    """Each method finds the caller's tenant first; other tenants' runs do not exist."""

    def __init__(
        self,
        *,
        access: Access,
        acceptance: RunAcceptance,
        uploads: TraceUploads,
        active: ActiveRuns,
        archive: RunArchive,
        results: RunResults,
        limits: TenantQuotas,
    ) -> None:
        """Keeps what it answers from."""
        self._access, self._acceptance, self._uploads = access, acceptance, uploads
        self._active, self._archive, self._results = active, archive, results
        self._watches = OpenStreams("watches", limits.watches)
        self._readers = OpenStreams("streams of records", limits.record_streams)
        self.patience_s = limits.stream_patience_s

    @answering
    async def CreateRun(self, request: pb.CreateRunRequest, context: Context) -> pb.Run:
        """Accepts a run."""
        policies = (request.policy,) if request.policy else ()
        submission = Submission(
            tenant=self._access.tenant(context),
            request=request,
            policies=policies,
            replications=0,
            confidence=CONFIDENCE,
        )
        return run_message(await self._acceptance.accept(submission))

    @answering
    async def CreateComparison(self, request: pb.CreateComparisonRequest, context: Context) -> pb.Run:
        """Accepts a comparison."""
        tenant = self._access.tenant(context)
        replications = request.replications or REPLICATIONS
        confidence = request.confidence or CONFIDENCE
        if request.run.policy or not request.policies:
            invalid("name the policies to compare in `policies`, and none in `run.policy`")
        if len(request.policies) > MOST_POLICIES:
            invalid(f"{len(request.policies)} policies; at most {MOST_POLICIES} are compared")
        if not (1 <= replications <= MOST_REPLICATIONS and 0.0 < confidence < 1.0):
            invalid(f"replications {replications} must be 1 to {MOST_REPLICATIONS}, confidence in (0, 1)")
        submission = Submission(
            tenant=tenant,
            request=request.run,
            policies=tuple(request.policies),
            replications=replications,
            confidence=confidence,
        )
        return run_message(await self._acceptance.accept(submission))

    def _found(self, run_id: str, context: Context) -> RunRecord:
        """The caller's run as it stands.

        Raises:
            RefusedError: the caller has no such run.
        """
        tenant = self._access.tenant(context)
        record = self._active.live(run_id) or self._archive.get(run_id)
        if record is None or record.tenant != tenant:
            raise RefusedError(grpc.StatusCode.NOT_FOUND, f"no run {run_id[:80]!r}")
        return record

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
        if request.page_size < 0:
            invalid(f"page_size {request.page_size} must be 0 or more")
        if unknown := [state for state in request.states if state not in STATES]:
            invalid(f"states {unknown[:9]} are none that a run can be in")
        if len(request.labels) > MOST_LABELS:
            invalid(f"{len(request.labels)} labels; a run has at most {MOST_LABELS}")
        size = min(request.page_size or PAGE, MOST_PAGE)
        states = {STATES[state] for state in request.states} or set(RunState)
        before, labels = ordinal_in(request.page_token), dict(request.labels)
        found = await asyncio.to_thread(self._archive.page, tenant, states, labels, before, size + 1)
        messages = (run_message(self._active.live(record.run_id) or record) for record in found[:size])
        runs = list(fitting(messages, MOST_PAGE_BYTES))
        token = str(found[len(runs) - 1].ordinal) if len(found) > len(runs) else ""
        return pb.ListRunsResponse(runs=runs, next_page_token=token)

    @streaming
    async def WatchRun(
        self, request: pb.WatchRunRequest, context: Context
    ) -> AsyncGenerator[pb.WatchRunResponse]:
        """The run after each change; changes that come too fast are skipped.

        Windows of a run that succeeded come in pages, then the run says that it has.
        """
        record = self._found(request.run_id, context)
        with self._watches.one(record.tenant):
            seen = request.after_sequence
            while not record.state.is_over:
                if record.sequence > seen:
                    yield pb.WatchRunResponse(run=run_message(record))
                seen = max(seen, record.sequence)
                self._require_staying(seen)
                await self._active.wait_for_change(record)
                record = self._found(request.run_id, context)
            if record.sequence > request.after_sequence:
                if record.state is RunState.SUCCEEDED:
                    still = run_message(replace(record, state=RunState.RUNNING, digest="", sequence=seen))
                    async for page in self._results.windows(record.run_id):
                        yield pb.WatchRunResponse(run=still, windows=page.windows)
                yield pb.WatchRunResponse(run=run_message(record))

    def _require_staying(self, seen: int) -> None:
        """Raises `RefusedError` where the service ends."""
        if self._active.is_stopping:
            text = f"the service is ending; watch again later, after_sequence {seen}"
            raise RefusedError(grpc.StatusCode.UNAVAILABLE, text)

    @answering
    async def CancelRun(self, request: pb.CancelRunRequest, context: Context) -> pb.Run:
        """Stops a run; one that is over stays as it is."""
        record = self._found(request.run_id, context)
        return run_message(record if record.state.is_over else await self._active.cancel(record))

    @answering
    async def DeleteRun(self, request: pb.DeleteRunRequest, context: Context) -> pb.DeleteRunResponse:
        """Forgets a run that is over."""
        record = self._found(request.run_id, context)
        if not record.state.is_over:
            text = f"run {record.run_id} is {record.state}; cancel it first"
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, text)
        await self._results.remove(record.run_id)
        return pb.DeleteRunResponse()

    @answering
    async def GetReport(self, request: pb.GetReportRequest, context: Context) -> pb.GetReportResponse:
        """The report of a run that succeeded."""
        record = self._succeeded(request.run_id, context)
        return await self._results.report(record.run_id)

    @streaming
    async def StreamRequestRecords(
        self, request: pb.StreamRequestRecordsRequest, context: Context
    ) -> AsyncGenerator[pb.StreamRequestRecordsResponse]:
        """The requests of a run that succeeded."""
        record = self._succeeded(request.run_id, context)
        if request.batch_size < 0:
            invalid(f"batch_size {request.batch_size} must be 0 or more")
        size = min(request.batch_size or BATCH, MOST_BATCH)
        found = self._results.records(record.tenant, record.run_id, size)
        with self._readers.one(record.tenant):
            async with aclosing(found) as batches:
                async for batch in batches:
                    yield batch

    @answering
    async def UploadTrace(
        self, request: AsyncIterator[pb.UploadTraceRequest], context: Context
    ) -> pb.UploadTraceResponse:
        """Keeps a trace under a new id, whole or not at all."""
        return await self._uploads.keep(self._access.tenant(context), request)


def ordinal_in(token: str) -> int:
    """Below which ordinal the next page begins.

    Raises:
        RefusedError: no page said such a token.
    """
    if token and not (token.isascii() and token.isdecimal() and len(token) <= MOST_TOKEN):
        invalid("page_token is not one that an earlier page returned")
    return int(token or NEWEST)


def fitting(runs: Iterator[pb.Run], most_bytes: int) -> Iterator[pb.Run]:
    """The first runs, of so many bytes together; at least one where there is any."""
    size = 0
    for run in runs:
        size += run.ByteSize()
        if size > most_bytes and size > run.ByteSize():
            return
        yield run
