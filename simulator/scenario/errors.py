"""What can go wrong with a scenario, each error also the built-in it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.errors import InputProblem


class ScenarioError(Exception):
    """Base of every error that scenarios raise."""


class InvalidScenarioError(ScenarioError, ValueError):
    """A scenario that cannot be run; lists every fault found."""

    def __init__(self, faults: tuple[InputProblem, ...]) -> None:
        """Keeps the faults."""
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """All faults, one a line, as `file: path.to.key: what, allowed`."""
        return "\n".join(str(fault) for fault in self.faults)
