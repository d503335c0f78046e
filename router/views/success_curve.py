"""How likely a right answer is, by what a router expects of a request's difficulty."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessCurve:
    """The share of right answers among requests that look alike, straight between its points.

    `difficulties` rise (expected difficulty, logits); `success` is the share at each, 0 to 1.
    Beyond the ends the curve is level. At least one point.
    """

    difficulties: tuple[float, ...]
    success: tuple[float, ...]

    def at(self, difficulty: float) -> float:
        """The share of right answers at this expected difficulty; `nan` for `nan`."""
        if difficulty != difficulty:  # noqa: PLR0124  (nan: a call would cost more than the rest)
            return difficulty
        place = bisect_right(self.difficulties, difficulty)
        if place == 0:
            return self.success[0]
        if place == len(self.difficulties):
            return self.success[-1]
        left, right = self.difficulties[place - 1], self.difficulties[place]
        share = (difficulty - left) / (right - left)
        return self.success[place - 1] + share * (self.success[place] - self.success[place - 1])

    def reach(self, floor: float) -> float:
        """The greatest expected difficulty at which the share meets the floor; infinite at no floor."""
        if floor <= self.success[-1]:
            return inf
        place = next((i for i in reversed(range(len(self.success))) if self.success[i] >= floor), -1)
        if place < 0:
            return -inf
        low, high = self.success[place], self.success[place + 1]
        left, right = self.difficulties[place], self.difficulties[place + 1]
        return left + (right - left) * (low - floor) / (low - high)
