"""Renewal processes: instants from independent gaps."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CHUNK_SPARE_SDS = 6.0


def renewal_instants_s(
    draw_gaps_s: Callable[[int], NDArray[np.float64]],
    *,
    first_s: float,
    gap_mean_s: float,
    gap_cv: float,
    duration_s: float,
) -> NDArray[np.float64]:
    """Instants in [0, duration_s): the first at `first_s`, then one gap after another.

    `draw_gaps_s(n)` gives the next n gaps; their mean and coefficient of variation only size the
    chunks that are drawn.
    """
    expected = duration_s / gap_mean_s
    chunk = ceil(expected + CHUNK_SPARE_SDS * gap_cv * sqrt(expected)) + 16
    parts = [np.array([first_s])]
    while parts[-1][-1] < duration_s:
        parts.append(parts[-1][-1] + np.cumsum(draw_gaps_s(chunk)))
    instants_s = np.concatenate(parts)
    return instants_s[: np.searchsorted(instants_s, duration_s, side="left")]
