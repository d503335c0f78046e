"""What a log says served each request, as replays see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.workload.columns import Workload

    Names = tuple[str, ...]


class RecordedChoices(TypedDict, total=False):
    """Columns of a request table: the log's names, and whose they are."""

    recorded_names: tuple[Names, ...]
    recorded_code: NDArray[np.int64]


def recorded_choices(workload: Workload) -> RecordedChoices:
    """The names of every request's recorded choice; none where no log is played."""
    if workload.logged is None:
        return {}
    numbers: dict[Names, int] = {}
    found = (numbers.setdefault(names, len(numbers)) if names else -1 for names in workload.logged.choices())
    code = np.fromiter(found, np.int64, count=len(workload))
    return {"recorded_names": tuple(numbers), "recorded_code": code}
