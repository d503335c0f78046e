"""Events of the fleet, as they are recorded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEvent:
    """An event of the fleet: `what` in words, at virtual time `t_s`."""

    t_s: float
    kind: str
    target: str
    what: str
