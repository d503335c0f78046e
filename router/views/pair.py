"""The weak and the strong end of a fleet, for policies that choose between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.views.loads import least_outstanding
from router.views.options import OptionTable, cheapest, strongest

if TYPE_CHECKING:
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

CACHE_LIMIT = 4096


class WeakStrongPair:
    """Resolves a weak and a strong target: those named, else the cheapest and the strongest.

    A named target that is no candidate of the request gives way to the cheapest or strongest that
    is. A deployment's name, and targets with the same model, tier and prices, stand for the least
    outstanding of them, ties by lowest index.
    """

    def __init__(self, weak: str | None, strong: str | None) -> None:
        """Names either end, or leaves it to prices and abilities."""
        self._weak = weak
        self._strong = strong
        self._options = OptionTable()
        self._targets: tuple[Target, ...] = ()
        self._named: dict[tuple[str, tuple[int, ...]], tuple[int, ...]] = {}

    def weak(self, request: RequestView, fleet: FleetView) -> int:
        """Index of the weak target for the request at hand."""
        members = self._members(fleet, self._weak)
        members = members or cheapest(self._options.of(fleet, request.task, request.stream), request).members
        return least_outstanding(fleet.outstanding, members)

    def strong(self, request: RequestView, fleet: FleetView) -> int:
        """Index of the strong target for the request at hand."""
        members = self._members(fleet, self._strong)
        members = members or strongest(self._options.of(fleet, request.task, request.stream), request).members
        return least_outstanding(fleet.outstanding, members)

    def _members(self, fleet: FleetView, name: str | None) -> tuple[int, ...]:
        """Candidates that the name stands for; none for no name."""
        if name is None:
            return ()
        if fleet.targets is not self._targets or len(self._named) > CACHE_LIMIT:
            self._targets, self._named = fleet.targets, {}
        key = (name, fleet.candidates)
        found = self._named.get(key)
        if found is None:
            present = set(fleet.candidates)
            found = self._named[key] = tuple(i for i in fleet.members(name) if i in present)
        return found
