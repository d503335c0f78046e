"""The most right answers that a mean budget buys, for a router that knew all answers beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from catalogs.units import TOKENS_PER_MTOK
from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, cheapest
from router.views.request import OracleRequestView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.options import Option
    from router.views.request import AnswerTable, RequestTable, RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetedOracleParameters:
    """What a request may cost on average."""

    target_usd_per_request: float = parameter(0.001, "mean expected list cost of a request, dollars")

    def __post_init__(self) -> None:
        """Holds only a budget."""
        check(at_least("target_usd_per_request", self.target_usd_per_request, 0))


class BudgetedOracle:
    """Buys right answers, the cheapest first, until the mean budget is used up: the offline optimum.

    Every request costs at least its cheapest candidate. Where that is wrong, the cheapest right one costs so
    much more. As every right answer counts 1, the linear program "most right answers under the budget" is
    solved by buying in order of that difference: up to 1 / lambda dollars, lambda its Lagrange multiplier.
    1 / lambda is found once, over all requests of the run, those to come included, before the first
    decision: offline, not primal-dual. Requests of equal difference are bought all or none, so that the
    budget is never exceeded; below what the cheapest cost, nothing is bought.

    Clairvoyant about correctness only. Costs are expected list costs, as in `oracle`, not the true ones.
    When 1 / lambda is found, every target counts as open to every request; where constraints exclude some,
    the mean differs from the budget. Ties as in `oracle`: equal costs by lowest index, then the idlest.

    Errors: `TypeError` when the host's surroundings give it a request without the answers.
    """

    name: ClassVar[str] = "budgeted_oracle"
    source: ClassVar[str] = "RouterBench's oracle under a budget: fractional knapsack, Dantzig 1957"
    oracle: ClassVar[bool] = True

    def __init__(self, parameters: BudgetedOracleParameters | None = None) -> None:
        """Has seen no request."""
        self._parameters = parameters or BudgetedOracleParameters()
        self._options = OptionTable()
        self._right = SendCache("right within the budget")
        self._dear = SendCache("right too dear: cheapest")
        self._wrong = SendCache("none right: cheapest")
        self._targets: tuple[Target, ...] = ()
        self._most_usd = 0.0

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the cheapest right candidate if the budget bears it, else to the cheapest."""
        if not isinstance(request, OracleRequestView):
            message = f"an oracle needs an OracleRequestView, got {type(request).__name__}"
            raise TypeError(message)
        self._plan(request, fleet)
        options = self._options.of(fleet, request.task, request.stream)
        least = cheapest(options, request)
        right = [option for option in options if any(map(request.correct, option.members))]
        if not right:
            return self._wrong.to(fleet, least_outstanding(fleet.outstanding, least.members))
        best = cheapest(right, request)
        if extra_usd(best, least, request, fleet) > self._most_usd:
            return self._dear.to(fleet, least_outstanding(fleet.outstanding, least.members))
        members = tuple(index for index in best.members if request.correct(index))
        return self._right.to(fleet, least_outstanding(fleet.outstanding, members))

    def _plan(self, request: OracleRequestView, fleet: FleetView) -> None:
        """Finds once what a right answer may cost more than the cheapest one."""
        if fleet.targets is not self._targets:
            self._targets = fleet.targets
            budget_usd = self._parameters.target_usd_per_request
            self._most_usd = most_extra_usd(
                request.all_requests, request.all_answers, fleet.targets, budget_usd
            )


def extra_usd(best: Option, least: Option, request: RequestView, fleet: FleetView) -> float:
    """What one option costs more than the cheapest; 0 for that one itself, whatever its price."""
    if best is least:
        return 0.0
    dear, cheap = (fleet.targets[option.members[0]] for option in (best, least))
    return dear.expected_cost_usd(request) - cheap.expected_cost_usd(request)


def most_extra_usd(
    requests: RequestTable, answers: AnswerTable, targets: tuple[Target, ...], budget_usd: float
) -> float:
    """The greatest difference up to which all right answers fit a budget per request; infinite if all do."""
    count = len(requests.task_code)
    least, right = np.full(count, inf), np.full(count, inf)
    for target in targets:
        costs_usd = column_usd(requests, target)
        least = np.minimum(least, costs_usd)
        right = np.where(answers.correct[target.index], np.minimum(right, costs_usd), right)
    with np.errstate(invalid="ignore"):  # nothing is known of the price of either
        extras, sizes = np.unique(right - least, return_counts=True)
    known = np.isfinite(extras)
    spent = np.cumsum(extras[known] * sizes[known])
    fitting = extras[known][spent <= budget_usd * count - least[np.isfinite(least)].sum()]
    if len(fitting) == len(spent):
        return inf
    return float(fitting[-1]) if len(fitting) else 0.0


def column_usd(requests: RequestTable, target: Target) -> NDArray[np.float64]:
    """The expected cost of every request at a target: what `Target.expected_cost_usd` gives for each."""
    answer = requests.max_output_token_count.astype(np.float64)
    streams = requests.stream_names or ("",)
    stream_code = np.zeros_like(requests.task_code) if requests.stream_code is None else requests.stream_code
    for task_number, task in enumerate(requests.task_names):
        for stream_number, stream in enumerate(streams):
            usual = target.usual_answer_tokens(task, stream)
            if usual is not None:
                answer[(requests.task_code == task_number) & (stream_code == stream_number)] = usual
    prompt_usd = requests.prompt_token_count * target.input_price_usd_per_mtok
    return (prompt_usd + answer * target.output_price_usd_per_mtok) / TOKENS_PER_MTOK
