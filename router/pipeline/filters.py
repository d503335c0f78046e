"""Filters that ship with the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.views.fleet import FleetView, Tier
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True)
class InTiers:
    """Keeps targets that stand in one of the tiers."""

    tiers: frozenset[Tier]

    def keep(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[int]:  # noqa: ARG002  (the protocol's signature)
        """Candidates of these tiers."""
        return [index for index in candidates if fleet.targets[index].tier in self.tiers]


@dataclass(frozen=True, slots=True)
class SuccessFloor:
    """Keeps targets whose predicted success for the request is at least `floor`, 0 to 1."""

    floor: float

    def keep(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[int]:
        """Candidates that are likely enough to be right."""
        targets = fleet.targets
        return [i for i in candidates if targets[i].predicted_success(request) >= self.floor]


@dataclass(frozen=True, slots=True)
class LoadCeiling:
    """Keeps targets with at most `outstanding` attempts waiting and running per replica."""

    outstanding: float

    def keep(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[int]:  # noqa: ARG002  (the protocol's signature)
        """Candidates that are not too busy."""
        loads, targets = fleet.outstanding, fleet.targets
        return [i for i in candidates if loads.item(i) <= self.outstanding * targets[i].replica_count]
