"""What a text of a table says, and how many problems of a table are shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from catalogs.errors import InputProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_COUNT: Final = 2**31 - 1
MAX_SHOWN_PROBLEMS: Final = 20


def count_of(text: str | None) -> int | None:
    """The whole number from 0 to 2^31 - 1 that a text says (`50`, `50.0`, `5e1`), else None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    if not math.isfinite(value) or value != math.floor(value) or not 0.0 <= value <= MOST_COUNT:
        return None
    return int(value)


def shown_problems(problems: Sequence[InputProblem]) -> tuple[InputProblem, ...]:
    """The first problems of a file, and how many more there are."""
    shown = tuple(problems[:MAX_SHOWN_PROBLEMS])
    more = len(problems) - len(shown)
    return (
        (*shown, InputProblem(problems[0].file, "file", f"and {more:,} more rows like these"))
        if more
        else shown
    )
