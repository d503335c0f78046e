"""The service put together: the only place that wires store, slots, servicers and addresses."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from wayfare.metrics.service import ServiceMetrics
from wayfare.service.intake.acceptance import Acceptance
from wayfare.service.intake.checker import Checker
from wayfare.service.intake.quotas import QuotaUsage, RunLimits, TenantQuotas, UploadRateLimiter
from wayfare.service.intake.scenarios import MOST_REQUESTS, MOST_TARGETS, Intake
from wayfare.service.intake.uploads import Uploads
from wayfare.service.rpc.access import Access, TokenInterceptor
from wayfare.service.rpc.catalog import CatalogServicer
from wayfare.service.rpc.routing import add_routing
from wayfare.service.rpc.simulation import SimulationServicer
from wayfare.service.rpc.wellformed import ParsingInterceptor
from wayfare.service.runs.retention import Retention, Sweeper
from wayfare.service.runs.slots import RunScheduler
from wayfare.service.runs.writer import StoreWriter
from wayfare.storage.lock import locked
from wayfare.storage.reserve import DiskReserve
from wayfare.storage.sqlite import SqliteStore
from wayfare.v1 import catalog_pb2, catalog_pb2_grpc, routing_pb2, simulation_pb2, simulation_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simulator import Scenario
    from wayfare.metrics.service import MetricsSettings
    from wayfare.service.runs.slots import RunListener

MOST_MESSAGE_BYTES = 16 * 1024 * 1024
OPTIONS = (
    ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MOST_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
GRACE_S = 5.0
MOST_PORT = 65_535
SERVICES = (
    simulation_pb2.DESCRIPTOR.services_by_name["SimulationService"].full_name,
    catalog_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name,
    routing_pb2.DESCRIPTOR.services_by_name["RoutingService"].full_name,
    health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
)


class UnsafeAddressError(ValueError):
    """An address that strangers reach, without what keeps them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files: the server's certificate and key, and whose clients' certificates are demanded."""

    certificate: Path
    key: Path
    clients_ca: Path | None = None

    def credentials(self) -> grpc.ServerCredentials:
        """What the port is opened with."""
        pair = (self.key.read_bytes(), self.certificate.read_bytes())
        root = self.clients_ca.read_bytes() if self.clients_ca else None
        return grpc.ssl_server_credentials([pair], root, require_client_auth=root is not None)


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


def demand_near(address: str, allowed_anywhere: bool, missing: str) -> None:  # noqa: FBT001  (a fact about the address)
    """Raises `UnsafeAddressError` for what is no address, or one too far away."""
    host, _colon, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port[:6]) > MOST_PORT:
        message = f"address {address!r} is not host:port with a port of 0 to {MOST_PORT}"
        raise UnsafeAddressError(message)
    if not (is_loopback(host.strip("[]")) or allowed_anywhere):
        message = f"{address!r} is beyond loopback: {missing} --insecure-anywhere"
        raise UnsafeAddressError(message)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve(settings: ServerSettings, ready: Callable[[int, int | None], None]) -> None:
    """Serves until SIGINT or SIGTERM, then drains; `ready` is called with the port, and that of metrics.

    Raises:
        UnsafeAddressError: see `demand_safe`.
        StoreInUseError: another server works on the folder.
        DamagedStoreError: the store cannot be trusted.
        OSError: the address is not available.
    """
    demand_safe(settings)
    metrics = ServiceMetrics(settings.metrics, settings.folder / "runs") if settings.metrics else None
    settings = watched(settings, metrics) if metrics else settings
    reserve = DiskReserve(settings.folder)
    with locked(settings.folder), closing(opened_store(settings.folder, reserve)) as store:
        (settings.folder / "runs").mkdir(exist_ok=True)
        reserve.ensure()
        await WayfareServer(settings, store, reserve, metrics).serve(ready)


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


def stop_signal() -> asyncio.Event:
    """Set when the process is asked to end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


class WayfareServer:
    """Every part, wired."""

    def __init__(
        self,
        settings: ServerSettings,
        store: SqliteStore,
        reserve: DiskReserve,
        metrics: ServiceMetrics | None,
    ) -> None:
        """Nothing started."""
        self._settings, self._store, self._metrics = settings, store, metrics
        uploads, holdings = settings.folder / "uploads", QuotaUsage(settings.limits)
        intake = Intake(
            uploads=uploads,
            most_requests=settings.run_requests,
            most_targets=settings.run_targets,
            most_bytes=settings.runs.memory_bytes,
            files=settings.files,
            policies=settings.policies,
            policy_servers=settings.policy_servers,
        )
        self._holdings, self._writer, self._checker = holdings, StoreWriter(store, reserve), Checker(intake)
        listeners = (holdings, *settings.listeners)
        self._slots = RunScheduler(self._writer, settings.folder / "runs", settings.runs, reserve, listeners)
        self._sweeper = Sweeper(store, self._writer, self._slots, uploads, settings.retention)
        self._acceptance = Acceptance(store, self._writer, self._slots, self._checker, holdings)
        self._uploads = Uploads(
            uploads, settings.limits, UploadRateLimiter(settings.limits.trace_bytes_per_hour)
        )
        self._health = health.aio.HealthServicer()

    async def serve(self, ready: Callable[[int, int | None], None]) -> None:
        """Serves until asked to end, then drains."""
        stop = stop_signal()
        interceptors = (
            *self._settings.interceptors,
            TokenInterceptor(self._settings.access),
            ParsingInterceptor(),
        )
        server = grpc.aio.server(interceptors=interceptors, options=OPTIONS)
        self._add_services(server)
        port = bound(server, self._settings)
        metrics_port = self._metrics.open(self._store) if self._metrics else None
        await self._start()
        await server.start()
        endless = (self._sweeper.sweep_forever(), self._routers.expire_forever())
        sweeping = [asyncio.ensure_future(work) for work in endless]
        ready(port, metrics_port)
        await stop.wait()
        for work in sweeping:
            work.cancel()
        await self._stop(server)

    def _add_services(self, server: grpc.aio.Server) -> None:
        """Every service of the contract, health and reflection."""
        settings, slots = self._settings, self._slots
        simulation = SimulationServicer(
            self._store,
            self._writer,
            slots,
            self._acceptance,
            self._uploads,
            settings.access,
            settings.limits,
        )
        simulation_pb2_grpc.add_SimulationServiceServicer_to_server(simulation, server)
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(settings.access), server)
        self._routers = add_routing(
            server,
            settings.access,
            self._checker,
            settings.routes,
            settings.load_reporters,
            settings.limits,
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)

    async def _start(self) -> None:
        """Takes up what an earlier server left, ready for more."""
        unfinished = self._store.unfinished()
        self._holdings.take_all(unfinished)
        self._uploads.tidy()
        await self._slots.start(unfinished)
        await self._checker.start()

    async def _stop(self, server: grpc.aio.Server) -> None:
        """Ends in order: no new work, runs back into the queue, all of it on disk, calls over."""
        await self._health.enter_graceful_shutdown()
        await self._slots.stop()
        await server.stop(GRACE_S)
        self._checker.end()
        await self._writer.close()
        if self._metrics:
            self._metrics.close()


def bound(server: grpc.aio.Server, settings: ServerSettings) -> int:
    """The port that was opened."""
    try:
        if settings.tls is not None:
            return server.add_secure_port(settings.address, settings.tls.credentials())
        return server.add_insecure_port(settings.address)
    except RuntimeError as error:
        message = f"cannot listen on {settings.address!r}: {error}"
        raise OSError(message) from error
