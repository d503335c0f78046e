"""What routers know of the grid ahead: exact, in steps such as day-ahead forecasts have."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from router.views.carbon import CarbonForecast
from simulator.fleet.site import intensity_gco2e_per_kwh
from simulator.signals import means_over

if TYPE_CHECKING:
    from simulator.settings.scenario import Scenario

FORECAST_STEP_S = 900.0
"""A quarter of an hour, as electricity markets settle a day ahead in Europe (since 1 October 2025)."""
MOST_STEPS = 3_000
"""A month in quarter hours; longer runs get longer steps."""


def carbon_forecast(scenario: Scenario, region: str) -> CarbonForecast:
    """The region's grid carbon over run and drain: the signal's exact mean over each step.

    No forecast error is simulated; one value stands where the grid never changes.
    """
    end_s = scenario.duration_s + scenario.settings.drain
    count = max(ceil(end_s / FORECAST_STEP_S), 1)
    step_s = FORECAST_STEP_S * ceil(count / MOST_STEPS)
    edges_s = step_s * np.arange(ceil(count * FORECAST_STEP_S / step_s) + 1, dtype=np.float64)
    means = means_over(intensity_gco2e_per_kwh(scenario, region), edges_s[:-1], edges_s[1:]).tolist()
    values = means if max(means) > min(means) else means[:1]
    return CarbonForecast(step_s=step_s, gco2e_per_kwh=tuple(values))
