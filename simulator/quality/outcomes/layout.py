"""What a layout of recorded answers is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulator.quality.outcomes.recorded import OutcomeReading, RecordedAnswers
    from simulator.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLayout:
    """A way in which answers are recorded: how it is recognised, and how it is read.

    `columns` says in a message what a table of this layout has. `read` takes the file's own path besides: in
    some sets it is what names the model or the segment. It raises `InvalidOutcomesError`.
    """

    name: str
    columns: str
    matches: Callable[[Table], bool]
    read: Callable[[Table, Path, OutcomeReading], RecordedAnswers]
