"""The `signals` part of a scenario: grid carbon and electricity prices of one's own, by region."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simulator.quantities import ClockTime, NonNegative, Part

Price = Annotated[float, Field(allow_inf_nan=False)]
Hours = Annotated[dict[ClockTime, Price], Field(min_length=1)]


class SignalSettings(Part):
    """By region a constant, or a CSV file; electricity prices also by time of the local day.

    A file has a header and two columns: `time` (ISO 8601; each value holds until the next) or
    `hour` (of the local day, from 0 on), and `gco2e_per_kwh` or `usd_per_kwh`. What is not given
    comes from the catalog. Electricity prices may be negative, as those of exchanges are: then the
    meter pays.
    """

    carbon_intensity: dict[str, NonNegative | str] = Field(default_factory=dict)
    electricity_price: dict[str, Price | str | Hours] = Field(default_factory=dict)
