"""How the router behaves when targets fail: its settings, and backoff between retries.

Names and semantics are those of LiteLLM's router (1.109): see docs/methodology/routing.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from router.errors import InvalidResilienceError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience:
    """Retries, fallbacks and cooldown of the router. The defaults retry nothing but do cool down.

    Attributes:
        retries: further attempts within the model's targets after the first one failed.
        backoff_s: wait before the first retry on the same target; doubles with each retry.
        backoff_max_s: bound of that wait.
        jitter_s: upper end of the uniform extra wait.
        retry_after_s: least wait before a retry on the same target.
        retry_after_max_s: longest provider's hint that is honoured; a longer one is ignored.
        fallbacks: target or deployment to those tried next, in order.
        default_fallbacks: tried where `fallbacks` names nothing.
        max_fallbacks: most fallback targets tried for a request.
        cooldown_s: how long a tripped target gets no traffic; 0 switches cooldown off.
        allowed_fails: trips when more failures than this follow within `cooldown_s` of one
            another; `None` for the rules by share below.
        failure_ratio: trips when more than this share of a minute's attempts failed ...
        failure_min_count: ... among at least so many, if the model has another target.
        lone_failure_count: a model's only target trips when all of a minute's attempts failed,
            at least so many.
    """

    retries: int = 0
    backoff_s: float = 0.5
    backoff_max_s: float = 8.0
    jitter_s: float = 0.75
    retry_after_s: float = 0.0
    retry_after_max_s: float = 60.0
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_fallbacks: tuple[str, ...] = ()
    max_fallbacks: int = 5
    cooldown_s: float = 5.0
    allowed_fails: int | None = None
    failure_ratio: float = 0.5
    failure_min_count: int = 5
    lone_failure_count: int = 1000

    def __post_init__(self) -> None:
        """Holds only settings that can be carried out.

        Raises:
            InvalidResilienceError: lists every setting that is negative, not finite or no ratio.
        """
        faults = [f"{name}: {value!r} is not a number >= 0" for name, value in self._negatives()]
        if not 0.0 <= self.failure_ratio <= 1.0:
            faults.append(f"failure_ratio: {self.failure_ratio!r} is not in [0, 1]")
        if faults:
            raise InvalidResilienceError("; ".join(faults))

    def _negatives(self) -> list[tuple[str, float]]:
        """Names and values of the settings that should be finite and not negative but are not."""
        settings = {
            "retries": self.retries,
            "backoff_s": self.backoff_s,
            "backoff_max_s": self.backoff_max_s,
            "jitter_s": self.jitter_s,
            "retry_after_s": self.retry_after_s,
            "retry_after_max_s": self.retry_after_max_s,
            "max_fallbacks": self.max_fallbacks,
            "cooldown_s": self.cooldown_s,
            "allowed_fails": self.allowed_fails or 0,
            "failure_min_count": self.failure_min_count,
            "lone_failure_count": self.lone_failure_count,
        }
        return [(name, value) for name, value in settings.items() if not (isfinite(value) and value >= 0)]

    def counts_outcomes(self) -> bool:
        """Whether the cooldown rule needs successes as well as failures."""
        return self.cooldown_s > 0.0 and self.allowed_fails is None

    def wait_s(self, retry_number: int, retry_after_s: float, jitter_u: float) -> float:
        """Seconds to wait before retry `retry_number` (from 0) on the same target.

        The provider's hint where it is at most `retry_after_max_s`, else
        `min(max(backoff 2^k, retry_after), backoff_max)`; plus `jitter_u` (0 to 1) of the jitter.
        """
        jitter_s = self.jitter_s * jitter_u
        if 0.0 < retry_after_s <= self.retry_after_max_s:
            return retry_after_s + jitter_s
        doubled_s = self.backoff_s * 2.0 ** min(retry_number, 64)
        return min(max(doubled_s, self.retry_after_s), self.backoff_max_s) + jitter_s


NO_RESILIENCE = Resilience(cooldown_s=0.0)
"""A router that neither retries nor cools down."""
