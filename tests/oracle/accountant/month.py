"""A month's traffic beside the window's: docs/methodology/accounting.md, "A month"."""

from __future__ import annotations

import math
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

CELL_S = 60.0


class Month:
    """By stream, its mean rate over a whole week over that in the window; 1 for those without a wave."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.factors = {stream.name: self._factor(stream) for stream in scenario.streams}

    def factor(self, request):
        """What a request counts for."""
        return self.factors[request["stream"]]

    def _factor(self, stream):
        """As the class says, of one stream."""
        if stream.arrivals.pattern != "diurnal":
            return 1.0
        from_s, to_s = self.scenario.warmup_s, self.scenario.duration_s
        count = math.ceil((to_s - from_s) / CELL_S)
        width_s = (to_s - from_s) / count
        rates = [self._rate(stream, from_s + (place + 0.5) * width_s) for place in range(count)]
        mean = math.fsum(rates) / count
        week = math.fsum(stream.arrivals.weekday_factors) / 7.0
        return week / mean if mean > 0.0 else 1.0

    def _rate(self, stream, t_s):
        """(1 + a cos(2 pi (hour - peak) / 24)) x the weekday's factor, on the users' clock."""
        arrivals, region = stream.arrivals, self.scenario.catalog.region(stream.region)
        utc = (self.scenario.start + timedelta(seconds=t_s)).astimezone(UTC)
        local = utc.astimezone(ZoneInfo(region.time_zone))
        hour = local.hour + local.minute / 60.0 + (local.second + local.microsecond / 1e6) / 3_600.0
        amplitude = (arrivals.peak_to_trough - 1.0) / (arrivals.peak_to_trough + 1.0)
        wave = 1.0 + amplitude * math.cos(2.0 * math.pi * (hour - arrivals.peak_hour) / 24.0)
        return wave * arrivals.weekday_factors[local.weekday()]
