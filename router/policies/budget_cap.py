"""A hard budget: who has spent it gets nothing until the next window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from router.decision import Decision
from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, cheapest
from router.views.records import TargetRecords

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

USED_UP = "budget used up"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCapParameters:
    """How much, for how long, and for whom."""

    budget_usd: float = parameter(100.0, "most that is spent in a window before its spender gets no more")
    period_s: float = parameter(DAY_S, "length of a window, seconds")
    offset_s: float = parameter(0.0, "seconds of the first window that have passed when the run begins")
    per: Literal["target", "provider", "all"] = parameter(
        "all", "who has a budget of its own: each target, each provider of tokens, or all targets together"
    )
    pick: Literal["least_outstanding", "cheapest"] = parameter(
        "least_outstanding", "which of the targets with budget left is taken"
    )
    when_spent: Literal["reject", "cheapest"] = parameter(
        "reject", "what becomes of a request when no candidate has any budget left"
    )

    def __post_init__(self) -> None:
        """Holds only a budget and a window.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            at_least("budget_usd", self.budget_usd, 0),
            at_least("period_s", self.period_s, 1),
            at_least("offset_s", self.offset_s, 0),
        )


@dataclass(slots=True)
class _Purse:
    """What was spent in the current window, dollars."""

    spent_usd: float = 0.0


@dataclass(slots=True)
class _Spender:
    """A target and the purse it spends from; `None` for those that have no budget."""

    target: Target
    purse: _Purse | None


class BudgetCap:
    """Sends to a candidate whose budget in the current window is not used up.

    Spend is that of attempts that completed: their prompt and answer tokens at the target's list price, in
    the window in which they ended; nothing for targets of unknown price. A budget is used up once the spend
    has reached it: what is under way then comes on top. Windows are as long as `period_s` and aligned with
    the calendar by `offset_s`. With `per: provider` own capacity, which nobody sells, has no budget.
    Among candidates with budget left the least outstanding is taken, or the one with the lowest expected
    cost; ties by lowest index. Where none is left the request is rejected, or goes to the cheapest.

    The budget is one router's: several routers each count their own spend, so four of them with 100
    dollars each spend 400.
    """

    name: ClassVar[str] = "budget_cap"
    source: ClassVar[str] = "LiteLLM's provider budgets (router_budget_limiting, 1.109)"

    def __init__(self, parameters: BudgetCapParameters | None = None) -> None:
        """Nothing is spent yet."""
        self._parameters = parameters or BudgetCapParameters()
        self._options = OptionTable()
        self._within = SendCache("within budget")
        self._spent = SendCache("budget used up: cheapest")
        self._purses: dict[str, _Purse] = {}
        self._spenders: TargetRecords[_Spender] = TargetRecords(self._spender)
        self._window = -1

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to a candidate with budget left, or what is said of requests without any."""
        spenders, budget_usd = self._spenders.of(fleet), self._parameters.budget_usd
        self._turn_to(request.now_s)
        left = []
        for index in fleet.candidates:
            purse = spenders[index].purse
            if purse is None or purse.spent_usd < budget_usd:
                left.append(index)
        if left:
            return self._within.to(fleet, self._pick(left, request, fleet))
        if self._parameters.when_spent == "reject":
            return Decision.reject(reason=USED_UP)
        return self._spent.to(fleet, self._cheapest(fleet.candidates, request, fleet))

    def observe(self, outcome: Outcome) -> None:
        """Adds a completed attempt's list price to its window."""
        spender = self._spenders.named(outcome.target)
        if spender is None or spender.purse is None or not outcome.completed or not spender.target.is_priced:
            return
        self._turn_to(outcome.finished_s)
        spender.purse.spent_usd += spender.target.list_cost_usd(
            outcome.prompt_token_count, outcome.output_token_count
        )

    def _pick(self, left: Sequence[int], request: RequestView, fleet: FleetView) -> int:
        """The one that is taken of those with budget left."""
        if self._parameters.pick == "least_outstanding":
            return least_outstanding(fleet.outstanding, left)
        return self._cheapest(left, request, fleet)

    def _cheapest(self, among: Sequence[int], request: RequestView, fleet: FleetView) -> int:
        """The least outstanding of the cheapest of some candidates."""
        present = set(among)
        options = [
            option
            for option in self._options.of(fleet, request.task, request.stream)
            if not present.isdisjoint(option.members)
        ]
        members = [index for index in cheapest(options, request).members if index in present]
        return least_outstanding(fleet.outstanding, members)

    def _turn_to(self, now_s: float) -> None:
        """Empties the purses where a later window has begun."""
        window = int((now_s + self._parameters.offset_s) // self._parameters.period_s)
        if window > self._window:
            self._window = window
            for purse in self._purses.values():
                purse.spent_usd = 0.0

    def _spender(self, target: Target) -> _Spender:
        """The target with its purse."""
        of = {"target": target.name, "provider": target.provider, "all": "all"}[self._parameters.per]
        return _Spender(target, self._purses.setdefault(of, _Purse()) if of else None)
