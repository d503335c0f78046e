"""A typed client of the service, for programs that wait; `stub` is the whole contract.

with Client("127.0.0.1:50051") as client:
    run = client.create(scenario_name="frontier-only")
    report = client.report(run.run_id, on_progress=print)
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import grpc

from wayfare.convert.report import comparison_data, report_data
from wayfare.v1 import simulation_pb2 as pb
from wayfare.v1 import simulation_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

OVER = (pb.Run.STATE_SUCCEEDED, pb.Run.STATE_FAILED, pb.Run.STATE_CANCELLED)
MOST_MESSAGE_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 1_000_000


class RunFailedError(RuntimeError):
    """A run that ended without a report; the message says why."""


class Client:
    """One connection. `token` is sent with every call; `credentials` make it TLS."""

    def __init__(
        self, address: str, *, token: str = "", credentials: grpc.ChannelCredentials | None = None
    ) -> None:
        """Connects when first used."""
        limit = [("grpc.max_receive_message_length", MOST_MESSAGE_BYTES)]
        if credentials is None:
            self._channel = grpc.insecure_channel(address, limit)
        else:
            self._channel = grpc.secure_channel(address, credentials, limit)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self.stub = simulation_pb2_grpc.SimulationServiceStub(self._channel)

    def create(self, request: pb.CreateRunRequest | None = None, *, scenario_name: str = "") -> pb.Run:
        """Submits a run, idempotent by a request id of its own where the request has none."""
        asked = pb.CreateRunRequest()
        asked.CopyFrom(request or pb.CreateRunRequest(scenario_name=scenario_name))
        asked.request_id = asked.request_id or str(uuid.uuid4())
        return self.stub.CreateRun(asked, metadata=self._metadata)

    def watch(self, run_id: str) -> Iterator[pb.WatchRunResponse]:
        """Every change of a run until it is over; takes up again where a broken stream left off."""
        seen = 0
        while True:
            request = pb.WatchRunRequest(run_id=run_id, after_sequence=seen)
            try:
                for change in self.stub.WatchRun(request, metadata=self._metadata, wait_for_ready=bool(seen)):
                    seen = change.run.sequence
                    yield change
                    if change.run.state in OVER:
                        return
            except grpc.RpcError as error:
                if not seen or getattr(error, "code")() is not grpc.StatusCode.UNAVAILABLE:  # noqa: B009  (stubs do not know it)
                    raise

    def report(self, run_id: str, on_progress: Callable[[float], object] | None = None) -> dict[str, Any]:
        """The report's or comparison's plain data when the run is over.

        Raises:
            RunFailedError: the run failed or was cancelled.
        """
        for change in self.watch(run_id):
            if on_progress is not None:
                on_progress(change.run.progress_ratio)
            if change.run.state in OVER and change.run.state != pb.Run.STATE_SUCCEEDED:
                raise RunFailedError(change.run.error)
        found = self.stub.GetReport(pb.GetReportRequest(run_id=run_id), metadata=self._metadata)
        is_comparison = found.WhichOneof("result") == "comparison"
        return comparison_data(found.comparison) if is_comparison else report_data(found.report)

    def records(self, run_id: str) -> Iterator[pb.RequestRecord]:
        """A run's request records, one after the other."""
        request = pb.StreamRequestRecordsRequest(run_id=run_id)
        for batch in self.stub.StreamRequestRecords(request, metadata=self._metadata):
            yield from batch.records

    def upload(self, data: bytes) -> str:
        """Keeps a trace at the service; the id that a scenario names as its file."""
        starts = range(0, len(data), PIECE_BYTES)
        pieces = (pb.UploadTraceRequest(chunk=data[start : start + PIECE_BYTES]) for start in starts)
        return self.stub.UploadTrace(pieces, metadata=self._metadata).trace_id

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
