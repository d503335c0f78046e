"""How near a deployment on hardware is to configurations of serving engines that were measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

from catalogs.measured_groups import MeasuredGroup, measured_groups
from simulator.fleet.backends.hardware import GIGA, hardware_of, shape_in
from simulator.fleet.engines import size_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalogs.serving_profile import Nearness, ServingProfile, TimeError
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario

OTHER_CHIP, OTHER_KIND, OTHER_ENGINE, OTHER_VERSION, OTHER_PRECISION = 3.0, 3.0, 1.0, 0.5, 1.0
"""How far apart configurations are that differ so, where twice as large, or twice as wide, is 1. A judgement:
in the fit's own errors another chip or kind of model counts most, another version least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a deployment's times depend on, in the words of measured groups; `params_b` in billions."""

    engine: str
    version: str
    accelerator: str
    size: str
    params_b: float
    precision: str
    chips: int

    @property
    def is_mixture(self) -> bool:
        """Whether the model is a mixture of experts."""
        return is_mixture(self.size)


def is_mixture(size: str) -> bool:
    """Whether a size (layers x hidden x experts) has experts."""
    return size.count("x") == 2  # noqa: PLR2004  (three numbers)


def configuration_of(scenario: Scenario, deployment: Deployment) -> Configuration:
    """A deployment's configuration; only called where it has hardware."""
    hardware, shape = hardware_of(deployment), shape_in(scenario, deployment)
    profile = scenario.catalog.serving_profile(deployment.engine.profile)
    return Configuration(
        engine=profile.engine,
        version=profile.version,
        accelerator=hardware.accelerator,
        size=size_name(shape),
        params_b=shape.total_params / GIGA,
        precision=hardware.precision,
        chips=hardware.tensor_parallel,
    )


def groups_behind(profile: ServingProfile) -> tuple[MeasuredGroup, ...]:
    """What a profile was fitted to, and then adapted to; of one without known errors only the latter."""
    return (*profile.measured, *(measured_groups() if profile.errors else ()))


def nearness(here: Configuration, profile: ServingProfile) -> Nearness:
    """How near: the configuration itself, or its model and chip, or its chip alone, or not even that."""
    if any(is_same(here, group) for group in profile.measured):
        return "calibrated"
    groups = groups_behind(profile)
    if any(is_same(here, group) for group in groups):
        return "recipe"
    if here.accelerator not in {group.accelerator for group in groups}:
        return "accelerator"
    return "group" if here.size in {group.size for group in groups} else "model"


def is_same(here: Configuration, group: MeasuredGroup) -> bool:
    """Whether a group is of this configuration, its version included."""
    return not any(differences(here, group))


def error_at(here: Configuration, profile: ServingProfile) -> TimeError | None:
    """The error of times to expect of a configuration; None where unknown.

    Of a profile that was adapted to one's own points that is so of every other configuration.
    """
    near = nearness(here, profile)
    if profile.errors is None or (profile.measured and near != "calibrated"):
        return None
    kind = profile.errors.mixture if here.is_mixture else profile.errors.dense
    found: TimeError | None = getattr(kind, near)
    return found


def calibrated_error(here: Configuration, profile: ServingProfile) -> TimeError | None:
    """The error of times to expect once the profile is adapted to points of the configuration."""
    if profile.errors is None:
        return None
    return (profile.errors.mixture if here.is_mixture else profile.errors.dense).calibrated


def nearest(here: Configuration, groups: Sequence[MeasuredGroup], count: int = 3) -> list[MeasuredGroup]:
    """The nearest of the groups, nearest first; those with more points first among equals."""
    return sorted(groups, key=lambda group: (distance(here, group), -group.points))[:count]


def distance(here: Configuration, group: MeasuredGroup) -> float:
    """How far apart: doublings of model and width, and what else differs."""
    apart = (
        (OTHER_CHIP, here.accelerator != group.accelerator),
        (OTHER_KIND, here.is_mixture != is_mixture(group.size)),
        (OTHER_ENGINE, here.engine != group.engine),
        (OTHER_VERSION, here.version != group.version),
        (OTHER_PRECISION, here.precision != group.precision),
    )
    doublings = abs(log2(here.params_b / group.params_b)) + abs(log2(here.chips / group.chips))
    return doublings + sum(weight for weight, differs in apart if differs)


def differences(here: Configuration, group: MeasuredGroup) -> Iterator[str]:
    """What a group has that the configuration has not, in words."""
    if group.size != here.size:
        yield group.model
    if group.accelerator != here.accelerator:
        yield group.accelerator
    if group.chips != here.chips:
        yield f"{group.chips} chip{'s' if group.chips > 1 else ''}"
    if group.precision != here.precision:
        yield group.precision
    if (group.engine, group.version) != (here.engine, here.version):
        yield f"{group.engine} {group.version}".strip()
