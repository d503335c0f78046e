"""What finishing after the window's end took, in words; it is in no other figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import duration, energy, usd

if TYPE_CHECKING:
    from simulator import Report


def drain_line(report: Report) -> str:
    """Dollars, watt-hours and seconds of the drain; empty where there was none."""
    drain = report.drain
    if not drain.seconds:
        return ""
    took = f"{duration(drain.seconds)} of work, {usd(drain.cost_usd.total)}, {energy(drain.energy_wh)}"
    return f"after the end, in no figure above: {took}"
