"""How far off times on hardware are to be expected, the nearest measured points, and what to measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.calibration.measured.points import MOST_BATCH
from simulator.calibration.validation import GIVEN
from simulator.fleet.backends.hardware import engine_in
from simulator.fleet.nearness import (
    calibrated_error,
    configuration_of,
    differences,
    groups_behind,
    nearest,
)
from simulator.report.grounds import hardware_times, platform

if TYPE_CHECKING:
    from catalogs.measured_groups import MeasuredGroup
    from simulator.fleet.nearness import Configuration
    from simulator.report.grounds import TimesGrounds
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyGroup:
    """A measured group near a deployment, and what differs; nothing does where it is the very same."""

    group: MeasuredGroup
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementAdvice:
    """What to measure for a smaller error: so many closed-loop points at 1 to `batch_most` sequences.

    `tpot_median` is the median error after a calibration on so many points of a group never seen; None
    where nobody knows it.
    """

    points: int
    batch_most: int
    tpot_median: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAccuracy:
    """One deployment on hardware: what its times are (as in reports' `grounds`), and what is near it."""

    deployment: str
    model: str
    platform: str
    profile: str
    times: TimesGrounds
    nearest: tuple[NearbyGroup, ...]
    remedy: MeasurementAdvice


def expectations(scenario: Scenario) -> list[ExpectedAccuracy]:
    """One for every deployment on hardware, in the fleet's order."""
    return [expectation(scenario, entry) for entry in scenario.fleet if entry.hardware is not None]


def expectation(scenario: Scenario, entry: Deployment) -> ExpectedAccuracy:
    """What to expect of one deployment's times."""
    profile = scenario.catalog.serving_profile(entry.engine.profile)
    here = configuration_of(scenario, entry)
    return ExpectedAccuracy(
        deployment=entry.name,
        model=entry.model,
        platform=platform(entry),
        profile=profile.name,
        times=hardware_times(scenario, entry),
        nearest=tuple(near(here, group) for group in nearest(here, groups_behind(profile))),
        remedy=remedy(scenario, entry, here),
    )


def near(here: Configuration, group: MeasuredGroup) -> NearbyGroup:
    """A group with what differs."""
    return NearbyGroup(group=group, differs=tuple(differences(here, group)))


def remedy(scenario: Scenario, entry: Deployment, here: Configuration) -> MeasurementAdvice:
    """As many points as calibrations were judged with, up to as many sequences as profiles are fitted to."""
    after = calibrated_error(here, scenario.catalog.serving_profile(entry.engine.profile))
    most = min(engine_in(scenario, entry).memory.max_sequences, MOST_BATCH)
    return MeasurementAdvice(
        points=GIVEN, batch_most=most, tpot_median=None if after is None else after.tpot_median
    )
