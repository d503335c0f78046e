"""Numbers as people read them."""

from __future__ import annotations

import pytest

from wayfare.render import numbers


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.usd(12_345.6), "$12,300"),
        (numbers.usd(12.345), "$12.3"),
        (numbers.usd_to_the_cent(12.345), "$12.35"),
        (numbers.usd_to_the_cent(0.001234), "$0.00123"),
        (numbers.usd(-0.001234), "-$0.00123"),
        (numbers.usd(0), "$0"),
        (numbers.usd(None), "-"),
        (numbers.seconds(12.34), "12.3 s"),
        (numbers.seconds(0.0456), "45.6 ms"),
        (numbers.energy(12_345), "12.3 kWh"),
        (numbers.duration(86_400), "24 h"),
        (numbers.duration(600), "10 min"),
        (numbers.duration(10), "10 s"),
        (numbers.grams(999), "999 g"),
        (numbers.grams(2_500_000), "2.50 t"),
        (numbers.share(0.1234), "12.3 %"),
        (numbers.count(1234.0), "1,234"),
        (numbers.count(51_920.0), "51,920"),
        (numbers.count(51_920.4), "51,920"),
        (numbers.count(4.52), "4.5"),
        (numbers.share(0.9997), ">99.9 %"),
        (numbers.share(1.0), "100 %"),
        (numbers.share(0.0001), "<0.1 %"),
        (numbers.share(0.0), "0 %"),
        (numbers.duration(604_800), "7 days"),
        (numbers.energy(0.0183), "18.3 mWh"),
        (numbers.grams(0.0006), "0.600 mg"),
        (numbers.significant(0.0001), "0.000100"),
    ],
)
def test_figures_are_written_short_and_plain(written: str, expected: str) -> None:
    """Three significant digits, units that fit, never scientific notation."""
    assert written == expected
