"""What a request took: the amounts of all its attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.run import RunAccounts


def by_request(run: RunAccounts, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amounts by attempt, summed by request, for the requests that arrived."""
    rows = run.outcomes.request
    count = int(rows[-1]) + 1 if len(rows) else 0
    found = np.bincount(run.attempts.request, weights=amounts, minlength=count)
    return found[rows].astype(np.float64, copy=False)
