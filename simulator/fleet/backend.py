"""Back-ends: how a kind of deployment serves. One protocol, one file each, one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulator.accounting.terms import TokenRates
    from simulator.kernel import BatchingSpec, RateLimits, ServersSpec
    from simulator.scenario import Deployment, Scenario
    from simulator.signals import Signal
    from simulator.world.plan import Timings
    from simulator.workload.columns import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a deployment stands: the signals and factors of its region and tier."""

    pue: float
    tariff_usd_per_kwh: Signal
    intensity_gco2e_per_kwh: Signal
    water_l_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a back-end makes of a deployment: queues, prices, powers.

    `input_usd_per_mtok` and `output_usd_per_mtok` are what a router takes as marginal price.
    Powers and dollars are per queue. `pays_meter`: the operator pays for the electricity.
    `warnings` go into the report.
    """

    queues: BatchingSpec | ServersSpec
    queue_count: int
    limits: RateLimits | None = None
    own_device: bool = False
    failure_ratio: float = 0.0
    input_usd_per_mtok: float = 0.0
    output_usd_per_mtok: float = 0.0
    rates: TokenRates | None = None
    usd_per_request: float = 0.0
    capacity_usd_per_s: float = 0.0
    pays_meter: bool = False
    idle_w: float = 0.0
    embodied_gco2e_per_s: float = 0.0
    api_wh_per_input_token: float = 0.0
    api_wh_per_output_token: float = 0.0
    user_side: bool = False
    warnings: tuple[str, ...] = field(default_factory=tuple)


class Backend(Protocol):
    """Turns a deployment into a service, and draws its service times.

    Both functions are pure. A scenario that was loaded has been checked against the catalog, so
    neither raises for a loaded scenario.
    """

    def service(self, scenario: Scenario, deployment: Deployment) -> Service:
        """Queues, prices and powers of one deployment."""
        ...

    def timings(
        self,
        scenario: Scenario,
        deployment: Deployment,
        workload: Workload,
        rng: Mapping[str, np.random.Generator],
    ) -> Timings | None:
        """Service times by request, or None where the kernel's batching makes them."""
        ...


Column = "NDArray[np.float64]"
