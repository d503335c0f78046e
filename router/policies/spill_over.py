"""One level after the other: the next one takes what is too much for those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache
from router.views.fleet import TIERS
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class SpillOverParameters:
    """Who comes after whom, and when a level is full."""

    order: tuple[str, ...] = parameter(
        (), "tiers, deployments or targets, the first level first; the tiers from edge to cloud where omitted"
    )
    measure: Literal["outstanding", "kv_usage"] = parameter(
        "outstanding", "a level's pressure: attempts outstanding per replica, or the share of KV cache in use"
    )
    spill_threshold: float = parameter(4.0, "pressure from which on a level spills over")
    return_threshold: float | None = parameter(
        None, "pressure down to which it goes on spilling; the spill_threshold where omitted"
    )

    def __post_init__(self) -> None:
        """Holds only thresholds that leave something between them, and levels named once.

        Raises:
            InvalidPolicyParameterError: lists what does not.
        """
        back = self.return_threshold
        check(
            at_least("spill_threshold", self.spill_threshold, 0),
            None if back is None else at_least("return_threshold", back, 0),
            ("return_threshold", f"{back!r} is above spill_threshold {self.spill_threshold!r}")
            if back is not None and back > self.spill_threshold
            else None,
            ("order", f"a level is named twice in {list(self.order)!r}")
            if len(set(self.order)) < len(self.order)
            else None,
        )


class SpillOver:
    """Sends to the first level of the order that is not under pressure, else to the last one.

    A level's pressure is that of all its targets together: attempts outstanding per replica, or the mean
    share of KV cache in use, replicas counting alike. A level begins to spill at `spill_threshold` and
    stops below it, or once its pressure is down to `return_threshold`: between the two it stays as it was.
    Within a level the least outstanding candidate is taken, ties by lowest index. Levels without a
    candidate are passed over; where no level has one, any candidate is taken.

    Errors: `UnknownTargetError` when a level is neither a tier nor a deployment nor a target.
    """

    name: ClassVar[str] = "spill_over"
    source: ClassVar[str] = "vllm-sr-sim's Spillover; hysteresis is ours"

    def __init__(self, parameters: SpillOverParameters | None = None) -> None:
        """No level is under pressure."""
        self._parameters = parameters or SpillOverParameters()
        self._first = SendCache("first level")
        self._spilled = SendCache("spilled over")
        self._full = SendCache("all levels full: last")
        self._outside = SendCache("outside the order")
        self._targets: tuple[Target, ...] = ()
        self._levels: list[tuple[int, ...]] = []
        self._replicas: list[int] = []
        self._spills: list[bool] = []

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the first level without pressure that has a candidate."""
        if fleet.targets is not self._targets:
            self._start(fleet)
        self._update(fleet)
        chosen: tuple[int, ...] = ()
        sends, every = self._first, len(fleet.candidates) == len(fleet.targets)
        for level, spills in zip(self._levels, self._spills, strict=True):
            members = level if every else tuple(index for index in level if index in fleet.candidates)
            if members and not spills:
                return sends.to(fleet, least_outstanding(fleet.outstanding, members))
            chosen, sends = members or chosen, self._spilled
        if not chosen:
            return self._outside.to(fleet, least_outstanding(fleet.outstanding, fleet.candidates))
        return self._full.to(fleet, least_outstanding(fleet.outstanding, chosen))

    def _update(self, fleet: FleetView) -> None:
        """Lets levels begin or stop to spill by their pressure now."""
        begin, back = self._parameters.spill_threshold, self._parameters.return_threshold
        loads = self._loads(fleet)
        for number, level in enumerate(self._levels):
            pressure = sum(loads[index] for index in level) / self._replicas[number]
            if pressure >= begin:
                self._spills[number] = True
            elif back is None or pressure <= back:
                self._spills[number] = False

    def _loads(self, fleet: FleetView) -> Sequence[float]:
        """What each target adds to its level's pressure, times the level's replicas."""
        if self._parameters.measure == "outstanding":
            return fleet.outstanding.tolist()
        counts = [target.replica_count for target in fleet.targets]
        shares = fleet.kv_usage_ratio.tolist()
        return [share * count for share, count in zip(shares, counts, strict=True)]

    def _start(self, fleet: FleetView) -> None:
        """Works out who is in which level; a target is in the first that names it."""
        self._targets, taken = fleet.targets, set[int]()
        self._levels = []
        for name in self._parameters.order or TIERS:
            level = tuple(index for index in members_of(fleet, name) if index not in taken)
            taken.update(level)
            self._levels += [level] if level else []
        self._replicas = [
            sum(fleet.targets[index].replica_count for index in level) for level in self._levels
        ]
        self._spills = [False] * len(self._levels)


def members_of(fleet: FleetView, name: str) -> tuple[int, ...]:
    """Indexes of a tier's, a deployment's or one target, ascending; none of a tier that is not there."""
    if name in TIERS and name not in fleet.by_name and name not in fleet.by_deployment:
        return tuple(target.index for target in fleet.targets if target.tier == name)
    return fleet.members(name)
