"""How the router behaves when targets fail: its settings, and backoff between retries.

Names and semantics are those of LiteLLM's router (1.109): see docs/methodology/routing.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from router.errors import InvalidResilienceError
from router.host.failures import ERROR_CLASSES, ErrorClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

USUAL_ALLOWED_FAILS = 3
"""Failures that a class without a number of its own is allowed where others have one (LiteLLM's default)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """When a target's circuit breaker opens, and how it closes again (SGLang's router, Portkey's gateway).

    Attributes:
        failure_threshold: opens with so many failures in a row ...
        window_s: ... none of them longer ago than this ...
        minimum_requests: ... once at least so many attempts ended within the window.
        timeout_s: how long it stays open before probes are let through; how long a probe without an
            answer takes the place of the next.
        probes: most requests let through at a time while it is half open.
        success_threshold: closes with so many answers while it is half open; one failure opens it again.
    """

    failure_threshold: int = 10
    success_threshold: int = 3
    timeout_s: float = 30.0
    minimum_requests: int = 0
    window_s: float = 120.0
    probes: int = 1

    def __post_init__(self) -> None:
        """Holds only rules that can be carried out.

        Raises:
            InvalidResilienceError: lists every rule that is out of range.
        """
        counts = ("failure_threshold", "success_threshold", "probes")
        faults = [
            f"breaker.{name}: {getattr(self, name)!r} is not >= 1"
            for name in counts
            if not getattr(self, name) >= 1
        ]
        lengths = ("timeout_s", "window_s")
        faults += [
            f"breaker.{name}: {getattr(self, name)!r} is not a number > 0"
            for name in lengths
            if not (isfinite(getattr(self, name)) and getattr(self, name) > 0.0)
        ]
        if not self.minimum_requests >= 0:
            faults.append(f"breaker.minimum_requests: {self.minimum_requests!r} is not >= 0")
        if faults:
            raise InvalidResilienceError("; ".join(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience:
    """Retries, fallbacks and cooldown of the router. The defaults retry nothing but do cool down.

    Attributes:
        retries: further attempts within the model's targets after the first one failed.
        retries_by_class: the same by class of the first failure; a class that is named is tried again
            even if its status would not be.
        backoff_s: wait before the first retry on the same target; doubles with each retry.
        backoff_max_s: bound of that wait.
        jitter_s: upper end of the uniform extra wait.
        retry_after_s: least wait before a retry on the same target.
        retry_after_max_s: longest provider's hint that is honoured; a longer one is ignored.
        fallbacks: target or deployment to those tried next, in order; each has fallbacks of its own.
        context_window_fallbacks: takes their place after a prompt that was too long, where there is any.
        content_policy_fallbacks: takes their place after an answer was refused, where there is any.
        default_fallbacks: tried where `fallbacks` names nothing.
        max_fallbacks: most fallback targets tried for a request.
        cooldown_s: how long a tripped target gets no traffic; 0 switches cooldown off.
        cooldown_by_hint: whether a provider's Retry-After, however long, takes the place of `cooldown_s`.
        disable_cooldowns: switches cooldown off as well.
        allowed_fails: trips with more failures than this within `cooldown_s` of the first of them, unless
            the target is its model's only one and has no fallbacks; `None` for the rules by share below.
        allowed_fails_by_class: the same by class of the failure, for a model's only target too; other
            classes then have `allowed_fails`, or 3. The failures of all classes are counted together.
        failure_ratio: trips when more than this share of a minute's attempts failed ...
        failure_min_count: ... among at least so many, if the model has another target.
        lone_failure_count: a model's only target trips when all of a minute's attempts failed,
            at least so many.
        breaker: a circuit breaker in the cooldown's place; none of the cooldown's settings then holds.
    """

    retries: int = 0
    retries_by_class: Mapping[str, int] = field(default_factory=dict)
    backoff_s: float = 0.5
    backoff_max_s: float = 8.0
    jitter_s: float = 0.75
    retry_after_s: float = 0.0
    retry_after_max_s: float = 60.0
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    context_window_fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    content_policy_fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_fallbacks: tuple[str, ...] = ()
    max_fallbacks: int = 5
    cooldown_s: float = 5.0
    cooldown_by_hint: bool = False
    disable_cooldowns: bool = False
    allowed_fails: int | None = None
    allowed_fails_by_class: Mapping[str, int] = field(default_factory=dict)
    failure_ratio: float = 0.5
    failure_min_count: int = 5
    lone_failure_count: int = 1000
    breaker: BreakerRules | None = None

    def __post_init__(self) -> None:
        """Holds only settings that can be carried out.

        Raises:
            InvalidResilienceError: lists every setting that is negative, not finite or no ratio.
        """
        faults = [f"{name}: {value!r} is not a number >= 0" for name, value in self._negatives()]
        if not 0.0 <= self.failure_ratio <= 1.0:
            faults.append(f"failure_ratio: {self.failure_ratio!r} is not in [0, 1]")
        faults += by_class_faults("retries_by_class", self.retries_by_class)
        faults += by_class_faults("allowed_fails_by_class", self.allowed_fails_by_class)
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

    def cools_down(self) -> bool:
        """Whether a target can trip by the cooldown's rules."""
        return self.breaker is None and self.cooldown_s > 0.0 and not self.disable_cooldowns

    def counts_fails(self) -> bool:
        """Whether the cooldown goes by a number of allowed failures, not by shares."""
        return self.allowed_fails is not None or bool(self.allowed_fails_by_class)

    def counts_outcomes(self) -> bool:
        """Whether the rules that send targets away need successes as well as failures."""
        return self.breaker is not None or (self.cools_down() and not self.counts_fails())

    def allowed_fails_of(self, kind: ErrorClass) -> int:
        """Failures that a target is allowed, by the class of the latest."""
        usual = USUAL_ALLOWED_FAILS if self.allowed_fails is None else self.allowed_fails
        return self.allowed_fails_by_class.get(kind, usual)

    def fallbacks_of(self, names: Sequence[str], kind: ErrorClass | None = None) -> tuple[str, ...]:
        """What stands in for a target, known by several names, after a failure of this class, if any.

        Fallbacks of an error class, where any are stated, are the only ones after such an error.
        """
        special = self._fallbacks_after(kind)
        if special:
            return listed(special, names)
        return listed(self.fallbacks, names) or self.default_fallbacks

    def _fallbacks_after(self, kind: ErrorClass | None) -> Mapping[str, tuple[str, ...]]:
        """The fallbacks of an error class; none for most."""
        if kind is ErrorClass.CONTEXT_WINDOW:
            return self.context_window_fallbacks
        return self.content_policy_fallbacks if kind is ErrorClass.CONTENT_POLICY else {}

    @property
    def fallback_tables(self) -> dict[str, Mapping[str, tuple[str, ...]]]:
        """All fallbacks by target or deployment, by the setting that states them."""
        names = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
        return {name: getattr(self, name) for name in names}

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


def listed(table: Mapping[str, tuple[str, ...]], names: Sequence[str]) -> tuple[str, ...]:
    """What a table says of the first of the names that it says anything of."""
    return next((table[name] for name in names if table.get(name)), ())


def by_class_faults(name: str, counts: Mapping[str, int]) -> list[str]:
    """What is wrong with counts by error class."""
    known = f"known: {', '.join(ERROR_CLASSES)}"
    faults = [f"{name}: unknown class {kind!r}; {known}" for kind in counts if kind not in ERROR_CLASSES]
    return faults + [
        f"{name}.{kind}: {count!r} is not a number >= 0" for kind, count in counts.items() if not count >= 0
    ]


NO_RESILIENCE = Resilience(cooldown_s=0.0)
"""A router that neither retries nor cools down."""
