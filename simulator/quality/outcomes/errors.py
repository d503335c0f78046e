"""What is wrong with a table of recorded answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from catalogs.errors import InputProblem

if TYPE_CHECKING:
    from pathlib import Path


class InvalidOutcomesError(ValueError):
    """A table of recorded answers that cannot be used; lists what is wrong."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def fail(path: str | Path, where: str, what: str) -> NoReturn:
    """Raises `InvalidOutcomesError` with one problem."""
    raise InvalidOutcomesError((InputProblem(str(path), where, what),))
