"""What `--policy` and `--sweep` come to, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.errors import InputProblem
from router.errors import RouterError
from simulator.experiment.comparison import all_labels
from simulator.experiment.sweeps import InvalidSweepError, PolicySelection, read_all, selected
from simulator.scenario.checks.size import size_problems
from simulator.scenario.errors import InvalidScenarioError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Scenario


def selection_of(
    policies: Sequence[str], sweeps: Sequence[str]
) -> tuple[PolicySelection, Sequence[InputProblem]]:
    """The variants to compare; where sweeps are wrong, the policies as asked for and what is wrong.

    What is wrong with the policies is said when the scenario is loaded.
    """
    try:
        return selected(policies, sweeps), ()
    except InvalidSweepError as error:
        return PolicySelection(labels=tuple(policies)), error.problems
    except RouterError:
        return PolicySelection(labels=tuple(policies)), read_all(sweeps)[1]


def demand_room(scenario: Scenario, selection: PolicySelection) -> None:
    """Has memory for all that a sweep runs.

    Raises:
        InvalidScenarioError: there is too little.
    """
    found = size_problems(scenario, len(all_labels(scenario, selection))) if selection.series else ()
    problems = tuple(InputProblem(scenario.file, *each) for each in found)
    if problems:
        raise InvalidScenarioError(problems)
