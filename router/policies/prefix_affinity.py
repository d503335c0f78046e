"""Prompts go where their beginning went before."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

from router.parameters import above, at_least, check, parameter, ratio
from router.pipeline.prefixes import PrefixRecord
from router.pipeline.sends import SendCache
from router.pipeline.sessions import NO_SESSION, SessionMemory
from router.views.loads import least_outstanding
from router.views.records import TargetRecords

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixAffinityParameters:
    """How much must match, when load goes first, and how much is remembered."""

    cache_threshold: float = parameter(0.3, "share of the prompt that must be on record, more than this")
    balance_abs_threshold: int = parameter(64, "difference of loads above which balance may go first")
    balance_rel_threshold: float = parameter(1.5, "ratio of loads above which, together, balance goes first")
    eviction_interval_s: float = parameter(60.0, "seconds between two evictions of old blocks, above 0")
    max_tree_blocks: int = parameter(32_768, "blocks kept of each target at an eviction")

    def __post_init__(self) -> None:
        """Holds only thresholds and bounds that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            ratio("cache_threshold", self.cache_threshold),
            at_least("balance_abs_threshold", self.balance_abs_threshold, 0),
            at_least("balance_rel_threshold", self.balance_rel_threshold, 1),
            above("eviction_interval_s", self.eviction_interval_s, 0),
            at_least("max_tree_blocks", self.max_tree_blocks, 1),
        )


class PrefixAffinity:
    """Sends a prompt to the candidate that most of its beginning was sent to before.

    The record is the router's own: blocks it sent to each target, not what caches hold. Where the greatest
    load of the candidates exceeds the least by more than balance_abs_threshold and by more than
    balance_rel_threshold times, the least outstanding candidate is sent to. Else, if more than
    cache_threshold of the prompt's blocks are on record somewhere, the candidate with the longest match is,
    ties to the least outstanding, then to the lowest index; if not, the candidate with the fewest blocks on
    record, ties likewise. A prompt without blocks goes where its session went last, if more than
    cache_threshold of its tokens are history, else to the least outstanding candidate. Every
    eviction_interval_s the blocks used longest ago are dropped beyond max_tree_blocks a target.

    SGLang matches characters in a tree for each worker; blocks stand for them here.
    """

    name: ClassVar[str] = "prefix_affinity"
    source: ClassVar[str] = "SGLang's cache_aware policy (sglang_router 0.3.2)"

    def __init__(self, parameters: PrefixAffinityParameters | None = None) -> None:
        """Nothing was sent."""
        self._given = parameters or PrefixAffinityParameters()
        self._records: TargetRecords[PrefixRecord] = TargetRecords(_empty)
        self._sessions = SessionMemory(inf)
        self._evict_s = self._given.eviction_interval_s
        self._matched, self._fresh = SendCache("prefix on record"), SendCache("prefix is new")
        self._balanced, self._bare = SendCache("loads are uneven"), SendCache("no prefix")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the candidate with the prompt's beginning, or to one with room."""
        records, blocks = self._records.of(fleet), request.prefix_blocks
        self._evict(request.now_s)
        index, sends = self._choice(request, fleet, blocks)
        records[index].note(blocks)
        self._sessions.note(request, fleet, index)
        return sends.to(fleet, index)

    def _choice(
        self, request: RequestView, fleet: FleetView, blocks: tuple[int, ...]
    ) -> tuple[int, SendCache]:
        """Index of the target, and why."""
        if self._is_uneven(fleet):
            return least_outstanding(fleet.outstanding, fleet.candidates), self._balanced
        if not blocks:
            return self._bare_choice(request, fleet)
        records, load = self._records.of(fleet), fleet.outstanding.item
        longest = min((-records[i].matched(blocks), load(i), i) for i in fleet.candidates)
        if -longest[0] > self._given.cache_threshold * len(blocks):
            return longest[-1], self._matched
        return min((len(records[i]), load(i), i) for i in fleet.candidates)[-1], self._fresh

    def _bare_choice(self, request: RequestView, fleet: FleetView) -> tuple[int, SendCache]:
        """The same for a prompt without blocks: its session's target, or the least outstanding."""
        last = self._sessions.last(request, fleet) if request.session != NO_SESSION else None
        repeats = request.history_token_count > self._given.cache_threshold * request.prompt_token_count
        if last is not None and last in fleet.candidates and repeats:
            return last, self._matched
        return least_outstanding(fleet.outstanding, fleet.candidates), self._bare

    def _is_uneven(self, fleet: FleetView) -> bool:
        """Whether loads differ so much that balance goes first."""
        loads = [fleet.outstanding.item(index) for index in fleet.candidates]
        most, least = max(loads), min(loads)
        apart = most - least > self._given.balance_abs_threshold
        return apart and most > self._given.balance_rel_threshold * least

    def _evict(self, now_s: float) -> None:
        """Drops old blocks when it is time."""
        if now_s >= self._evict_s:
            self._evict_s = now_s + self._given.eviction_interval_s
            for record in self._records.all():
                record.shrink(self._given.max_tree_blocks)


def _empty(target: Target) -> PrefixRecord:  # noqa: ARG001  (all targets begin alike)
    """A record of nothing."""
    return PrefixRecord()
