"""Quantities as people write them, and what is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalogs.units import duration_s, instant, pace_ratio, rate_per_s

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("parse", [duration_s, rate_per_s, pace_ratio, instant])
def test_quantities_without_end_are_refused_by_their_length(parse: Callable[[object], object]) -> None:
    """A text of a hundred thousand digits is not even matched, and not repeated."""
    with pytest.raises(ValueError, match="a quantity of 100,000 characters; at most 100 are read") as caught:
        parse("9" * 100_000)
    assert len(str(caught.value)) < 100
