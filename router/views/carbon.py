"""What the grid emits where a target stands, as a router knows it ahead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonForecast:
    """Grid carbon ahead: `gco2e_per_kwh[k]` holds from `k step_s` to `(k + 1) step_s` of the run.

    The last value holds from then on, the first before the run. At least one value; `step_s` is above 0.
    """

    step_s: float
    gco2e_per_kwh: tuple[float, ...]

    def at(self, at_s: float) -> float:
        """The value at an instant of virtual time."""
        place = int(at_s // self.step_s)
        return self.gco2e_per_kwh[min(max(place, 0), len(self.gco2e_per_kwh) - 1)]
