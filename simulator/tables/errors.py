"""What can be wrong with a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from catalogs.errors import InputProblem

if TYPE_CHECKING:
    from pathlib import Path


class InvalidTableError(ValueError):
    """A file that is no readable table; lists what is wrong."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """All problems, one a line."""
        return "\n".join(str(problem) for problem in self.problems)


def refuse(path: Path, where: str, what: str) -> NoReturn:
    """Raises `InvalidTableError` with one problem."""
    raise InvalidTableError((InputProblem(str(path), where, what),))
