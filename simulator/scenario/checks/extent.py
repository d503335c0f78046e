"""How much of a scenario can be judged: what of it is faulty, and what may be read and run for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Names = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCoverage:
    """What checks may rely on.

    `faulty` are top-level keys of which the scenario holds only a part, or a default; what depends
    on them is not judged. `named` gives by kind the entries that the scenario's own catalog
    overrides define, where those could not be laid over. `files` says whether files that the
    scenario names may be read, `own_policy` whether its policy may be made.
    """

    faulty: frozenset[str] = frozenset()
    named: Names = field(default_factory=dict)
    files: bool = True
    own_policy: bool = True

    def has(self, *keys: str) -> bool:
        """Whether these top-level keys are all as written."""
        return self.faulty.isdisjoint(keys)


WHOLE = CheckCoverage()
"""Of a scenario without problems so far."""
