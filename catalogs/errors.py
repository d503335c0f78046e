"""What can be wrong with a file of facts: faults that name their place, and errors that carry them."""

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
    """Catalog files that cannot be used; lists every fault found."""

    def __init__(self, faults: tuple[InputProblem, ...]) -> None:
        """Keeps the faults."""
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """All faults, one a line."""
        return "\n".join(str(fault) for fault in self.faults)


class UnknownEntryError(CatalogError, LookupError):
    """An entry that no catalog file defines; the message has near matches, or what there is."""
