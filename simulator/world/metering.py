"""What an API counts of a call while the run goes on: cached prefixes, tokens toward its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.kernel.codes import Reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simulator.world.plan import RunPlan, TargetPlan

CONTEXT_LENGTH = int(Reason.CONTEXT_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """A provider's rules. `lifetime_s` 0: nothing is cached. `output_weight` counts answer tokens
    as so many input tokens (provisioned units). `window_tokens` is the model's true window where
    the router believes in a larger one, else 0.
    """

    minimum_tokens: int = 0
    step_tokens: int = 1
    lifetime_s: float = 0.0
    explicit: bool = False
    counts_cached: bool = True
    output_weight: float = 0.0
    window_tokens: int = 0


class Meter:
    """Counts one API target's calls; holds the conversations in its prefix cache.

    A conversation is cached once the target has answered one of its turns, up to that turn's
    prompt, until `lifetime_s` after its last use.
    """

    def __init__(self, rules: Metering, plan: RunPlan) -> None:
        """Starts with an empty cache."""
        self._rules = rules
        self._prompt = plan.workload.input_token_count
        self._longest = plan.workload.max_output_token_count
        self._session = plan.workload.session
        self._carried: NDArray[np.bool_] | None = plan.carries_history if rules.lifetime_s else None
        self._held: dict[int, tuple[int, float]] = {}

    def count(self, request: int, output: int, now_s: float) -> tuple[int, int, int]:
        """Tokens that count toward the limit on input, cached ones, and why the call is refused or 0."""
        cached = self.cached_tokens(request, now_s)
        return self.counted_tokens(request, output, cached), cached, self.refusal(request)

    def cached_tokens(self, request: int, now_s: float) -> int:
        """Tokens of the prompt that come from the cache now."""
        if not self._held or self._carried is None or not self._carried[request]:
            return 0
        held, used_s = self._held.get(self._session.item(request), (0, 0.0))
        prompt = self._prompt.item(request)
        if prompt < self._rules.minimum_tokens or now_s - used_s > self._rules.lifetime_s:
            return 0
        whole = min(held, prompt) // self._rules.step_tokens * self._rules.step_tokens
        return whole if whole >= self._rules.minimum_tokens else 0

    def answered(self, request: int, now_s: float) -> None:
        """The target has answered the request: its prompt is in the cache."""
        if self._carried is not None and self._carried[request]:
            self._held[self._session.item(request)] = (self._prompt.item(request), now_s)

    def counted_tokens(self, request: int, output: int, cached: int) -> int:
        """Tokens that count toward the limit on input tokens."""
        prompt = self._prompt.item(request)
        fresh = prompt if self._rules.counts_cached else prompt - cached
        return fresh + round(self._rules.output_weight * output)

    def refusal(self, request: int) -> int:
        """CONTEXT_LENGTH where prompt and longest answer do not fit the true window, else 0."""
        window = self._rules.window_tokens
        asked = self._prompt.item(request) + self._longest.item(request)
        return CONTEXT_LENGTH if window and asked > window else 0


def meter_of(target: TargetPlan, plan: RunPlan) -> Meter | None:
    """A fresh meter for an API that has something to count in this run; None for every other target."""
    rules = target.metering
    if rules is None:
        return None
    repeats = rules.lifetime_s > 0.0 and bool(plan.carries_history.any())
    return Meter(rules, plan) if repeats or rules.output_weight or rules.window_tokens else None
