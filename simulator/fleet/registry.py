"""The table of back-ends, by the key that a deployment names them with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from simulator.fleet.api import ApiBackend
from simulator.fleet.batching import BatchingBackend
from simulator.fleet.device import DeviceBackend
from simulator.fleet.endpoint import EndpointBackend

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
