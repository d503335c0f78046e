"""Ports: what the rooms of the service need of one another, each stated where it is needed.

The gRPC face needs the intake (`RunAcceptance`, `TraceUploads`), the runs (`ActiveRuns`, `RunResults`), the
live routers (`LiveRouters`) and the store (`RunArchive`). The intake needs `RunQueue` and `RunWriter` of the
runs; live routers need the intake's `ScenarioChecker`. No room imports another: `wayfare.server` hands
each the parts that keep these promises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence

    from wayfare.service.hosted_router import HostedRouter
    from wayfare.service.submission import AcceptedScenario, Submission
    from wayfare.storage.store import RunRecord, RunState
    from wayfare.v1 import routing_pb2, simulation_pb2


class ScenarioChecker(Protocol):
    """Checks scenarios, whatever is in them, without holding up the service."""

    async def checked(
        self,
        tenant: str,
        request: simulation_pb2.CreateRunRequest,
        policies: Sequence[str],
        replications: int,
    ) -> AcceptedScenario:
        """The scenario that may run.

        Raises:
            InvalidScenarioError: lists every problem.
            RefusedError: checking it takes too long or too much, or too many of the tenant's wait.
        """
        ...


class RunAcceptance(Protocol):
    """Turns submissions into runs."""

    async def accept(self, submission: Submission) -> RunRecord:
        """The run, kept and queued; only checked where that was all that was asked.

        Raises:
            InvalidScenarioError: lists every problem.
            RefusedError: the request id stands for something else, or a limit is reached.
        """
        ...


class TraceUploads(Protocol):
    """Keeps callers' traces."""

    async def keep(
        self, tenant: str, pieces: AsyncIterator[simulation_pb2.UploadTraceRequest]
    ) -> simulation_pb2.UploadTraceResponse:
        """The trace under a new id, whole or not at all.

        Raises:
            RefusedError: it is too large, damaged, comes too soon, stalls, or is one too many.
        """
        ...


class RunArchive(Protocol):
    """Reads runs that were accepted, whatever became of them."""

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id, if there is one."""
        ...

    def asked(self, tenant: str, request_id: str) -> RunRecord | None:
        """The run that a tenant's request id made, if there is one."""
        ...

    def page(
        self, tenant: str, states: Collection[RunState], labels: Mapping[str, str], before: int, size: int
    ) -> Sequence[RunRecord]:
        """A tenant's newest runs below an ordinal, in those states, with those labels; from any thread."""
        ...


class RunWriter(Protocol):
    """Writes runs to the store, in the order it was asked to."""

    async def add(self, record: RunRecord) -> RunRecord:
        """The record as the store keeps it, on disk; the earlier one of its request id.

        Raises:
            sqlite3.Error: it cannot be kept.
        """
        ...

    def put(self, record: RunRecord) -> asyncio.Future[RunRecord | None]:
        """Done when a changed run is on disk."""
        ...

    async def remove(self, run_ids: Sequence[str]) -> None:
        """Forgets runs.

        Raises:
            sqlite3.Error: the store cannot be written.
        """
        ...


class RunQueue(Protocol):
    """Takes runs that wait for a process."""

    @property
    def is_stopping(self) -> bool:
        """Whether the service ends and takes no more."""
        ...

    def live(self, run_id: str) -> RunRecord | None:
        """A run that is not over, or whose end is not on disk yet, as it stands."""
        ...

    def submit(self, record: RunRecord) -> None:
        """Queues an accepted run."""
        ...


class ActiveRuns(Protocol):
    """Runs that wait or run: what they are doing, and how to stop them."""

    @property
    def is_stopping(self) -> bool:
        """Whether the service ends."""
        ...

    def live(self, run_id: str) -> RunRecord | None:
        """A run that is not over, or whose end is not on disk yet, as it stands."""
        ...

    async def wait_for_change(self, record: RunRecord) -> None:
        """Returns when a run is no longer as the record says, or the service ends."""
        ...

    async def cancel(self, record: RunRecord) -> RunRecord:
        """Stops a run; as it stands then."""
        ...


class RunResults(Protocol):
    """Results of runs that succeeded."""

    async def report(self, run_id: str) -> simulation_pb2.GetReportResponse:
        """The report.

        Raises:
            RefusedError: it is missing or damaged.
        """
        ...

    def windows(self, run_id: str) -> AsyncIterator[simulation_pb2.WatchRunResponse]:
        """The timeline in pages; none of a comparison.

        Raises:
            RefusedError: it cannot be read.
        """
        ...

    def records(
        self, tenant: str, run_id: str, batch_size: int
    ) -> AsyncGenerator[simulation_pb2.StreamRequestRecordsResponse]:
        """The requests in batches, in the tenant's turn.

        Raises:
            RefusedError: at once where there are none, later where they cannot be read.
        """
        ...

    async def remove(self, run_id: str) -> None:
        """Forgets a run and its results."""
        ...


class LiveRouters(Protocol):
    """Routers that decide on live requests; other tenants' routers do not exist."""

    def of(self, tenant: str) -> Sequence[HostedRouter]:
        """Configured routers, then the tenant's own, in order of making."""
        ...

    def find(self, tenant: str, router_id: str) -> HostedRouter:
        """The router of that id; without one, the configured router where there is one only.

        Raises:
            RefusedError: there is no such router.
        """
        ...

    async def create(self, tenant: str, request: routing_pb2.CreateRouterRequest) -> HostedRouter:
        """A new router of the tenant's.

        Raises:
            InvalidScenarioError: lists every problem.
            RefusedError: the tenant has too many, or the policy cannot decide live.
        """
        ...

    async def shipped(self, tenant: str, scenario_name: str, policy: str) -> HostedRouter:
        """The tenant's router of a scenario that ships, made when it is first asked for."""
        ...

    def delete(self, tenant: str, router_id: str) -> None:
        """Forgets a router of the tenant's.

        Raises:
            RefusedError: there is no such router, or the operator configured it.
        """
        ...
