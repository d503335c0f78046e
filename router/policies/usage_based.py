"""The least used this minute, within its limits."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (parameters' types are read at runtime)
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

from catalogs.units import SECONDS_PER_MINUTE
from router.decision import Decision
from router.parameters import check, limits, parameter
from router.pipeline.sends import SendCache
from router.views.records import TargetRecords, any_of, shared_limit

if TYPE_CHECKING:
    import numpy as np

    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

RATE_LIMITED = "rate limited"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBasedParameters:
    """Limits of one's own."""

    tpm: Mapping[str, float] | None = parameter(
        None, "target or deployment to its tokens a minute; what the target states where omitted"
    )
    rpm: Mapping[str, float] | None = parameter(
        None, "target or deployment to its requests a minute; what the target states where omitted"
    )

    def __post_init__(self) -> None:
        """Holds only limits that let something through."""
        check(limits("tpm", self.tpm), limits("rpm", self.rpm))


@dataclass(slots=True)
class _Usage:
    """What a target took in the current minute, and may take in any."""

    tpm: float
    rpm: float
    token_count: int = 0
    request_count: int = 0


class UsageBased:
    """Sends to the candidate with the fewest tokens in the current minute, within its limits.

    A request counts when it is sent, its prompt and answer tokens when its attempt completes, in that
    minute. A candidate is passed over whose tokens with this prompt, or requests with this one, would
    exceed its limit a minute. Ties are drawn from with one uniform draw. Where all are passed over the
    request is rejected as rate limited. Minutes begin at whole minutes of virtual time; retries and
    fallbacks of the host are not counted as requests. Several routers each count their own.

    LiteLLM's own check passes a target over one request before its limit; here the limit can be used up.

    Errors: `UnknownTargetError` when a limit names neither a target nor a deployment.
    """

    name: ClassVar[str] = "usage_based"
    source: ClassVar[str] = "LiteLLM's usage-based-routing-v2 (1.80 to 1.109)"

    def __init__(self, parameters: UsageBasedParameters | None = None) -> None:
        """Nothing is used yet."""
        self._parameters = parameters or UsageBasedParameters()
        self._sends = SendCache("least used this minute")
        self._targets: tuple[Target, ...] = ()
        self._siblings: dict[str, int] = {}
        self._records: TargetRecords[_Usage] = TargetRecords(self._unused)
        self._minute = -1

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the least used candidate within its limits, or a rejection."""
        if fleet.targets is not self._targets:
            self._start(fleet)
        self._turn_to(request.now_s)
        records, prompt, least, near = self._records.of(fleet), request.prompt_token_count, inf, [0]
        for index in fleet.candidates:
            used = records[index]
            count = used.token_count
            if count > least or count + prompt > used.tpm or used.request_count >= used.rpm:
                continue
            if count < least:
                least, near = count, [index]
            else:
                near.append(index)
        if least == inf:
            return Decision.reject(reason=RATE_LIMITED)
        chosen = any_of(near, rng)
        records[chosen].request_count += 1
        return self._sends.to(fleet, chosen)

    def observe(self, outcome: Outcome) -> None:
        """Counts the tokens of a completed attempt in the minute in which it ended."""
        used = self._records.named(outcome.target)
        if used is not None and outcome.completed:
            self._turn_to(outcome.finished_s)
            used.token_count += outcome.prompt_token_count + outcome.output_token_count

    def _turn_to(self, now_s: float) -> None:
        """Begins the count anew where a later minute has begun."""
        minute = int(now_s // SECONDS_PER_MINUTE)
        if minute > self._minute:
            self._minute = minute
            for used in self._records.all():
                used.token_count = used.request_count = 0

    def _start(self, fleet: FleetView) -> None:
        """Looks the limits' names up, and who shares a deployment's."""
        for name in (*(self._parameters.tpm or ()), *(self._parameters.rpm or ())):
            fleet.members(name)
        self._targets = fleet.targets
        self._siblings = {name: len(members) for name, members in fleet.by_deployment.items()}

    def _unused(self, target: Target) -> _Usage:
        """A target with its limits, unused."""
        siblings = self._siblings[target.deployment]
        tpm = shared_limit(target, self._parameters.tpm, target.tokens_per_minute, siblings)
        rpm = shared_limit(target, self._parameters.rpm, target.requests_per_minute, siblings)
        return _Usage(inf if tpm is None else tpm, inf if rpm is None else rpm)
