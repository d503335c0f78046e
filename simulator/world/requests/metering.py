"""What an API counts of a call while the run goes on: cached prefixes, tokens toward its limits."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from simulator.kernel.codes import Reason

if TYPE_CHECKING:
    from simulator.world.plan import Metering, RunPlan, TargetPlan

CONTEXT_LENGTH = int(Reason.CONTEXT_LENGTH)


class ApiPrefixCache:
    """What an API's prefix cache holds: conversations up to a prompt, recorded blocks by key.

    Both are kept once a request was answered, for `lifetime_s` after their last use.
    """

    def __init__(self, plan: RunPlan, lifetime_s: float) -> None:
        """Starts empty."""
        self._workload = plan.workload
        self._lifetime_s = lifetime_s
        self._conversations: dict[int, tuple[int, float]] = {}
        self._blocks: dict[int, float] = {}

    def tokens(self, request: int, now_s: float) -> int:
        """Tokens at the beginning of the request's prompt that are held now."""
        least_s = now_s - self._lifetime_s
        held, used_s = self._conversations.get(self._workload.session.item(request), (0, least_s))
        repeated = max(self._workload.history_token_count.item(request), 0)
        conversation = min(held, repeated) if used_s >= least_s else 0
        return max(conversation, self._block_tokens(request, least_s)) if self._blocks else conversation

    def _block_tokens(self, request: int, least_s: float) -> int:
        """Tokens of the request's first blocks up to one that is not held."""
        found = 0
        for block, count in self._blocks_of(request):
            if self._blocks.get(block, -inf) < least_s:
                break
            found += count
        return found

    def _blocks_of(self, request: int) -> zip[tuple[int, int]]:
        """Keys and tokens of the request's recorded blocks."""
        load, part = self._workload, slice(*self._workload.prefix_offset[request : request + 2].tolist())
        return zip(load.prefix_block[part].tolist(), load.prefix_tokens[part].tolist(), strict=True)

    def keep(self, request: int, now_s: float) -> None:
        """Holds the prompt of a request that was answered now."""
        if self._workload.history_token_count[request] >= 0:
            prompt = self._workload.input_token_count.item(request)
            self._conversations[self._workload.session.item(request)] = (prompt, now_s)
        for block, _count in self._blocks_of(request):
            self._blocks[block] = now_s


class Meter:
    """Counts one API target's calls, by its provider's rules."""

    def __init__(self, rules: Metering, plan: RunPlan) -> None:
        """Starts with an empty cache."""
        self._rules = rules
        self._prompt = plan.workload.input_token_count
        self._longest = plan.workload.window_output_token_count
        self._held = ApiPrefixCache(plan, rules.lifetime_s) if rules.lifetime_s else None

    def count(self, request: int, output: int, now_s: float) -> tuple[int, int, int]:
        """Tokens that count toward the limit on input, cached ones, and why the call is refused or 0."""
        cached, refusal = self.cached_tokens(request, now_s), self.refusal(request)
        if self._held is not None and self._rules.kept_when_sent and not refusal:
            self._held.keep(request, now_s)
        return self.counted_tokens(request, output, cached), cached, refusal

    def cached_tokens(self, request: int, now_s: float) -> int:
        """Tokens of the prompt that come from the cache now: whole steps, from the minimum on."""
        if self._held is None or any(begin <= now_s < end for begin, end in self._rules.uncached_s):
            return 0
        held = self._held.tokens(request, now_s)
        step = self._rules.step_tokens
        whole = min(held, self._prompt.item(request)) // step * step
        return whole if whole >= self._rules.minimum_tokens else 0

    def answered(self, request: int, now_s: float) -> None:
        """The target has answered the request: its prompt is in the cache."""
        if self._held is not None and not self._rules.kept_when_sent:
            self._held.keep(request, now_s)

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
    repeats = rules.lifetime_s > 0.0 and bool(plan.repeats_prefix.any())
    return Meter(rules, plan) if repeats or rules.output_weight or rules.window_tokens else None
