"""What finishing after the window's end took, in words; it is in no other figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wayfare.render.numbers import duration, energy, usd

if TYPE_CHECKING:
    from simulator import Report


def drain_line(report: Report) -> str:
    """Dollars, watt-hours and seconds of the drain; empty where there was none."""
    drain = cast("dict[str, object]", report.fields.get("drain") or {})
    span_s = cast("float", drain.get("seconds") or 0.0)
    if not span_s:
        return ""
    cost = cast("dict[str, float]", drain["cost_usd"])["total"]
    drawn = cast("dict[str, float] | float", drain["energy_wh"])
    wh = drawn["total"] if isinstance(drawn, dict) else drawn
    return f"after the end, in no figure above: {duration(span_s)} of work, {usd(cost)}, {energy(wh)}"
