"""The life of a service: takes up what an earlier one left, serves, and drains when asked to end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc
    from grpc_health.v1 import health

    from wayfare.service.intake.checker import Checker
    from wayfare.service.intake.quotas import TenantUsage
    from wayfare.service.intake.uploads import Uploads
    from wayfare.service.live.hosted_routers import HostedRouters
    from wayfare.service.runs.retention import Sweeper
    from wayfare.service.runs.scheduler import Scheduler
    from wayfare.service.runs.writer import StoreWriter
    from wayfare.storage.store import RunRecord

GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """The parts of a service that begin or end in an order."""

    server: grpc.aio.Server
    health: health.aio.HealthServicer
    usage: TenantUsage
    uploads: Uploads
    checker: Checker
    scheduler: Scheduler
    sweeper: Sweeper
    routers: HostedRouters
    writer: StoreWriter

    async def start(self, unfinished: Sequence[RunRecord]) -> None:
        """Takes up what an earlier service left, then takes calls."""
        self.usage.take_all(unfinished)
        self.uploads.tidy()
        await self.scheduler.start(unfinished)
        await self.checker.start()
        await self.server.start()

    async def serve_until(self, stop: asyncio.Event) -> None:
        """Serves until asked to end; forgets old runs and idle requests meanwhile."""
        endless = (self.sweeper.sweep_forever(), self.routers.expire_forever())
        sweeping = [asyncio.ensure_future(work) for work in endless]
        await stop.wait()
        for work in sweeping:
            work.cancel()

    async def drain(self) -> None:
        """Ends in order: no new work, runs back into the queue, all of it on disk, calls over."""
        await self.health.enter_graceful_shutdown()
        await self.scheduler.stop()
        await self.server.stop(GRACE_S)
        self.checker.end()
        await self.writer.close()
