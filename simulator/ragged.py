"""Rows of different lengths, laid end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def gather_ragged(
    values: NDArray[np.int64], start: NDArray[np.int64], length: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and values of `values[start[i]:start[i] + length[i]]` laid end to end."""
    offset = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(length, dtype=np.int64)))
    place = np.arange(offset[-1]) + np.repeat(start - offset[:-1], length)
    return offset, values[place]
