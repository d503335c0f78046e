"""The table of back-ends, by the key that a deployment names them with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from simulator.fleet.backends.api import ApiBackend
from simulator.fleet.backends.device import DeviceBackend
from simulator.fleet.backends.endpoint import EndpointBackend
from simulator.fleet.backends.hardware import BatchingBackend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.fleet.backend import Backend

BACKENDS: Final[Mapping[str, Backend]] = MappingProxyType(
    {
        "hardware": BatchingBackend(),
        "api": ApiBackend(),
        "device": DeviceBackend(),
        "endpoint": EndpointBackend(),
    }
)
