"""The extension point of back-ends: how a kind of deployment serves, and on what terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from simulator.accounting.terms import ServiceTerms
from simulator.kernel.spec import RateLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from simulator.kernel.spec import BatchingSpec, DecodePool, ServersSpec
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario
    from simulator.streams import RandomStreams
    from simulator.world.plan import Metering, OfflineSchedule, Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(ServiceTerms):
    """What a back-end makes of a deployment: queues, prices, powers.

    `queue_count` queues, those of the `decode` pool included, each of `unit_count` units (servers)
    that are paid for and draw power. A replica has `rank_count` queues: several where attention ranks
    have their own. Prices per million tokens are what a router takes as marginal price, `None` of cached
    input where it has no price of its own. `energy_j_per_*_token` is what a token more draws in own
    machines at a middling load, before PUE; 0 where unknown. `provider` sells the tokens. `pays_meter`:
    the operator pays for the electricity. `metering` is how an API counts tokens; `batch` answers come
    within hours. `absence` is when own devices are off. `warnings` go into the report.
    """

    queues: BatchingSpec | ServersSpec
    queue_count: int = 1
    decode: DecodePool | None = None
    rank_count: int = 1
    unit_count: int = 1
    limits: RateLimits = field(default_factory=RateLimits)
    own_device: bool = False
    failure_ratio: float = 0.0
    context_window_tokens: int
    input_usd_per_mtok: float = 0.0
    cached_input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float = 0.0
    energy_j_per_input_token: float = 0.0
    energy_j_per_output_token: float = 0.0
    provider: str = ""
    metering: Metering | None = None
    batch: bool = False
    pays_meter: bool = False
    absence: OfflineSchedule | None = None
    warnings: tuple[str, ...] = ()

    @property
    def replica_count(self) -> int:
        """Queues that fail, are paid for and are counted as one, taken together."""
        return self.queue_count // self.rank_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a target is asked for, by request: prompt tokens, and tokens its model answers with."""

    prompt: NDArray[np.int32]
    output: NDArray[np.int32]


class Backend(Protocol):
    """Turns a deployment into a service, and draws its service times.

    All functions are pure but for the generators they take. `problems` is asked first; the others
    are only called for deployments without problems, and do not raise for them.
    """

    def problems(self, scenario: Scenario, deployment: Deployment) -> Iterator[tuple[str, str]]:
        """What cannot be about the deployment: key within it, and what is allowed."""
        ...

    def service(self, scenario: Scenario, deployment: Deployment) -> Service:
        """Queues, prices and powers of the deployment."""
        ...

    def timings(
        self, scenario: Scenario, deployment: Deployment, work: Work, streams: RandomStreams
    ) -> Timings | None:
        """Service times by request, or None where the kernel's batching makes them."""
        ...
