"""Typed clients of the service, for programs that wait and for programs that await.

with Client("127.0.0.1:50051") as client:
    run = client.create(scenario_name="frontier-only")
    report = client.report(run.run_id, on_progress=print)

async with AsyncClient("127.0.0.1:50051") as client:
    run = await client.create(scenario_name="frontier-only")
    report = await client.report(run.run_id, on_progress=print)

`stub` is the whole contract. Both watch over broken connections and restarts of the service.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import grpc

from wayfare.convert.report import comparison_data, report_data
from wayfare.v1 import simulation_pb2 as pb
from wayfare.v1 import simulation_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

OVER = (pb.Run.STATE_SUCCEEDED, pb.Run.STATE_FAILED, pb.Run.STATE_CANCELLED)
MOST_MESSAGE_BYTES = 16 * 1024 * 1024
OPTIONS = [
    ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]
PIECE_BYTES = 1_000_000
PAGE = 500


class RunFailedError(RuntimeError):
    """A run that ended without a report; the message says why."""


class Client:
    """One connection. `token` is sent with every call; `credentials` make it TLS."""

    def __init__(
        self, address: str, *, token: str = "", credentials: grpc.ChannelCredentials | None = None
    ) -> None:
        """Connects when first used."""
        if credentials is None:
            self._channel = grpc.insecure_channel(address, OPTIONS)
        else:
            self._channel = grpc.secure_channel(address, credentials, OPTIONS)
        self._metadata = metadata(token)
        self.stub = simulation_pb2_grpc.SimulationServiceStub(self._channel)

    def create(self, request: pb.CreateRunRequest | None = None, *, scenario_name: str = "") -> pb.Run:
        """Submits a run, idempotent by a request id of its own where the request has none."""
        return self.stub.CreateRun(creation(request, scenario_name), metadata=self._metadata)

    def compare(self, request: pb.CreateComparisonRequest) -> pb.Run:
        """Submits a comparison, idempotent likewise."""
        return self.stub.CreateComparison(comparison(request), metadata=self._metadata)

    def runs(self, labels: Mapping[str, str] | None = None) -> Iterator[pb.Run]:
        """All runs with these labels, newest first, page by page."""
        asked = pb.ListRunsRequest(page_size=PAGE, labels=labels)
        while True:
            page = self.stub.ListRuns(asked, metadata=self._metadata)
            yield from page.runs
            asked.page_token = page.next_page_token
            if not asked.page_token:
                return

    def watch(self, run_id: str) -> Iterator[pb.WatchRunResponse]:
        """Every change of a run until it is over; takes up again where a broken stream left off.

        Before the change that says that it succeeded come pages of windows.
        """
        seen = 0
        while True:
            request = pb.WatchRunRequest(run_id=run_id, after_sequence=seen)
            try:
                for change in self.stub.WatchRun(request, metadata=self._metadata, wait_for_ready=bool(seen)):
                    seen = change.run.sequence or seen
                    yield change
                    if change.run.state in OVER:
                        return
            except grpc.RpcError as error:
                if not (seen and is_lost(error)):
                    raise

    def report(self, run_id: str, on_progress: Callable[[float], object] | None = None) -> dict[str, Any]:
        """The report's or comparison's plain data when the run is over.

        Raises:
            RunFailedError: the run failed or was cancelled.
        """
        for change in self.watch(run_id):
            note(change.run, on_progress)
        return data_of(self.stub.GetReport(pb.GetReportRequest(run_id=run_id), metadata=self._metadata))

    def records(self, run_id: str) -> Iterator[pb.RequestRecord]:
        """A run's request records, one after the other."""
        request = pb.StreamRequestRecordsRequest(run_id=run_id)
        for batch in self.stub.StreamRequestRecords(request, metadata=self._metadata):
            yield from batch.records

    def cancel(self, run_id: str) -> pb.Run:
        """Asks a run to stop; one that is over stays as it is."""
        return self.stub.CancelRun(pb.CancelRunRequest(run_id=run_id), metadata=self._metadata)

    def delete(self, run_id: str) -> None:
        """Forgets a run that is over, with its results."""
        self.stub.DeleteRun(pb.DeleteRunRequest(run_id=run_id), metadata=self._metadata)

    def upload(self, data: bytes) -> str:
        """Keeps a trace at the service; the id that a scenario names as its file."""
        return self.stub.UploadTrace(iter(pieces(data)), metadata=self._metadata).trace_id

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the connection."""
        self.close()


class AsyncClient:
    """One connection of a program that awaits; otherwise as `Client`."""

    def __init__(
        self, address: str, *, token: str = "", credentials: grpc.ChannelCredentials | None = None
    ) -> None:
        """Connects when first used; belongs to the event loop that runs then."""
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(address, OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(address, credentials, OPTIONS)
        self._metadata = metadata(token)
        self.stub: simulation_pb2_grpc.SimulationServiceAsyncStub = simulation_pb2_grpc.SimulationServiceStub(
            self._channel
        )

    async def create(self, request: pb.CreateRunRequest | None = None, *, scenario_name: str = "") -> pb.Run:
        """Submits a run, idempotent by a request id of its own where the request has none."""
        return await self.stub.CreateRun(creation(request, scenario_name), metadata=self._metadata)

    async def compare(self, request: pb.CreateComparisonRequest) -> pb.Run:
        """Submits a comparison, idempotent likewise."""
        return await self.stub.CreateComparison(comparison(request), metadata=self._metadata)

    async def runs(self, labels: Mapping[str, str] | None = None) -> AsyncIterator[pb.Run]:
        """All runs with these labels, newest first, page by page."""
        asked = pb.ListRunsRequest(page_size=PAGE, labels=labels)
        while True:
            page = await self.stub.ListRuns(asked, metadata=self._metadata)
            for run in page.runs:
                yield run
            asked.page_token = page.next_page_token
            if not asked.page_token:
                return

    async def watch(self, run_id: str) -> AsyncIterator[pb.WatchRunResponse]:
        """Every change of a run until it is over; takes up again where a broken stream left off.

        Before the change that says that it succeeded come pages of windows.
        """
        seen = 0
        while True:
            request = pb.WatchRunRequest(run_id=run_id, after_sequence=seen)
            call = self.stub.WatchRun(request, metadata=self._metadata, wait_for_ready=bool(seen))
            try:
                async for change in call:
                    seen = change.run.sequence or seen
                    yield change
                    if change.run.state in OVER:
                        return
            except grpc.RpcError as error:
                if not (seen and is_lost(error)):
                    raise
            finally:
                call.cancel()

    async def report(
        self, run_id: str, on_progress: Callable[[float], object] | None = None
    ) -> dict[str, Any]:
        """The report's or comparison's plain data when the run is over.

        Raises:
            RunFailedError: the run failed or was cancelled.
        """
        async for change in self.watch(run_id):
            note(change.run, on_progress)
        return data_of(await self.stub.GetReport(pb.GetReportRequest(run_id=run_id), metadata=self._metadata))

    async def records(self, run_id: str) -> AsyncIterator[pb.RequestRecord]:
        """A run's request records, one after the other."""
        request = pb.StreamRequestRecordsRequest(run_id=run_id)
        async for batch in self.stub.StreamRequestRecords(request, metadata=self._metadata):
            for record in batch.records:
                yield record

    async def cancel(self, run_id: str) -> pb.Run:
        """Asks a run to stop; one that is over stays as it is."""
        return await self.stub.CancelRun(pb.CancelRunRequest(run_id=run_id), metadata=self._metadata)

    async def delete(self, run_id: str) -> None:
        """Forgets a run that is over, with its results."""
        await self.stub.DeleteRun(pb.DeleteRunRequest(run_id=run_id), metadata=self._metadata)

    async def upload(self, data: bytes) -> str:
        """Keeps a trace at the service; the id that a scenario names as its file."""
        return (await self.stub.UploadTrace(iter(pieces(data)), metadata=self._metadata)).trace_id

    async def close(self) -> None:
        """Ends the connection."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the connection."""
        await self.close()


def metadata(token: str) -> tuple[tuple[str, str], ...]:
    """What goes with every call."""
    return (("authorization", f"Bearer {token}"),) if token else ()


def creation(request: pb.CreateRunRequest | None, scenario_name: str) -> pb.CreateRunRequest:
    """A copy of the request with a request id."""
    asked = pb.CreateRunRequest()
    asked.CopyFrom(request or pb.CreateRunRequest(scenario_name=scenario_name))
    asked.request_id = asked.request_id or str(uuid.uuid4())
    return asked


def comparison(request: pb.CreateComparisonRequest) -> pb.CreateComparisonRequest:
    """A copy of the request with a request id."""
    asked = pb.CreateComparisonRequest()
    asked.CopyFrom(request)
    asked.run.request_id = asked.run.request_id or str(uuid.uuid4())
    return asked


def note(run: pb.Run, on_progress: Callable[[float], object] | None) -> None:
    """Tells the progress of a run.

    Raises:
        RunFailedError: it ended without a report.
    """
    if on_progress is not None:
        on_progress(run.progress_ratio)
    if run.state in OVER and run.state != pb.Run.STATE_SUCCEEDED:
        raise RunFailedError(run.error)


def data_of(found: pb.GetReportResponse) -> dict[str, Any]:
    """The plain data of a report or a comparison."""
    is_comparison = found.WhichOneof("result") == "comparison"
    return comparison_data(found.comparison) if is_comparison else report_data(found.report)


def pieces(data: bytes) -> Sequence[pb.UploadTraceRequest]:
    """A trace in pieces."""
    starts = range(0, len(data), PIECE_BYTES)
    return [pb.UploadTraceRequest(chunk=data[start : start + PIECE_BYTES]) for start in starts]


def is_lost(error: grpc.RpcError) -> bool:
    """Whether the service is away, and may come back."""
    return getattr(error, "code")() is grpc.StatusCode.UNAVAILABLE  # noqa: B009  (stubs do not know it)
