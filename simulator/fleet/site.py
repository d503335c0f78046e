"""Where deployments stand: the signals of a region over the run, and the way there."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import MS_PER_S
from simulator.fleet.given_signals import given_signal
from simulator.signals import ConstantSignal, DailyShape, StepSignal, local_clock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario
    from simulator.signals import Signal

ENTERPRISE_PUE = 1.63
"""Mean of on-premises enterprise data centres (IDC, quoted by AWS, 2024); docs/methodology."""
OWN_DEVICE_REGION = "on-device"
"""What a router sees as the region of the users' own machines."""


def intensity_gco2e_per_kwh(scenario: Scenario, region: str) -> Signal:
    """Grid carbon over the run: the scenario's own, else the region's daily shape on its clock."""
    given = given_signal(scenario, "carbon_intensity", region)
    if given is not None:
        return given
    entry = scenario.catalog.region(region)
    if entry.carbon_peak_to_trough == 1.0:
        return ConstantSignal(entry.carbon_gco2e_per_kwh)
    return DailyShape(
        mean=entry.carbon_gco2e_per_kwh,
        peak_to_trough=entry.carbon_peak_to_trough,
        peak_hour=entry.carbon_peak_hour,
        clock=local_clock(scenario.start, entry.time_zone, scenario.duration_s + scenario.settings.drain),
    )


def electricity_usd_per_kwh(scenario: Scenario, region: str) -> Signal:
    """What a kilowatt-hour costs over the run: the scenario's own, else the region's price by date."""
    given = given_signal(scenario, "electricity_price", region)
    entry = scenario.catalog.region(region)
    if given is not None or not entry.electricity_before:
        return given or ConstantSignal(float(entry.electricity_usd_per_kwh))
    values = [*(row.usd_per_kwh for row in entry.electricity_before), entry.electricity_usd_per_kwh]
    ends = [datetime.combine(row.until, time(), UTC) for row in entry.electricity_before]
    from_s = [-math.inf, *((end - scenario.start).total_seconds() for end in ends)]
    return steps_within(scenario, from_s, [float(value) for value in values])


def steps_within(scenario: Scenario, from_s: list[float], values: list[float]) -> Signal:
    """A signal of the values that hold at some time of the run; constant where there is one."""
    end_s = scenario.duration_s + scenario.settings.drain
    until_s = [*from_s[1:], math.inf]
    held = [k for k in range(len(values)) if until_s[k] > 0.0 and from_s[k] < end_s]
    if len(held) == 1:
        return ConstantSignal(values[held[0]])
    begin_s = [max(from_s[k], 0.0) for k in held]
    return StepSignal(from_s=np.array(begin_s), values=np.array([values[k] for k in held]))


def pue(scenario: Scenario, deployment: Deployment) -> float:
    """Facility over IT energy: 1 for edge machines, an enterprise's mean on premises, else the region's."""
    if deployment.tier == "edge":
        return 1.0
    if deployment.tier == "on_prem":
        return ENTERPRISE_PUE
    return scenario.catalog.region(deployment.region).pue


def water_site_l_per_kwh(scenario: Scenario, deployment: Deployment) -> float:
    """Litres evaporated on site per kWh that the deployment's energy is reported in: WUE / PUE.

    WUE is by IT energy; the PUE is the one that the reported energy carries, of an API's estimate the
    catalog's. Edge machines are cooled by air.
    """
    if deployment.tier == "edge":
        return 0.0
    api = deployment.api is not None
    carried = scenario.catalog.model(deployment.model).api_pue if api else pue(scenario, deployment)
    return scenario.catalog.region(deployment.region).wue_l_per_kwh / carried


def one_way_s(scenario: Scenario, deployment: Deployment, regions: tuple[str, ...]) -> NDArray[np.float64]:
    """Seconds from users in each region to the deployment: half of last mile plus round trip."""
    if deployment.device is not None and deployment.device.per_user:
        return np.zeros(len(regions))
    last_mile_s = getattr(scenario.settings.network.last_mile, deployment.tier)
    round_trips = [round_trip_s(scenario, region, deployment.region) for region in regions]
    return (np.array(round_trips) + last_mile_s) / 2.0


def round_trip_s(scenario: Scenario, source: str, target: str) -> float:
    """Seconds there and back between two regions; either direction's figure serves both."""
    there = scenario.catalog.region(source).rtt_ms.get(target)
    back = scenario.catalog.region(target).rtt_ms.get(source)
    known = [figure for figure in (there, back) if figure is not None]
    return (known[0] if known else 0.0) / MS_PER_S
