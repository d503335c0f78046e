"""When users' own devices are off: a share of the time, and hours of the region's day."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from catalogs.units import HOURS_PER_DAY, SECONDS_PER_HOUR
from simulator.fleet.given_signals import hour_of
from simulator.signals import local_clock
from simulator.world.plan import OfflineSchedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.settings.fleet import Deployment, Offline
    from simulator.settings.scenario import Scenario


def offline_schedule(
    scenario: Scenario, deployment: Deployment, offline: Offline | None
) -> OfflineSchedule | None:
    """When the deployment's devices are off; None where they never are."""
    if offline is None:
        return None
    off = [] if offline.daily is None else list(daily_off(scenario, deployment.region, *offline.daily))
    return OfflineSchedule(
        label=deployment.name,
        share=offline.share,
        mean_s=offline.duration,
        from_s=tuple(from_s for from_s, _to_s in off),
        to_s=tuple(to_s for _from_s, to_s in off),
    )


def daily_off(scenario: Scenario, region: str, begin: str, end: str) -> Iterator[tuple[float, float]]:
    """Beginnings and ends of every day's hours on the region's clock, over the run.

    Hours that a change of the clock falls into are split there.
    """
    until_s = scenario.duration_s + scenario.settings.drain
    clock = local_clock(scenario.start, scenario.catalog.region(region).time_zone, until_s)
    from_h = hour_of(begin)
    length_h = (hour_of(end) - from_h) % HOURS_PER_DAY
    edges_s = [*clock.from_s.tolist(), until_s]
    for place, start_h in enumerate(clock.start_hour.tolist()):
        lower_s, upper_s = edges_s[place], edges_s[place + 1]
        day = ceil((start_h + lower_s / SECONDS_PER_HOUR - from_h - length_h) / HOURS_PER_DAY)
        at_s = (from_h + day * HOURS_PER_DAY - start_h) * SECONDS_PER_HOUR
        while at_s < upper_s:
            yield max(at_s, lower_s), min(at_s + length_h * SECONDS_PER_HOUR, upper_s)
            at_s += HOURS_PER_DAY * SECONDS_PER_HOUR
