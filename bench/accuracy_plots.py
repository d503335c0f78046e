"""Calibration plots of docs/accuracy.md: predicted against measured, both axes logarithmic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simulator.calibration.errors import Judged
    from simulator.calibration.power_errors import JudgedPower

    Dots = list[dict[str, str | float]]

SIZE = 420
FACTOR = 1.2
"""The grey band: predictions within this factor of what was measured."""


def draw(folder: Path, times: Sequence[Judged], powers: Sequence[JudgedPower]) -> None:
    """Writes accuracy-tpot.png and accuracy-energy.png into a folder."""
    folder.mkdir(exist_ok=True)
    time_dots: Dots = [
        {"measured": 1e3 * one.point.tpot_s, "predicted": 1e3 * one.tpot_s, "of": one.point.engine}
        for one in times
        if one.point.tpot_s
    ]
    energy_dots: Dots = [
        {
            "measured": one.point.j_per_token,
            "predicted": one.j_per_token,
            "of": f"{one.point.point.accelerator}, {one.point.kind}",
        }
        for one in powers
        if one.point.j_per_token
    ]
    chart(time_dots, "time per output token, ms").save(folder / "accuracy-tpot.png", scale_factor=1)
    chart(energy_dots, "energy per output token, J").save(folder / "accuracy-energy.png", scale_factor=1)


def chart(dots: Dots, what: str) -> alt.LayerChart:
    """Dots by group, the line of equality and the band around it."""
    values = [float(dot[name]) for dot in dots for name in ("measured", "predicted")]
    low, high = min(values) * 0.9, max(values) * 1.1
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    edge = [{"at": end, "low": end / FACTOR, "high": end * FACTOR} for end in (low, high)]
    band = alt.Chart(alt.Data(values=edge)).mark_area(color="#bbbbbb", opacity=0.35, clip=True)
    band = band.encode(x=alt.X("at:Q", scale=scale), y=alt.Y("low:Q", scale=scale), y2="high:Q")
    equal = alt.Chart(alt.Data(values=edge)).mark_line(color="#555555", strokeWidth=1)
    equal = equal.encode(x=alt.X("at:Q", scale=scale), y=alt.Y("at:Q", scale=scale))
    points = alt.Chart(alt.Data(values=dots)).mark_circle(size=16, opacity=0.55)
    points = points.encode(
        x=alt.X("measured:Q", scale=scale, title=f"measured {what}"),
        y=alt.Y("predicted:Q", scale=scale, title=f"predicted {what}"),
        color=alt.Color("of:N", title=None),
    )
    return alt.layer(band, equal, points).properties(width=SIZE, height=SIZE)
