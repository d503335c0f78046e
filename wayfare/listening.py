"""What servers share: an address that is safe to listen on, TLS, the port, and the signal to end."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from pathlib import Path

MOST_PORT = 65_535


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


def stop_signal() -> asyncio.Event:
    """Set when the process is asked to end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def opened_port(server: grpc.aio.Server, address: str, tls: Tls | None = None) -> int:
    """The port that a server listens on from now on.

    Raises:
        OSError: the address cannot be had.
    """
    try:
        if tls is not None:
            return server.add_secure_port(address, tls.credentials())
        return server.add_insecure_port(address)
    except RuntimeError as error:
        message = f"cannot listen on {address!r}: {error}"
        raise OSError(message) from error
