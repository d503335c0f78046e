"""Straight lines through rewards, least squares with a ridge, that grow with the tasks there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]


class TaskColumns:
    """Vectors of numbers followed by one column for each task, in the order in which tasks were seen."""

    def __init__(self) -> None:
        """Has seen no task."""
        self._places: dict[str, int] = {}

    def vector(self, numbers: Sequence[float], task: str) -> Vector:
        """The numbers, and 1 in the task's column."""
        place = self._places.setdefault(task, len(self._places))
        vector = np.zeros(len(numbers) + len(self._places))
        vector[: len(numbers)] = numbers
        vector[len(numbers) + place] = 1.0
        return vector


class DiscountedRidge:
    """The line theta = A^-1 b with A = ridge I + sum of x x' and b = sum of r x, older terms discounted.

    Vectors may come to have more columns; what was learnt before has zeros there.
    """

    def __init__(self, ridge: float, gamma: float) -> None:
        """Has learnt nothing."""
        self._ridge, self._gamma = ridge, gamma
        self._squares, self._products = np.zeros((0, 0)), np.zeros(0)
        self._inverse, self._theta = np.zeros((0, 0)), np.zeros(0)

    def at(self, x: Vector) -> tuple[float, float]:
        """The line's value x' theta, and x' A^-1 x."""
        self._widen(len(x))
        x = self._padded(x)
        return float(x @ self._theta), max(float(x @ self._inverse @ x), 0.0)

    def learn(self, x: Vector, reward: float) -> None:
        """Takes a reward at x, after discounting the others."""
        self._widen(len(x))
        x = self._padded(x)
        self._squares = self._gamma * self._squares + np.outer(x, x)
        self._products = self._gamma * self._products + reward * x
        self._solve()

    def _widen(self, width: int) -> None:
        """Makes room for vectors of so many columns."""
        more = width - len(self._products)
        if more > 0:
            self._squares = np.pad(self._squares, (0, more))
            self._products = np.pad(self._products, (0, more))
            self._solve()

    def _padded(self, x: Vector) -> Vector:
        """The vector with zeros in the columns that it does not have yet."""
        return np.pad(x, (0, len(self._products) - len(x)))

    def _solve(self) -> None:
        """Works out A^-1 and theta."""
        self._inverse = np.asarray(
            np.linalg.inv(self._squares + self._ridge * np.eye(len(self._products))), np.float64
        )
        self._theta = self._inverse @ self._products
