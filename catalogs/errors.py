"""What can be wrong with a file of facts: problems that name their place, and errors that carry them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One thing wrong in an input: the file, the path of the key in it, and what is allowed."""

    file: str
    path: str
    what: str

    def __str__(self) -> str:
        """`file: path.to.key: what, allowed`."""
        return ": ".join(part for part in (self.file, self.path, self.what) if part)


class CatalogError(Exception):
    """Base of every error the catalogs raise."""


class InvalidCatalogError(CatalogError, ValueError):
    """Catalog files that cannot be used; lists every problem found."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """All problems, one a line."""
        return "\n".join(str(problem) for problem in self.problems)


class UnknownEntryError(CatalogError, LookupError):
    """An entry that no catalog file defines; the message has near matches, or what there is."""
