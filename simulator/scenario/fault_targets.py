"""What a fault's target stands for: deployments of the fleet, or single replicas of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.settings.faults import FaultTarget
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario

    AffectedPart = tuple[int, int | None]


def affected(scenario: Scenario, target: FaultTarget) -> list[AffectedPart]:
    """The deployments' numbers, each with a replica's number or None for all; empty if unknown."""
    name, _, replica = target.name.partition("/")
    if target.place == "replica":
        numbers = [number for number, entry in enumerate(scenario.fleet) if entry.name == name]
        known = [n for n in numbers if replica in replica_numbers(scenario, scenario.fleet[n])]
        return [(number, int(replica)) for number in known]
    return [(n, None) for n, entry in enumerate(scenario.fleet) if is_at(entry, target)]


def is_at(entry: Deployment, target: FaultTarget) -> bool:
    """Whether a deployment is or stands at the place; users' own devices stand in no region."""
    if target.place == "deployment":
        return entry.name == target.name
    if target.place == "provider":
        return entry.api is not None and provider_of(entry) == target.name
    return entry.region == target.name and not (entry.device and entry.device.per_user)


def provider_of(entry: Deployment) -> str:
    """Who sells a deployment's API; empty for everything else."""
    return "" if entry.api is None else entry.api.offer.partition("/")[0]


def replica_count(scenario: Scenario, entry: Deployment) -> int:
    """Replicas or machines that can fail alone; 0 for what is one thing to the outside."""
    if entry.hardware is not None:
        return entry.most_replicas
    if entry.device is None:
        return 0
    return sum(stream.devices for stream in scenario.streams) if entry.device.per_user else entry.device.count


def replica_numbers(scenario: Scenario, entry: Deployment) -> frozenset[str]:
    """The replicas' numbers as written."""
    return frozenset(map(str, range(replica_count(scenario, entry))))


def known_places(scenario: Scenario, place: str) -> Iterator[str]:
    """What a target of that kind may be called."""
    fleet = scenario.fleet
    if place == "deployment":
        yield from (entry.name for entry in fleet)
    elif place == "provider":
        yield from dict.fromkeys(provider_of(entry) for entry in fleet if entry.api is not None)
    elif place == "region":
        yield from dict.fromkeys(entry.region for entry in fleet)
    else:
        counts = {entry.name: replica_count(scenario, entry) for entry in fleet}
        yield from (f"{name}/0 to {name}/{count - 1}" for name, count in counts.items() if count)
