"""The router part of a scenario: the policy, how late it sees, and how it takes failures."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from router.host.resilience import Resilience
from simulator.quantities import Count, Duration, NonNegative, Part, Ratio

NonNegativeInt = Annotated[int, Field(ge=0)]
USUAL: Final = Resilience()
"""What holds where a scenario states nothing."""


class ResilienceSettings(Part):
    """The router's own retries, fallbacks and cooldown (docs/methodology/routing.md)."""

    retries: NonNegativeInt = USUAL.retries
    backoff: Duration = USUAL.backoff_s
    backoff_max: Duration = USUAL.backoff_max_s
    jitter: Duration = USUAL.jitter_s
    retry_after: Duration = USUAL.retry_after_s
    retry_after_max: Duration = USUAL.retry_after_max_s
    fallbacks: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    default_fallbacks: tuple[str, ...] = USUAL.default_fallbacks
    max_fallbacks: NonNegativeInt = USUAL.max_fallbacks
    cooldown: Duration = USUAL.cooldown_s
    allowed_fails: NonNegativeInt | None = USUAL.allowed_fails
    failure_ratio: Ratio = USUAL.failure_ratio
    failure_min_count: NonNegativeInt = USUAL.failure_min_count
    lone_failure_count: NonNegativeInt = USUAL.lone_failure_count

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
