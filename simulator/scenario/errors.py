"""What can go wrong with a scenario, each error also the built-in it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.errors import InputProblem


class ScenarioError(Exception):
    """Base of every error that scenarios raise."""


class InvalidScenarioError(ScenarioError, ValueError):
    """A scenario that cannot be run; lists every problem found."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """All problems, one a line, as `file: path.to.key: what, allowed`."""
        return "\n".join(str(problem) for problem in self.problems)
