"""A request's path: the attempts that followed one another until its answer was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.codes import Ending

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts

    Column = NDArray[np.float64]
    Rows = NDArray[np.int64]

ROUNDING_S = 1e-9


def path_times(attempts: Attempts, request_count: int) -> dict[str, Column]:
    """Seconds in queues and on networks by request number: sums over the attempts on its path.

    Attempts under way at once count as one: the winner where it is among them, otherwise the one
    that was over last, whose end the next one waited for.
    """
    order = np.lexsort((attempts.submitted_s, attempts.request))
    stage = stages(attempts, order)
    rows = order[last_of_each(stage, attempts.won[order], attempts.over_s[order])]
    times = {"queue_s": queue_s(attempts), "network_s": network_s(attempts)}
    request = attempts.request[rows]
    return {
        name: np.bincount(request, weights=column[rows], minlength=request_count).astype(np.float64)
        for name, column in times.items()
    }


def stages(attempts: Attempts, order: Rows) -> Rows:
    """A number by attempt, in `order` of requests and submission: the same for those under way at once.

    An attempt begins a new stage when all earlier ones of its request were over as it was submitted.
    """
    request, begin_s = attempts.request[order], attempts.submitted_s[order]
    over_s = attempts.over_s[order].copy()
    first = np.flatnonzero(np.diff(request, prepend=-1))
    length = np.diff(np.append(first, len(order)))
    begins = np.ones(len(order), np.bool_)
    for place in range(1, int(length.max(initial=1))):
        rows = first[length > place] + place
        begins[rows] = begin_s[rows] >= over_s[rows - 1] - ROUNDING_S
        over_s[rows] = np.maximum(over_s[rows], over_s[rows - 1])
    return np.cumsum(begins)


def last_of_each(stage: Rows, won: NDArray[np.bool_], over_s: Column) -> Rows:
    """The place of the winner of each stage, or else of the one that was over last."""
    place = np.lexsort((over_s, won, stage))
    return place[np.flatnonzero(np.diff(stage[place], append=-1))]


def queue_s(attempts: Attempts) -> Column:
    """Seconds each attempt waited at its target, until it was admitted or ended without."""
    until_s = np.where(np.isnan(attempts.admitted_s), attempts.finish_s, attempts.admitted_s)
    return np.maximum(until_s - attempts.ready_s, 0.0)


def network_s(attempts: Attempts) -> Column:
    """Seconds each attempt travelled: there and back, or only there when its end was not waited for."""
    heard = np.isin(attempts.ending, (Ending.COMPLETED, Ending.FAILED))
    return attempts.return_s * np.where(heard, 2.0, 1.0)
