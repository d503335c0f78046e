"""Where and for what: the labels that requests, attempts and targets have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.series.columns import UNALLOCATED, Groups, crossed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.settlement import Settlement
    from simulator.series.columns import Column, Key

PLACE = ("tier", "deployment", "model")
PLACE_AND_TASK = (*PLACE, "task")
NOWHERE = (UNALLOCATED,) * len(PLACE)


@dataclass(frozen=True, slots=True)
class Places:
    """Deployments by target; the last place is nowhere."""

    names: Sequence[Key]
    of_target: NDArray[np.intp]

    def groups(self, targets: NDArray[np.int32]) -> Groups:
        """Rows by the place of their target; a negative target is nowhere."""
        nowhere = len(self.names) - 1
        return Groups(self.names, np.append(self.of_target, nowhere)[targets])

    def summed(self, by_target: Column) -> Column:
        """Sums over the targets of each place, shape places x steps; nowhere has none."""
        found = np.zeros((len(self.names), by_target.shape[1]))
        np.add.at(found, self.of_target, by_target)
        return found


def places_of(settlement: Settlement) -> Places:
    """The places of a run's targets."""
    terms = settlement.run.terms
    keys = [(str(term.tier), term.deployment, term.model) for term in terms]
    names = list(dict.fromkeys(keys))
    return Places([*names, NOWHERE], np.array([names.index(key) for key in keys], np.intp))


def tasks_of(settlement: Settlement, requests: NDArray[np.int64]) -> Groups:
    """Rows by the task of their request."""
    workload = settlement.plan.workload
    names = [(name,) for name in workload.task_names]
    return Groups(names, workload.task_code[requests].astype(np.intp))


def requests_by_place(settlement: Settlement, places: Places) -> Groups:
    """Requests that arrived, by who answered and by task."""
    outcomes = settlement.run.outcomes
    return crossed(places.groups(outcomes.target), tasks_of(settlement, outcomes.request))


def attempts_by_place(settlement: Settlement, places: Places) -> Groups:
    """Attempts by target's place and by task."""
    attempts = settlement.run.attempts
    return crossed(places.groups(attempts.target), tasks_of(settlement, attempts.request))


def work_by_place(settlement: Settlement, places: Places) -> Groups:
    """Attempts by target's place and by task; those for requests that arrived early by no task."""
    attempts, workload = settlement.run.attempts, settlement.plan.workload
    nobody = len(workload.task_names)
    codes = np.where(settlement.cohort.attempts, workload.task_code[attempts.request], nobody)
    tasks = coded([*workload.task_names, UNALLOCATED], codes)
    return crossed(places.groups(attempts.target), tasks)


def coded(names: Sequence[str], codes: NDArray[np.integer]) -> Groups:
    """Rows by a name each."""
    return Groups([(name,) for name in names], codes.astype(np.intp))
