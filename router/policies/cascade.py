"""Cheap first, then stronger until a verifier is content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision, Verifier
from router.parameters import at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.pair import WeakStrongPair

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeParameters:
    """The stages, and how well, how fast and at what price answers are judged."""

    targets: tuple[str, ...] = parameter(
        (), "targets or deployments in order; the cheapest, then the strongest where omitted"
    )
    false_accept_ratio: float = parameter(0.1, "share of wrong answers that the verifier accepts")
    false_reject_ratio: float = parameter(0.1, "share of right answers that the verifier refuses")
    latency_s: float = parameter(0.2, "seconds one judgement takes")
    cost_usd: float = parameter(0.0, "dollars one judgement costs")

    def __post_init__(self) -> None:
        """Holds only a verifier that can be."""
        check(
            ratio("false_accept_ratio", self.false_accept_ratio),
            ratio("false_reject_ratio", self.false_reject_ratio),
            at_least("latency_s", self.latency_s, 0),
            at_least("cost_usd", self.cost_usd, 0),
        )


class CascadePolicy:
    """Asks the stages in order until a verifier with stated error rates accepts an answer.

    Stages that constraints exclude are left out; when none is left, or none was named, the
    stages are the cheapest and the strongest candidate. A single stage is a plain send. A
    deployment stands for its least outstanding replica, ties by lowest index.

    Errors: `UnknownTargetError` when a stage names neither a target nor a deployment.

    Source: FrugalGPT (Chen et al., arXiv 2305.05176) for cheap-first with a judge.
    """

    name: ClassVar[str] = "cascade"
    source: ClassVar[str] = "FrugalGPT, arXiv 2305.05176"

    def __init__(self, parameters: CascadeParameters | None = None) -> None:
        """Keeps the stages and the verifier."""
        chosen = parameters or CascadeParameters()
        self._stages = chosen.targets
        self._pair = WeakStrongPair(None, None)
        self._single = SendCache("single stage")
        self._verifier = Verifier(
            false_accept_ratio=chosen.false_accept_ratio,
            false_reject_ratio=chosen.false_reject_ratio,
            latency_s=chosen.latency_s,
            cost_usd=chosen.cost_usd,
        )

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A cascade over the permitted stages, or a send where there is only one."""
        stages = self._named(fleet) or self._ends(request, fleet)
        if len(stages) == 1:
            return self._single.to(fleet, stages[0])
        names = tuple(fleet.targets[index].name for index in stages)
        return Decision.cascade(names, verifier=self._verifier, reason="cascade")

    def _named(self, fleet: FleetView) -> list[int]:
        """The stages named by the parameters that are candidates."""
        members = ([i for i in fleet.members(name) if i in fleet.candidates] for name in self._stages)
        return [least_outstanding(fleet.outstanding, found) for found in members if found]

    def _ends(self, request: RequestView, fleet: FleetView) -> list[int]:
        """The cheapest candidate, then the strongest unless it is the same."""
        weak, strong = self._pair.weak(request, fleet), self._pair.strong(request, fleet)
        return [weak] if weak == strong else [weak, strong]
