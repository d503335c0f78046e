"""Counts that jump at instants: how many of something there were, and their time integral."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]


class CountOverTime:
    """A count that starts somewhere and changes at instants that never decrease."""

    def __init__(self, start: float) -> None:
        """The count from time 0 on."""
        self.start = start
        self._at_s: list[float] = []
        self._by: list[float] = []

    @property
    def constant(self) -> bool:
        """Whether the count never changed."""
        return not self._at_s

    @property
    def instants(self) -> tuple[float, ...]:
        """When the count changed."""
        return tuple(self._at_s)

    def change(self, at_s: float, by: float) -> None:
        """Adds to the count from `at_s` on."""
        self._at_s.append(at_s)
        self._by.append(by)

    def at(self, t_s: Column) -> Column:
        """The counts at instants; at the instant of a change the new one."""
        counts = self.start + np.append(0.0, np.cumsum(self._by))
        return np.asarray(counts[np.searchsorted(self._at_s, t_s, side="right")])

    def integral(self, edges_s: Column) -> Column:
        """Count times seconds between neighbouring edges."""
        grows_s = edges_s[None, :] - np.array(self._at_s, np.float64)[:, None]
        added = np.array(self._by, np.float64) @ np.maximum(grows_s, 0.0)
        return np.asarray(np.diff(self.start * edges_s + added))

    def mean(self, from_s: float, to_s: float) -> float:
        """The mean count of an interval; the very count where it never changed."""
        if self.constant:
            return self.start
        return float(self.integral(np.array([from_s, to_s]))[0] / (to_s - from_s))
