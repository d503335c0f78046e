"""The router part of a scenario: the policy, how late it sees, and how it takes failures."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from router.host.failures import ERROR_CLASSES
from router.host.resilience import BreakerRules, Resilience
from simulator.quantities import Count, Duration, NonNegative, Part, Ratio, Span

NonNegativeInt = Annotated[int, Field(ge=0)]
USUAL: Final = Resilience()
"""What holds where a scenario states nothing."""
USUAL_BREAKER: Final = BreakerRules()
"""The same of a circuit breaker."""
COOLDOWN_KEYS: Final = (
    "cooldown",
    "cooldown_by_hint",
    "disable_cooldowns",
    "allowed_fails",
    "allowed_fails_by_class",
    "failure_ratio",
    "failure_min_count",
    "lone_failure_count",
)
"""What has no meaning beside a breaker."""


def known_classes(counts: dict[str, int]) -> dict[str, int]:
    """The counts, if each is of a class of errors that there is.

    Raises:
        ValueError: one is not.
    """
    for kind in counts:
        if kind not in ERROR_CLASSES:
            message = f"unknown class of errors {kind!r}; known: {', '.join(ERROR_CLASSES)}"
            raise ValueError(message)
    return counts


ByClass = Annotated[dict[str, NonNegativeInt], AfterValidator(known_classes)]
FallbackTable = dict[str, tuple[str, ...]]


class BreakerSettings(Part):
    """A circuit breaker for each target, in the cooldown's place (docs/methodology/routing.md)."""

    failure_threshold: Count = USUAL_BREAKER.failure_threshold
    success_threshold: Count = USUAL_BREAKER.success_threshold
    timeout: Span = USUAL_BREAKER.timeout_s
    minimum_requests: NonNegativeInt = USUAL_BREAKER.minimum_requests
    window: Span = USUAL_BREAKER.window_s
    probes: Count = USUAL_BREAKER.probes

    def rules(self) -> BreakerRules:
        """The router's settings object."""
        return BreakerRules(
            failure_threshold=self.failure_threshold,
            success_threshold=self.success_threshold,
            timeout_s=self.timeout,
            minimum_requests=self.minimum_requests,
            window_s=self.window,
            probes=self.probes,
        )


class ResilienceSettings(Part):
    """The router's own retries, fallbacks and cooldown or breaker (docs/methodology/routing.md)."""

    retries: NonNegativeInt = USUAL.retries
    retries_by_class: ByClass = Field(default_factory=dict)
    backoff: Duration = USUAL.backoff_s
    backoff_max: Duration = USUAL.backoff_max_s
    jitter: Duration = USUAL.jitter_s
    retry_after: Duration = USUAL.retry_after_s
    retry_after_max: Duration = USUAL.retry_after_max_s
    fallbacks: FallbackTable = Field(default_factory=dict)
    context_window_fallbacks: FallbackTable = Field(default_factory=dict)
    content_policy_fallbacks: FallbackTable = Field(default_factory=dict)
    default_fallbacks: tuple[str, ...] = USUAL.default_fallbacks
    max_fallbacks: NonNegativeInt = USUAL.max_fallbacks
    cooldown: Duration = USUAL.cooldown_s
    cooldown_by_hint: bool = USUAL.cooldown_by_hint
    disable_cooldowns: bool = USUAL.disable_cooldowns
    allowed_fails: NonNegativeInt | None = USUAL.allowed_fails
    allowed_fails_by_class: ByClass = Field(default_factory=dict)
    failure_ratio: Ratio = USUAL.failure_ratio
    failure_min_count: NonNegativeInt = USUAL.failure_min_count
    lone_failure_count: NonNegativeInt = USUAL.lone_failure_count
    breaker: BreakerSettings | None = None

    @model_validator(mode="after")
    def _one_of_cooldown_and_breaker(self) -> ResilienceSettings:
        """Targets are sent away by one set of rules."""
        written = [name for name in COOLDOWN_KEYS if name in self.model_fields_set]
        if self.breaker is not None and written:
            message = f"a breaker takes the place of {', '.join(written)}: state one of the two"
            raise ValueError(message)
        return self

    def resilience(self) -> Resilience:
        """The router's settings object."""
        return Resilience(
            retries=self.retries,
            retries_by_class=self.retries_by_class,
            backoff_s=self.backoff,
            backoff_max_s=self.backoff_max,
            jitter_s=self.jitter,
            retry_after_s=self.retry_after,
            retry_after_max_s=self.retry_after_max,
            fallbacks=self.fallbacks,
            context_window_fallbacks=self.context_window_fallbacks,
            content_policy_fallbacks=self.content_policy_fallbacks,
            default_fallbacks=self.default_fallbacks,
            max_fallbacks=self.max_fallbacks,
            cooldown_s=self.cooldown,
            cooldown_by_hint=self.cooldown_by_hint,
            disable_cooldowns=self.disable_cooldowns,
            allowed_fails=self.allowed_fails,
            allowed_fails_by_class=self.allowed_fails_by_class,
            failure_ratio=self.failure_ratio,
            failure_min_count=self.failure_min_count,
            lone_failure_count=self.lone_failure_count,
            breaker=None if self.breaker is None else self.breaker.rules(),
        )


class RouterSettings(Part):
    """Policy and parameters; `instances` of the router, each with state and a stale view of its own."""

    policy: str = "cheapest_capable"
    parameters: dict[str, object] = Field(default_factory=dict)
    staleness: Duration = 0.0
    instances: Annotated[Count, Field(le=1_000)] = 1
    assignment: Literal["random", "session"] = "random"
    decision_latency: Duration = 0.0
    decision_usd: NonNegative = 0.0
    resilience: ResilienceSettings | None = None
