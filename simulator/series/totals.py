"""What only grows: requests, attempts, tokens, dollars, watt-hours, grams. The last value of each
is the report's total.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from router.steps import AttemptKind
from simulator.accounting.amounts import emitted, evaporated, metered, spent
from simulator.kernel.codes import Ending
from simulator.records.timeline import idle_shares
from simulator.series.columns import UNALLOCATED, FigureSeries, Groups, counted, crossed, stacked
from simulator.series.labels import (
    NOWHERE,
    PLACE_AND_TASK,
    attempts_by_place,
    coded,
    places_of,
    requests_by_place,
    tasks_of,
    work_by_place,
)
from simulator.series.tasks import task_totals
from simulator.world.journal import STATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulator.accounting.amounts import Amounts
    from simulator.accounting.settlement import Settlement
    from simulator.series.columns import Axis, Column
    from simulator.world.telemetry import Samples

    Mask = NDArray[np.bool_]

OUTCOMES = STATE_NAMES[1:]
ENDINGS = tuple(ending.name.lower() for ending in Ending)
KINDS = tuple(kind.name.lower() for kind in AttemptKind)
NOTHING = (*NOWHERE, UNALLOCATED)


class CounterReader:
    """Counts a settled run's cohort over an axis."""

    def __init__(self, settlement: Settlement, samples: Samples, axis: Axis) -> None:
        """Finds out when and where everything counts."""
        run = settlement.run
        self._settlement, self._samples, self._axis = settlement, samples, axis
        self._places = places_of(settlement)
        self._by_place = requests_by_place(settlement, self._places)
        self._tried = attempts_by_place(settlement, self._places)
        self._over = axis.steps(run.outcomes.final_s)
        self._worked = work_by_place(settlement, self._places)
        self._ended = axis.steps(run.attempts.finish_s)
        held = np.array([term.held for term in run.terms])[run.attempts.target]
        closed_s = np.where(held, settlement.plan.duration_s, np.inf)
        self._worked_until = axis.steps(np.minimum(run.attempts.finish_s, closed_s))

    def measures(self) -> tuple[FigureSeries, ...]:
        """All totals."""
        return (
            self._arrivals(),
            self._requests(),
            self._of_requests("requests_slo_met", self._settlement.run.outcomes.slo_met),
            self._of_requests("requests_correct", self._settlement.run.outcomes.correct),
            self._attempts(),
            self._tokens(),
            self._amounts("cost_usd", spent(self._settlement.run)),
            self._amounts("energy_wh", metered(self._settlement.run)),
            self._amounts("emissions_gco2e", without_total(emitted(self._settlement.run))),
            self._amounts("water_l", without_total(evaporated(self._settlement.run))),
            *task_totals(self._settlement, self._axis),
        )

    def _arrivals(self) -> FigureSeries:
        """Requests by task when they arrive."""
        outcomes, rows = self._settlement.run.outcomes, self._settlement.cohort.requests
        tasks = tasks_of(self._settlement, outcomes.request[rows])
        return counted("arrivals", ("task",), tasks, self._axis.steps(outcomes.arrival_s[rows]), self._axis)

    def _requests(self) -> FigureSeries:
        """Requests by outcome when they are over; every task has every outcome."""
        outcomes, rows = self._settlement.run.outcomes, self._settlement.cohort.requests
        groups = crossed(self._by_place, coded(OUTCOMES, outcomes.state - 1)).only(rows)
        labels = (*PLACE_AND_TASK, "outcome")
        found = counted("requests", labels, groups, self._over[rows], self._axis)
        tasks = self._settlement.plan.workload.task_names
        keys = [(*NOWHERE, task, outcome) for task in tasks for outcome in OUTCOMES[1:]]
        return stacked([found, self._nothing("requests", labels, keys)])

    def _nothing(self, name: str, labels: tuple[str, ...], keys: list[tuple[str, ...]]) -> FigureSeries:
        """Zeros."""
        return FigureSeries(
            name=name, labels=labels, keys=keys, values=np.zeros((len(keys), len(self._axis)))
        )

    def _of_requests(self, name: str, which: Mask) -> FigureSeries:
        """Answered requests of a kind when they are over, at the deployment that answered."""
        cohort = self._settlement.cohort.requests
        answered = self._by_place.only(cohort & self._settlement.run.outcomes.completed)
        groups = self._by_place.only(rows := cohort & which)
        found = counted(name, PLACE_AND_TASK, groups, self._over[rows], self._axis)
        keys = list(answered.keys) or [NOTHING]
        return stacked([found, self._nothing(name, PLACE_AND_TASK, keys)])

    def _attempts(self) -> FigureSeries:
        """Attempts by kind and ending when they end."""
        attempts, rows = self._settlement.run.attempts, self._settlement.cohort.attempts
        parts = (coded(KINDS, attempts.kind), coded(ENDINGS, attempts.ending - 1))
        groups = crossed(self._tried, *parts).only(rows)
        labels = (*PLACE_AND_TASK, "kind", "outcome")
        return counted("attempts", labels, groups, self._ended[rows], self._axis)

    def _of_attempts(self, name: str, amounts: Column) -> FigureSeries:
        """Amounts of the cohort's attempts when they end."""
        rows = self._settlement.cohort.attempts & (amounts != 0.0)
        groups = self._tried.only(rows)
        return counted(name, PLACE_AND_TASK, groups, self._ended[rows], self._axis, amounts[rows])

    def _of_tokens(self, counts: NDArray[np.int32]) -> FigureSeries:
        """Tokens of the attempts that processed them."""
        seen = np.where(self._settlement.run.processed, counts, 0)
        return self._of_attempts("tokens", seen.astype(np.float64))

    def _of_work(self, name: str, amounts: Column) -> FigureSeries:
        """Counted amounts of all attempts when they end, what machines took at the window's end at
        the latest; work on requests that arrived before the window belongs to no task.
        """
        rows = amounts != 0.0
        groups = self._worked.only(rows)
        return counted(name, PLACE_AND_TASK, groups, self._worked_until[rows], self._axis, amounts[rows])

    def _of_capacity(self, name: str, by_target: Column) -> FigureSeries:
        """Amounts by target, spread over the time its capacity was there."""
        shares = idle_shares(self._settlement, self._samples, self._axis.t_s)
        so_far = np.cumsum(np.insert(shares, 0, 0.0, axis=1), axis=1)
        values = self._places.summed(by_target[:, None] * so_far)
        there = np.flatnonzero(values[:, -1])
        keys = [(*self._places.names[place], UNALLOCATED) for place in there.tolist()]
        return FigureSeries(name=name, labels=PLACE_AND_TASK, keys=keys, values=values[there])

    def _of_routing(self, name: str, by_request: Column) -> FigureSeries:
        """Amounts of deciding, when requests arrive; no place carries them."""
        run = self._settlement.run
        rows = self._settlement.cohort.routing & (by_request != 0.0)
        tasks = tasks_of(self._settlement, run.outcomes.request[rows])
        nowhere = Groups([NOWHERE], np.zeros(len(tasks.codes), np.intp))
        steps = self._axis.steps(run.outcomes.arrival_s[rows])
        groups = crossed(nowhere, tasks).only(np.ones(len(steps), np.bool_))
        return counted(name, PLACE_AND_TASK, groups, steps, self._axis, by_request[rows])

    def _amounts(self, name: str, parts: Mapping[str, Amounts]) -> FigureSeries:
        """The parts of a total by component."""
        return self._parted(
            name, "component", {part: self._begin_partition(name, of) for part, of in parts.items()}
        )

    def _begin_partition(self, name: str, amounts: Amounts) -> FigureSeries:
        """One part of a total: work, idle capacity and routing where it has any."""
        found = []
        if amounts.by_attempt is not None:
            found.append(self._of_work(name, amounts.counted_by_attempt() / amounts.per))
        if amounts.by_target is not None:
            found.append(self._of_capacity(name, amounts.by_target / amounts.per))
        if amounts.by_request is not None:
            found.append(self._of_routing(name, amounts.by_request / amounts.per))
        return found[0] if len(found) == 1 else stacked(found)

    def _tokens(self) -> FigureSeries:
        """Tokens of attempts when they end, hidden reasoning of requests when they are over."""
        attempts, outcomes = self._settlement.run.attempts, self._settlement.run.outcomes
        rows = self._settlement.cohort.requests & (outcomes.reasoning_tokens > 0)
        hidden = outcomes.reasoning_tokens[rows].astype(np.float64)
        groups = self._by_place.only(rows)
        reasoning = counted("tokens", PLACE_AND_TASK, groups, self._over[rows], self._axis, hidden)
        found = {
            "input": self._of_tokens(attempts.prompt),
            "cached_input": self._of_tokens(attempts.cached),
            "cache_write": self._of_tokens(attempts.cache_written),
            "output": self._of_tokens(attempts.output),
            "reasoning_output": reasoning,
        }
        return self._parted("tokens", "direction", found)

    def _parted(self, name: str, label: str, parts: Mapping[str, FigureSeries]) -> FigureSeries:
        """The parts as one measure; each is there, be it as a zero."""
        labels = (*PLACE_AND_TASK, label)
        rows = [
            FigureSeries(
                name=name,
                labels=labels,
                keys=[(*key, part) for key in measure.keys],
                values=measure.values,
            )
            if measure.keys
            else self._nothing(name, labels, [(*NOTHING, part)])
            for part, measure in parts.items()
        ]
        return stacked(rows)


def without_total(parts: Mapping[str, Amounts]) -> dict[str, Amounts]:
    """The parts alone."""
    return {name: amounts for name, amounts in parts.items() if name != "total"}
