"""Each task to the targets that are meant for it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (parameters' types are read at runtime)
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.parameters import check, parameter
from router.pipeline.sends import SendCache
from router.views.fleet import TIERS
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRuleParameters:
    """Which task goes where."""

    rules: Mapping[str, tuple[str, ...]] | None = parameter(
        None, "task to the tiers, deployments or targets meant for it, the preferred one first"
    )
    default: tuple[str, ...] = parameter(
        (), "the same for tasks without a rule, and where a rule's own are no candidates; any where omitted"
    )

    def __post_init__(self) -> None:
        """Holds only rules that name somebody."""
        empty = [task for task, names in (self.rules or {}).items() if not names]
        check(*((f"rules.{task}", "is empty; name at least one") for task in empty))


class DomainRulePolicy:
    """Sends a request to the first of its task's names that has a candidate: a table of intents.

    Names stand in order of priority. Where none of a rule has a candidate, and for tasks without a rule, the
    default's names follow, then any candidate. Of a tier or deployment the least outstanding is taken, ties
    by lowest index. Load does not make a request leave its preferred name: `spill_over` does that.

    Errors: `UnknownTargetError` when a name is neither a tier nor a deployment nor a target.
    """

    name: ClassVar[str] = "domain_rule"
    source: ClassVar[str] = "domain rules of vLLM's semantic-router; NVIDIA's LLM router blueprint"

    def __init__(self, parameters: DomainRuleParameters | None = None) -> None:
        """Keeps the rules; names are looked up when the fleet is seen."""
        self._parameters = parameters or DomainRuleParameters()
        self._targets: tuple[Target, ...] = ()
        self._members: dict[str, tuple[int, ...]] = {}
        self._ruled, self._default = SendCache("by rule"), SendCache("by default")
        self._any = SendCache("no rule applies")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send by the task's rule, the default, or to anybody."""
        if fleet.targets is not self._targets:
            self._start(fleet)
        rule = (self._parameters.rules or {}).get(request.task, ())
        for names, sends in ((rule, self._ruled), (self._parameters.default, self._default)):
            members = self._first(names, fleet)
            if members:
                return sends.to(fleet, least_outstanding(fleet.outstanding, members))
        return self._any.to(fleet, least_outstanding(fleet.outstanding, fleet.candidates))

    def _first(self, names: tuple[str, ...], fleet: FleetView) -> list[int]:
        """The candidates behind the first of the names that has any."""
        for name in names:
            members = [index for index in self._members[name] if index in fleet.candidates]
            if members:
                return members
        return []

    def _start(self, fleet: FleetView) -> None:
        """Looks all names up."""
        self._targets = fleet.targets
        lists = (*(self._parameters.rules or {}).values(), self._parameters.default)
        self._members = {name: members_of(fleet, name) for names in lists for name in names}


def members_of(fleet: FleetView, name: str) -> tuple[int, ...]:
    """Indexes of a tier's, a deployment's or one target, ascending; none of a tier that is not there."""
    if name in TIERS and name not in fleet.by_name and name not in fleet.by_deployment:
        return tuple(target.index for target in fleet.targets if target.tier == name)
    return fleet.members(name)
