"""The service put together: the only place that wires store, slots, servicers and addresses."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from wayfare.service.access import Access
from wayfare.service.catalog import CatalogServicer
from wayfare.service.intake import Intake
from wayfare.service.routing import add_routing
from wayfare.service.simulation import Limits, SimulationServicer
from wayfare.service.slots import Slots
from wayfare.storage.sqlite import SqliteStore
from wayfare.v1 import catalog_pb2, catalog_pb2_grpc, routing_pb2, simulation_pb2, simulation_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simulator import Scenario
    from wayfare.service.slots import RunListener

MOST_MESSAGE_BYTES = 16 * 1024 * 1024
GRACE_S = 5.0
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
    """How to serve: the address, the folder of store, results and uploads, and who may call."""

    address: str
    folder: Path
    slots: int
    tls: Tls | None = None
    access: Access = field(default_factory=Access)
    limits: Limits = field(default_factory=Limits)
    insecure_anywhere: bool = False
    routes: Sequence[Scenario] = ()
    policy_servers: tuple[str, ...] = ()
    listeners: Sequence[RunListener] = ()
    interceptors: Sequence[grpc.aio.ServerInterceptor] = ()


def demand_safe(settings: ServerSettings) -> None:
    """Raises `UnsafeAddressError` for an address beyond loopback without TLS and tokens."""
    host, _colon, port = settings.address.rpartition(":")
    if not host or not port.isdecimal():
        message = f"address {settings.address!r} is not host:port"
        raise UnsafeAddressError(message)
    guarded = settings.tls is not None and settings.access.tokens
    if not (is_loopback(host.strip("[]")) or guarded or settings.insecure_anywhere):
        message = (
            f"{settings.address!r} is beyond loopback: give --tls-certificate, --tls-key and --tokens, "
            "or say --insecure-anywhere"
        )
        raise UnsafeAddressError(message)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve(settings: ServerSettings, ready: Callable[[int], None]) -> None:
    """Serves until SIGINT or SIGTERM, then drains; `ready` is told the port.

    Raises:
        UnsafeAddressError: see `demand_safe`.
        OSError: the address cannot be had.
    """
    demand_safe(settings)
    store = SqliteStore(settings.folder / "runs.sqlite")
    (settings.folder / "runs").mkdir(exist_ok=True)
    slots = Slots(store, settings.folder / "runs", settings.slots, settings.listeners)
    stop = stop_signal()
    server, port, state = opened(settings, store, slots)
    await slots.start()
    await server.start()
    ready(port)
    await stop.wait()
    await state.enter_graceful_shutdown()
    await slots.stop()
    await server.stop(GRACE_S)
    store.close()


def stop_signal() -> asyncio.Event:
    """Set when the process is asked to end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def opened(
    settings: ServerSettings, store: SqliteStore, slots: Slots
) -> tuple[grpc.aio.Server, int, health.aio.HealthServicer]:
    """A server with every service and a port, not started."""
    options = (
        ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MOST_MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),
    )
    server = grpc.aio.server(interceptors=list(settings.interceptors), options=options)
    intake = Intake(uploads=settings.folder / "uploads", policy_servers=settings.policy_servers)
    simulation = SimulationServicer(store, slots, intake, settings.access, settings.limits)
    simulation_pb2_grpc.add_SimulationServiceServicer_to_server(simulation, server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(settings.access), server)
    add_routing(server, settings.access, intake, settings.routes)
    state = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(state, server)
    reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)
    return server, bound(server, settings), state


def bound(server: grpc.aio.Server, settings: ServerSettings) -> int:
    """The port that was opened."""
    try:
        if settings.tls is not None:
            return server.add_secure_port(settings.address, settings.tls.credentials())
        return server.add_insecure_port(settings.address)
    except RuntimeError as error:
        message = f"cannot listen on {settings.address!r}: {error}"
        raise OSError(message) from error
