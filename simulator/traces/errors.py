"""What can go wrong with a workload, each error also the built-in it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.errors import InputProblem


class WorkloadError(Exception):
    """Base of every error the workload raises."""


class UnknownArrivalPatternError(WorkloadError, LookupError):
    """An arrival pattern that is not registered."""


class ArrivalParameterError(WorkloadError, ValueError):
    """A parameter that an arrival pattern cannot work with; `parameter` is its YAML key."""

    def __init__(self, parameter: str, message: str) -> None:
        """Keeps the key beside the message."""
        super().__init__(parameter, message)
        self.parameter = parameter

    def __str__(self) -> str:
        """The message."""
        return str(self.args[1])


class InvalidTraceError(WorkloadError, ValueError):
    """A recorded trace that is missing, empty or malformed; lists all problems."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """All problems, one a line, as `file: row: what`."""
        return "\n".join(str(problem) for problem in self.problems)
