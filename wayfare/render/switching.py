"""What switching deployments within sessions cost, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import count, significant, usd

if TYPE_CHECKING:
    from simulator import Report


def switching_line(report: Report) -> str:
    """Switches, and the cached tokens and dollars they lost; empty where no session switched."""
    found = report.cache_regret
    if found is None or not found.switches:
        return ""
    each = significant(found.switches_per_session or 0.0)
    lost = f"{count(found.tokens)} tokens were cached elsewhere, {usd(found.usd)} dearer"
    return f"switches within sessions: {count(found.switches)}, {each} a session; {lost}"
