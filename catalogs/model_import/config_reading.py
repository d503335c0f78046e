"""A model's configuration key by key: what is missing or malformed is remembered, and what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.errors import CatalogError, InputProblem
from catalogs.model_import.model_families import WITHOUT_EFFECT, WITHOUT_EFFECT_PARTS
from catalogs.near_names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class UnreadableModelConfigError(CatalogError, ValueError):
    """A model's configuration from which no shape can be derived; lists what was not understood."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """All problems, one a line."""
        return "\n".join(str(problem) for problem in self.problems)


class ModelConfig:
    """The keys of a configuration as they are asked for."""

    def __init__(self, data: Mapping[str, object], file: str) -> None:
        """Reads nothing yet; `file` is what messages call it."""
        self._data = data
        self._file = file
        self._read: set[str] = set()
        self.problems: list[InputProblem] = []

    def given(self, *names: str) -> object:
        """The first of these keys that has a value, or None; all count as read."""
        self._read.update(names)
        return next((self._data[name] for name in names if self._data.get(name) is not None), None)

    def count(self, *names: str, absent: int | None = None) -> int:
        """A whole number from 0 on; `absent` where no key has one. A missing one is a problem."""
        value = self.given(*names)
        if value is None and absent is not None:
            return absent
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            what = "missing" if value is None else f"is {shown(value)}"
            self.problem(names[0], f"{what}; a whole number is needed")
            return 1
        return value

    def flag(self, name: str, *, absent: bool) -> bool:
        """A truth value."""
        value = self.given(name)
        return absent if value is None else bool(value)

    def names(self, name: str) -> tuple[str, ...]:
        """A list of texts, or none."""
        value = self.given(name)
        return tuple(str(each) for each in value) if isinstance(value, list) else ()

    def problem(self, path: str, what: str) -> None:
        """Remembers what is wrong."""
        self.problems.append(InputProblem(self._file, path, what))

    def check(self) -> None:
        """Raises `UnreadableModelConfigError` if anything was wrong so far."""
        if self.problems:
            raise UnreadableModelConfigError(tuple(self.problems))

    def not_understood(self) -> Iterator[str]:
        """Keys that were not read although they may change memory or compute, with their values."""
        for name, value in self._data.items():
            empty = value is None or value is False or value in ([], {})
            known = name in self._read or name in WITHOUT_EFFECT
            if not (empty or known or any(part in name for part in WITHOUT_EFFECT_PARTS)):
                yield f"{name} = {shown(value)}"
