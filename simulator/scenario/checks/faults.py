"""What is wrong with a scenario's faults: unknown places, and faults that mean nothing there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.near_names import did_you_mean, shown
from simulator.scenario.fault_targets import affected, known_places, replica_count
from simulator.settings.faults import (
    BrownOut,
    ErrorRate,
    Partition,
    RateLimitStorm,
    SpotLoss,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.settings.faults import FaultSettings
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario

    Problem = tuple[str, str]

LIMITS = ("requests_per_min", "input_tokens_per_min", "output_tokens_per_min")


def disturbance_problems(scenario: Scenario) -> Iterator[Problem]:
    """Everything that is wrong with the faults."""
    for number, fault in enumerate(scenario.faults):
        for key, what in problems_of(scenario, fault):
            yield f"faults.{number}.{key}", what


def problems_of(scenario: Scenario, fault: FaultSettings) -> Iterator[Problem]:
    """What is wrong with one fault, by its key."""
    if isinstance(fault, Partition):
        yield from partition_problems(scenario, fault)
        return
    found = affected(scenario, fault.target)
    if not found:
        known = list(known_places(scenario, fault.target.place))
        place, listed = f"{fault.target.place} {shown(fault.target.name)}", ", ".join(map(repr, known))
        hint = did_you_mean(fault.target.name, known)
        yield "target", f"unknown {place}; {hint}in this fleet: {listed or 'none'}"
    for number, replica in found:
        yield from misfits(scenario, fault, scenario.fleet[number], replica)


def partition_problems(scenario: Scenario, fault: Partition) -> Iterator[Problem]:
    """Regions without users or deployments, or one region twice."""
    asking = [stream.region for stream in scenario.streams]
    known = dict.fromkeys([*asking, *(entry.region for entry in scenario.fleet)])
    for name in fault.between:
        if name not in known:
            allowed = ", ".join(map(repr, known))
            yield (
                "between",
                f"no requests come from {name!r} and no deployment is there; regions in use: {allowed}",
            )
    if fault.between[0] == fault.between[1]:
        yield "between", f"{fault.between[0]!r} cannot be parted from itself; give two regions"


def misfits(
    scenario: Scenario, fault: FaultSettings, entry: Deployment, replica: int | None
) -> Iterator[Problem]:
    """A fault that has no meaning at a deployment it affects."""
    alone = replica is not None and entry.balancing != "router"
    errs = isinstance(fault, ErrorRate) or (isinstance(fault, BrownOut) and fault.failure_ratio > 0.0)
    if errs and alone:
        what = "errors strike whole targets; name the deployment, or give it `balancing: router`"
        yield "target", f"{entry.name}/{replica} is no target of its own: {what}"
    if isinstance(fault, RateLimitStorm) and not has_limits(scenario, entry):
        yield "target", f"{entry.name!r} has no rate limits; those of an `api` are {', '.join(LIMITS)}"
    if isinstance(fault, SpotLoss):
        yield from spot_problems(scenario, fault, entry)


def has_limits(scenario: Scenario, entry: Deployment) -> bool:
    """Whether a deployment is limited per minute, by the scenario or by its offer."""
    if entry.api is None:
        return False
    offer = scenario.catalog.offers.get(entry.api.offer)
    sources = [entry.api] if offer is None else [entry.api, offer]
    return any(getattr(source, name) is not None for source in sources for name in LIMITS)


def spot_problems(scenario: Scenario, fault: SpotLoss, entry: Deployment) -> Iterator[Problem]:
    """Capacity that cannot be taken away, or not so much of it."""
    if entry.hardware is None:
        yield "target", f"{entry.name!r} has no `hardware` that could be taken away"
    elif fault.replicas is not None and fault.replicas > replica_count(scenario, entry):
        yield "replicas", f"{fault.replicas} of {entry.name!r}, which has {replica_count(scenario, entry)}"
