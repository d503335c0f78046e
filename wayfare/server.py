"""The composition root: makes every part of the service and hands each what it needs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from wayfare.listening import Tls, demand_near, opened_port, stop_signal
from wayfare.metrics.service import ServiceMetrics
from wayfare.service.intake.acceptance import Acceptance
from wayfare.service.intake.checker import Checker
from wayfare.service.intake.quotas import TenantUsage, UploadRate
from wayfare.service.intake.scenarios import MOST_REQUESTS, MOST_TARGETS, ScenarioIntake
from wayfare.service.intake.uploads import Uploads
from wayfare.service.lifecycle import Lifecycle
from wayfare.service.limits import RunLimits, TenantQuotas
from wayfare.service.live.hosted_routers import HostedRouters
from wayfare.service.rpc.access import Access, TokenInterceptor
from wayfare.service.rpc.catalog import CatalogServicer
from wayfare.service.rpc.routing import RoutingServicer
from wayfare.service.rpc.simulation import SimulationServicer
from wayfare.service.rpc.wellformed import WellFormedInterceptor
from wayfare.service.runs.folders import RunFolders
from wayfare.service.runs.results import StoredResults
from wayfare.service.runs.retention import Retention, Sweeper
from wayfare.service.runs.scheduler import Scheduler
from wayfare.service.runs.writer import StoreWriter
from wayfare.storage.lock import locked
from wayfare.storage.reserve import DiskReserve
from wayfare.storage.sqlite import SqliteStore
from wayfare.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    routing_pb2,
    routing_pb2_grpc,
    simulation_pb2,
    simulation_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simulator import Scenario
    from wayfare.metrics.service import MetricsSettings
    from wayfare.storage.store import RunListener

MOST_MESSAGE_BYTES = 16 * 1024 * 1024
OPTIONS = (
    ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MOST_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
SERVICES = (
    simulation_pb2.DESCRIPTOR.services_by_name["SimulationService"].full_name,
    catalog_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name,
    routing_pb2.DESCRIPTOR.services_by_name["RoutingService"].full_name,
    health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How to serve: the address, the folder of store, results and uploads, who may call and what.

    `files` is a folder whose files scenarios may name, `policies` such as no registry knows.
    """

    address: str
    folder: Path
    runs: RunLimits = field(default_factory=RunLimits)
    tls: Tls | None = None
    access: Access = field(default_factory=Access)
    limits: TenantQuotas = field(default_factory=TenantQuotas)
    retention: Retention = field(default_factory=Retention)
    run_requests: int = MOST_REQUESTS
    run_targets: int = MOST_TARGETS
    files: Path | None = None
    policies: tuple[str, ...] = ()
    insecure_anywhere: bool = False
    routes: Sequence[Scenario] = ()
    load_reporters: tuple[str, ...] = ()
    policy_servers: tuple[str, ...] = ()
    listeners: Sequence[RunListener] = ()
    interceptors: Sequence[grpc.aio.ServerInterceptor] = ()
    metrics: MetricsSettings | None = None

    @property
    def uploads(self) -> Path:
        """The folder of traces."""
        return self.folder / "uploads"

    @property
    def results(self) -> Path:
        """The folder of runs' results."""
        return self.folder / "runs"


def demand_safe(settings: ServerSettings) -> None:
    """Raises `UnsafeAddressError` for an address beyond loopback without TLS and tokens; metrics
    have neither.
    """
    guarded = settings.tls is not None and bool(settings.access.tokens)
    missing = "give --tls-certificate, --tls-key and --tokens, or use"
    demand_near(settings.address, guarded or settings.insecure_anywhere, missing)
    if settings.metrics is not None:
        missing = "metrics have no TLS and no tokens; to allow that, use"
        demand_near(settings.metrics.address, settings.insecure_anywhere, missing)


async def serve(settings: ServerSettings, ready: Callable[[int, int | None], None]) -> None:
    """Serves until SIGINT or SIGTERM, then drains; `ready` is called with the port, and that of metrics.

    Raises:
        UnsafeAddressError: see `demand_safe`.
        StoreInUseError: another server works on the folder.
        DamagedStoreError: the store cannot be trusted.
        OSError: the address is not available.
    """
    demand_safe(settings)
    metrics = ServiceMetrics(settings.metrics, settings.results) if settings.metrics else None
    settings = watched(settings, metrics) if metrics else settings
    reserve = DiskReserve(settings.folder)
    with locked(settings.folder), closing(opened_store(settings.folder, reserve)) as store:
        settings.results.mkdir(exist_ok=True)
        reserve.ensure()
        await run_service(settings, store, reserve, metrics, ready)


def opened_store(folder: Path, reserve: DiskReserve) -> SqliteStore:
    """The store of a folder; where the disk is full, with the room that was kept back."""
    try:
        return SqliteStore(folder / "runs.sqlite")
    except OSError:
        if not reserve.release():
            raise
        return SqliteStore(folder / "runs.sqlite")


def watched(settings: ServerSettings, metrics: ServiceMetrics) -> ServerSettings:
    """The settings with metrics that listen to runs and calls."""
    return replace(
        settings,
        listeners=(*settings.listeners, *metrics.listeners),
        interceptors=(metrics.interceptor, *settings.interceptors),
    )


async def run_service(
    settings: ServerSettings,
    store: SqliteStore,
    reserve: DiskReserve,
    metrics: ServiceMetrics | None,
    ready: Callable[[int, int | None], None],
) -> None:
    """Wires the service, opens its ports, serves until asked to end, and drains."""
    stop = stop_signal()
    service = wired(settings, store, reserve)
    port = opened_port(service.server, settings.address, settings.tls)
    metrics_port = metrics.open(store) if metrics else None
    await service.start(store.unfinished())
    ready(port, metrics_port)
    await service.serve_until(stop)
    await service.drain()
    if metrics:
        metrics.close()


def wired(settings: ServerSettings, store: SqliteStore, reserve: DiskReserve) -> Lifecycle:
    """Every part of the service, nothing started."""
    limits, folders, writer = settings.limits, RunFolders(settings.results), StoreWriter(store, reserve)
    usage, checker = TenantUsage(limits), Checker(scenario_intake(settings))
    scheduler = Scheduler(writer, folders, settings.runs, reserve, (usage, *settings.listeners))
    uploads = Uploads(settings.uploads, limits, UploadRate(limits.trace_bytes_per_hour))
    routers = HostedRouters(checker, settings.routes, load_reporters(settings))
    simulation = SimulationServicer(
        access=settings.access,
        acceptance=Acceptance(store, writer, scheduler, checker, usage),
        uploads=uploads,
        active=scheduler,
        archive=store,
        results=StoredResults(folders, writer),
        limits=limits,
    )
    routing = RoutingServicer(settings.access, routers, limits)
    healthy = health.aio.HealthServicer()
    return Lifecycle(
        server=server_of(settings, simulation, routing, healthy),
        health=healthy,
        usage=usage,
        uploads=uploads,
        checker=checker,
        scheduler=scheduler,
        sweeper=Sweeper(store, writer, scheduler, folders, settings.uploads, settings.retention),
        routers=routers,
        writer=writer,
    )


def scenario_intake(settings: ServerSettings) -> ScenarioIntake:
    """What scenarios may name and how large they may be."""
    return ScenarioIntake(
        uploads=settings.uploads,
        most_requests=settings.run_requests,
        most_targets=settings.run_targets,
        most_bytes=settings.runs.memory_bytes,
        files=settings.files,
        policies=settings.policies,
        policy_servers=settings.policy_servers,
    )


def load_reporters(settings: ServerSettings) -> frozenset[str] | None:
    """Whose measured loads configured routers believe; None, without tokens: everybody's."""
    return frozenset(settings.load_reporters) if settings.access.tokens else None


def server_of(
    settings: ServerSettings,
    simulation: SimulationServicer,
    routing: RoutingServicer,
    healthy: health.aio.HealthServicer,
) -> grpc.aio.Server:
    """A gRPC server with every service of the contract, health and reflection; not started."""
    own = (TokenInterceptor(settings.access), WellFormedInterceptor())
    server = grpc.aio.server(interceptors=(*settings.interceptors, *own), options=OPTIONS)
    simulation_pb2_grpc.add_SimulationServiceServicer_to_server(simulation, server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(settings.access), server)
    routing_pb2_grpc.add_RoutingServiceServicer_to_server(routing, server)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)
    return server
