"""Prefill apart from decode: the kernel's leaps against the step-by-step oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given

from oracle.runs import INSTANTS, assert_same
from oracle.split import split_kernel_outcome, split_oracle_outcome
from oracle.strategies import THOROUGH, split_cases

if TYPE_CHECKING:
    from oracle.split import SplitCase


@pytest.mark.slow
@THOROUGH
@given(split_cases())
def test_handed_over_sequences_agree_with_the_oracle(case: SplitCase) -> None:
    """Any pools under any traffic: the same ends, instants and bills, cancels and outages on the way."""
    assert_same(split_kernel_outcome(case), split_oracle_outcome(case))


@pytest.mark.slow
@THOROUGH
@given(split_cases(tied=True))
def test_hand_overs_that_tie_are_ordered_alike(case: SplitCase) -> None:
    """With costs and transfers exact in binary, deliveries meet boundaries: instants are identical."""
    seen, expected = split_kernel_outcome(case), split_oracle_outcome(case)
    for name in INSTANTS:
        np.testing.assert_array_equal(seen.attempts[name], expected.attempts[name], name)
    assert_same(seen, expected)


@pytest.mark.slow
@THOROUGH
@given(split_cases(rooms=(75, 90, 110, 140)))
def test_room_is_short_on_both_sides_as_in_the_oracle(case: SplitCase) -> None:
    """Contexts that wait for their link keep room from prompts; decoders preempt and compute again."""
    assert_same(split_kernel_outcome(case), split_oracle_outcome(case))
