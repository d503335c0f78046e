"""What can be wrong with a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from catalogs.errors import InputProblem

if TYPE_CHECKING:
    from pathlib import Path


class InvalidTableError(ValueError):
    """A file that is no readable table; lists what is wrong."""

    def __init__(self, faults: tuple[InputProblem, ...]) -> None:
        """Keeps the faults."""
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """All faults, one a line."""
        return "\n".join(str(fault) for fault in self.faults)


def refuse(path: Path, where: str, what: str) -> NoReturn:
    """Raises `InvalidTableError` with one fault."""
    raise InvalidTableError((InputProblem(str(path), where, what),))
