"""Means, Student t intervals and paired differences, beside numbers from a printed table."""

from __future__ import annotations

import math

import pytest

from simulator.statistics import gap, paired_interval, student_interval

T_TABLE = {(1, 0.95): 12.7062, (2, 0.90): 2.91999, (2, 0.95): 4.30265, (9, 0.95): 2.26216}
"""Two-sided quantiles of Student's t by degrees of freedom and confidence (NIST/SEMATECH, 1.3.6.7.2)."""


def test_two_values_have_the_spread_of_one_degree_of_freedom() -> None:
    """1 and 3: mean 2, s = sqrt(2), s / sqrt(2) = 1, so the interval reaches as far as t does."""
    found = student_interval([1.0, 3.0], 0.95)
    reach = T_TABLE[1, 0.95]
    assert found.value == 2.0
    assert (found.low, found.high) == pytest.approx((2.0 - reach, 2.0 + reach), rel=1e-5)


@pytest.mark.parametrize("confidence", [0.90, 0.95])
def test_three_values_reach_as_far_as_the_table_says(confidence: float) -> None:
    """1, 2 and 6: mean 3, s squared (4 + 1 + 9) / 2 = 7, so t sqrt(7 / 3) on either side."""
    found = student_interval([1.0, 2.0, 6.0], confidence)
    reach = T_TABLE[2, confidence] * math.sqrt(7.0 / 3.0)
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 3.0 - reach, 3.0 + reach), rel=1e-5)


def test_ten_values_reach_as_far_as_the_table_says() -> None:
    """0 to 9: mean 4.5, s squared 82.5 / 9, so t sqrt(82.5 / 90) on either side."""
    found = student_interval([float(value) for value in range(10)], 0.95)
    reach = T_TABLE[9, 0.95] * math.sqrt(82.5 / 90.0)
    assert (found.value, found.low, found.high) == pytest.approx((4.5, 4.5 - reach, 4.5 + reach), rel=1e-5)


def test_a_single_value_has_no_interval() -> None:
    """One replication has a mean and nothing to say of chance."""
    found = student_interval([3.0], 0.95)
    assert (found.value, found.low, found.high) == (3.0, None, None)


def test_pairs_are_the_second_less_the_first() -> None:
    """Of (1, 2), (2, 5) and (6, 8) the differences are 1, 3 and 2: mean 2, s = 1, t sqrt(1 / 3) beside it."""
    found = paired_interval([1.0, 2.0, 6.0], [2.0, 5.0, 8.0], 0.95)
    reach = T_TABLE[2, 0.95] / math.sqrt(3.0)
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0 - reach, 2.0 + reach), rel=1e-5)


def test_rounding_is_no_difference_and_anything_more_is() -> None:
    """Sums of the same things in another order differ by a trillionth of them at most."""
    assert gap(3.0, 3.0 * (1.0 + 1e-15)) == 0.0
    assert gap(3.0, 3.0 * (1.0 + 0.9e-12)) == 0.0
    assert gap(3.0, 3.0 * (1.0 + 2e-12)) > 0.0
    assert gap(3.0, 3.0 * (1.0 + 1e-10)) == pytest.approx(3e-10, rel=1e-3)
    assert gap(2.0, 5.0) == 3.0
