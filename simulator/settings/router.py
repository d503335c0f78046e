"""The router part of a scenario: the policy, how late it sees, and how it takes failures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.host.resilience import Resilience
from simulator.quantities import Count, Duration, NonNegative, Part, Ratio

NonNegativeInt = Annotated[int, Field(ge=0)]


class ResilienceSettings(Part):
    """The router's own retries, fallbacks and cooldown (docs/methodology/routing.md)."""

    retries: NonNegativeInt = 0
    backoff: Duration = 0.5
    backoff_max: Duration = 8.0
    jitter: Duration = 0.75
    retry_after: Duration = 0.0
    retry_after_max: Duration = 60.0
    fallbacks: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    default_fallbacks: tuple[str, ...] = ()
    max_fallbacks: NonNegativeInt = 5
    cooldown: Duration = 5.0
    allowed_fails: NonNegativeInt | None = None
    failure_ratio: Ratio = 0.5
    failure_min_count: NonNegativeInt = 5
    lone_failure_count: NonNegativeInt = 1_000

    def resilience(self) -> Resilience:
        """The router's settings object."""
        return Resilience(
            retries=self.retries,
            backoff_s=self.backoff,
            backoff_max_s=self.backoff_max,
            jitter_s=self.jitter,
            retry_after_s=self.retry_after,
            retry_after_max_s=self.retry_after_max,
            fallbacks=self.fallbacks,
            default_fallbacks=self.default_fallbacks,
            max_fallbacks=self.max_fallbacks,
            cooldown_s=self.cooldown,
            allowed_fails=self.allowed_fails,
            failure_ratio=self.failure_ratio,
            failure_min_count=self.failure_min_count,
            lone_failure_count=self.lone_failure_count,
        )


class RouterSettings(Part):
    """Policy and parameters; `instances` of the router, each seeing the fleet every `staleness`."""

    policy: str = "cheapest_capable"
    parameters: dict[str, object] = Field(default_factory=dict)
    staleness: Duration = 0.0
    instances: Annotated[Count, Field(le=1_000)] = 1
    decision_latency: Duration = 0.0
    decision_usd: NonNegative = 0.0
    resilience: ResilienceSettings | None = None
