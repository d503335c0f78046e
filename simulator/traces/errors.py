"""What can go wrong with a workload, each error also the built-in it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.errors import InputProblem


class WorkloadError(Exception):
    """Base of every error the workload raises."""


class UnknownArrivalPatternError(WorkloadError, LookupError):
    """An arrival pattern that nobody registered."""


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
    """A recorded trace that is missing, empty or malformed; lists all faults."""

    def __init__(self, faults: tuple[InputProblem, ...]) -> None:
        """Keeps the faults."""
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """All faults, one a line, as `file: row: what`."""
        return "\n".join(str(fault) for fault in self.faults)
