"""Cheap first, then stronger while the model itself is not sure of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, Literal

from router.decision import Decision, Verifier
from router.parameters import check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, cheapest

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView
    from router.views.options import Option
    from router.views.request import RequestView

NORMAL = NormalDist()
NO_SIGNAL_AUC = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceCascadeParameters:
    """Who is asked in which order, and what a model's confidence is worth."""

    threshold: float = parameter(0.5, "confidence, 0 to 1, below which the next stage is asked")
    auc: float = parameter(
        0.75, "how well confidence tells right from wrong: area under its ROC curve, 0.5 to 1"
    )
    targets: tuple[str, ...] = parameter(
        (), "targets or deployments in order; the candidates by escalation_order where omitted"
    )
    escalation_order: Literal["cost", "strength"] = parameter(
        "cost", "by expected cost without those no stronger than a cheaper one, or by ability"
    )

    def __post_init__(self) -> None:
        """Holds only a confidence and an area.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        good = NO_SIGNAL_AUC <= self.auc <= 1.0
        check(
            ratio("threshold", self.threshold),
            None if good else ("auc", f"{self.auc!r} is not in [0.5, 1]"),
        )


class ConfidenceCascade:
    """Asks stage after stage until one is confident of its answer; the last answer stands.

    Confidence is a by-product of the answer, such as its mean log-probability: judging it takes neither time
    nor money. It is a noisy signal with the stated AUC, by the binormal model of equal variances: its score
    is N(0, 1) for wrong answers and N(d, 1) for right ones, d = sqrt(2) Phi^-1(AUC), and confidence is the
    probability of a right answer at even odds, sigma(d z - d^2 / 2). At threshold t wrong answers are taken
    with probability Phi(-d/2 - logit(t)/d), right ones escalated with Phi(-d/2 + logit(t)/d): at t = 0.5 both
    are Phi(-d/2). The same holds at every stage. The AUC's default is a plain guess: measure your own.

    A stage that fails counts as not confident. Stages that constraints exclude are left out; where none of
    those named is left, all candidates are stages. Equal costs go to the stronger, equal abilities to the
    cheaper, then to the lowest index; a stage is its least outstanding target. A single stage is a send.

    Errors: `UnknownTargetError` when a stage names neither a target nor a deployment.
    """

    name: ClassVar[str] = "confidence_cascade"
    source: ClassVar[str] = (
        "vLLM semantic-router's confidence looper; binormal ROC: Green and Swets 1966, Dorfman and Alf 1969"
    )

    def __init__(self, parameters: ConfidenceCascadeParameters | None = None) -> None:
        """Works out how often confidence errs."""
        self._parameters = chosen = parameters or ConfidenceCascadeParameters()
        accepted, refused = error_ratios(chosen.auc, chosen.threshold)
        self._verifier = Verifier(
            false_accept_ratio=accepted, false_reject_ratio=refused, latency_s=0.0, cost_usd=0.0
        )
        self._options = OptionTable()
        self._single = SendCache("single stage")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A cascade over the permitted stages, or a send where there is only one."""
        stages = self._named(fleet) or self._ordered(request, fleet)
        if len(stages) == 1:
            return self._single.to(fleet, stages[0])
        names = tuple(fleet.targets[index].name for index in stages)
        return Decision.cascade(names, verifier=self._verifier, reason="confidence cascade")

    def _named(self, fleet: FleetView) -> list[int]:
        """The stages named by the parameters that are candidates."""
        found = [
            [index for index in fleet.members(name) if index in fleet.candidates]
            for name in self._parameters.targets
        ]
        return [least_outstanding(fleet.outstanding, members) for members in found if members]

    def _ordered(self, request: RequestView, fleet: FleetView) -> list[int]:
        """The candidates as stages, in order of escalation."""
        options = list(self._options.of(fleet, request.task, request.stream))
        ordered: list[Option] = []
        while options:
            least = cheapest(options, request)
            options.remove(least)
            ordered.append(least)
        if self._parameters.escalation_order == "cost":
            ordered = stairs(ordered)
        else:
            ordered.sort(key=_ability)
        return [least_outstanding(fleet.outstanding, option.members) for option in ordered]


def stairs(options: list[Option]) -> list[Option]:
    """Of options from the cheapest on, those that are stronger than every one before."""
    found: list[Option] = []
    greatest = -inf
    for option in options:
        if not found or option.ability > greatest:
            found.append(option)
            greatest = option.ability
    return found


def error_ratios(auc: float, threshold: float) -> tuple[float, float]:
    """Shares of wrong answers accepted and of right ones refused at a threshold of confidence.

    The binormal model of equal variances (Green and Swets, Signal Detection Theory, 1966): AUC =
    Phi(d / sqrt 2). Without any signal (0.5) confidence is always 0.5; with a perfect one it is 0 or 1.
    """
    if threshold in (0.0, 1.0):
        return (1.0, 0.0) if threshold == 0.0 else (0.0, 1.0)
    if auc >= 1.0:
        return 0.0, 0.0
    if auc <= NO_SIGNAL_AUC:
        return (1.0, 0.0) if threshold <= NO_SIGNAL_AUC else (0.0, 1.0)
    distance = sqrt(2.0) * NORMAL.inv_cdf(auc)
    shift = log(threshold / (1.0 - threshold)) / distance
    return NORMAL.cdf(-distance / 2.0 - shift), NORMAL.cdf(-distance / 2.0 + shift)


def _ability(option: Option) -> float:
    """An option's ability at the task."""
    return option.ability
