"""The faults of a scenario as incidents of one replication, the same under every policy.

Formulas: docs/methodology/faults.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.scenario.fault_targets import affected
from simulator.settings.faults import (
    BrownOut,
    ErrorRate,
    Maintenance,
    Partition,
    RandomOutage,
    RateLimitStorm,
    SlowReplica,
    SpotLoss,
)
from simulator.streams import keyed_uniform_scalar
from simulator.world.plan import Incident

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulator.plan.targets import Slot
    from simulator.scenario.fault_targets import AffectedPart
    from simulator.settings.faults import FaultSettings, PlacedFault
    from simulator.settings.scenario import Scenario

    Place = tuple[int, int, Slot]


def incidents_of(
    scenario: Scenario, slots: Sequence[Slot], regions: Sequence[str], seed: int
) -> tuple[Incident, ...]:
    """Every incident of the run; what would begin after the duration is left out."""
    found: list[Incident] = []
    for number, fault in enumerate(scenario.faults):
        if not isinstance(fault, RandomOutage) and fault.at >= scenario.duration_s:
            continue
        if isinstance(fault, Partition):
            found.append(partition_incident(fault, slots, regions))
        elif isinstance(fault, RandomOutage):
            found += random_outages(scenario, fault, slots, seed, repeats(scenario.faults[:number], fault))
        else:
            found.append(placed_incident(scenario, fault, slots))
    return tuple(found)


def faults_after_end(scenario: Scenario) -> Iterator[str]:
    """A warning for every fault that a run of this duration never sees."""
    for number, fault in enumerate(scenario.faults):
        if not isinstance(fault, RandomOutage) and fault.at >= scenario.duration_s:
            yield f"faults.{number} ({fault.kind}) would begin after the run's duration; it does not happen"


def repeats(before: Sequence[FaultSettings], fault: RandomOutage) -> int:
    """How many random outages of the same target stand before this one: each draws its own."""
    return sum(isinstance(other, RandomOutage) and other.target == fault.target for other in before)


def places(slots: Sequence[Slot]) -> Iterator[Place]:
    """Every target with its index and its first queue."""
    first = 0
    for index, slot in enumerate(slots):
        yield index, first, slot
        first += slot.service.queue_count


def queues_of(
    slots: Sequence[Slot], found: Sequence[AffectedPart], most: int | None = None
) -> tuple[int, ...]:
    """The struck queues by their kernel numbers; `most` replicas of each deployment, the first ones."""
    queues: list[int] = []
    for number, replica in found:
        mine = replicas_of(slots, number)
        affected_replicas = mine[:most] if replica is None else [mine[replica]]
        queues += [queue for ranks in affected_replicas for queue in ranks]
    return tuple(queues)


def replicas_of(slots: Sequence[Slot], number: int) -> list[range]:
    """The queues of each replica of a deployment: one, or one an attention rank."""
    return [
        range(first + place, first + place + slot.service.rank_count)
        for _index, first, slot in places(slots)
        if slot.number == number
        for place in range(0, slot.service.queue_count, slot.service.rank_count)
    ]


def targets_of(slots: Sequence[Slot], found: Sequence[AffectedPart]) -> tuple[int, ...]:
    """The targets that are struck as a whole."""
    return tuple(
        index
        for index, _first, slot in places(slots)
        for number, replica in found
        if slot.number == number and (replica is None or slot.name.endswith(f"/{replica}"))
    )


def placed_incident(scenario: Scenario, fault: PlacedFault, slots: Sequence[Slot]) -> Incident:
    """The incident of a fault that has its place and its time."""
    found = affected(scenario, fault.target)
    begins, ends = event_texts(fault)
    most = fault.replicas if isinstance(fault, SpotLoss) else None
    notice_s = fault.notice if isinstance(fault, SpotLoss | Maintenance) else 0.0
    return Incident(
        kind=fault.kind,
        label=fault.target.label,
        at_s=fault.at,
        duration_s=fault.duration,
        targets=targets_of(slots, found),
        queues=queues_of(slots, found, most),
        factor=getattr(fault, "factor", 1.0),
        failure_ratio=getattr(fault, "failure_ratio", 0.0),
        notice_s=notice_s,
        begins=begins,
        ends=ends,
        notice="no new work",
    )


def event_texts(fault: FaultSettings) -> tuple[str, str]:
    """What is said when a fault begins and when it ends."""
    if isinstance(fault, SlowReplica | BrownOut):
        return slowdown_texts(fault)
    if isinstance(fault, ErrorRate):
        return f"{fault.failure_ratio:.0%} of calls fail", "errors are over"
    if isinstance(fault, RateLimitStorm):
        return f"rate limits cut to {fault.factor:.0%}", "rate limits as before"
    if isinstance(fault, SpotLoss):
        count = "all" if fault.replicas is None else str(fault.replicas)
        return f"capacity taken away ({count})", "capacity given back"
    parts = isinstance(fault, Partition)
    return ("cut off", "connected again") if parts else ("down", "up again")


def slowdown_texts(fault: SlowReplica | BrownOut) -> tuple[str, str]:
    """What is said of work that takes longer."""
    ratio = fault.failure_ratio if isinstance(fault, BrownOut) else 0.0
    failing = f", {ratio:.0%} of calls fail" if ratio else ""
    return f"{fault.factor:g} times slower{failing}", "at its own pace again"


def partition_incident(fault: Partition, slots: Sequence[Slot], regions: Sequence[str]) -> Incident:
    """The incident of a partition: every way from users in one region to targets in the other."""
    one, other = fault.between
    begins, ends = event_texts(fault)
    pairs = ((one, other), (other, one))
    ways = [
        (index, code)
        for index, slot in enumerate(slots)
        for code, region in enumerate(regions)
        if (region, slot.deployment.region) in pairs and not slot.service.own_device
    ]
    return Incident(
        kind=fault.kind,
        label=f"{one} and {other}",
        at_s=fault.at,
        duration_s=fault.duration,
        ways=tuple(ways),
        timeout_s=fault.timeout,
        begins=begins,
        ends=ends,
    )


def random_outages(
    scenario: Scenario, fault: RandomOutage, slots: Sequence[Slot], seed: int, repeat: int
) -> Iterator[Incident]:
    """Outages of every struck replica by itself."""
    begins, ends = event_texts(fault)
    for number, replica in affected(scenario, fault.target):
        for place, queues in enumerate(replicas_of(slots, number)):
            if replica not in (None, place):
                continue
            name = f"{scenario.fleet[number].name}/{place}"
            for at_s, duration_s in breakdowns(fault, seed, name, repeat, scenario.duration_s):
                yield Incident(
                    kind=fault.kind,
                    label=name,
                    at_s=at_s,
                    duration_s=duration_s,
                    queues=tuple(queues),
                    begins=begins,
                    ends=ends,
                )


def breakdowns(
    fault: RandomOutage, seed: int, name: str, repeat: int, end_s: float
) -> Iterator[tuple[float, float]]:
    """Beginnings and lengths of a replica's outages: -mtbf ln u up, -mttr ln v down, in turn."""
    at_s, index = 0.0, 0
    stream = f"random outage of {name}"
    while True:
        at_s -= fault.mtbf * math.log(keyed_uniform_scalar(seed, stream, repeat, 2 * index))
        if at_s >= end_s:
            return
        down_s = -fault.mttr * math.log(keyed_uniform_scalar(seed, stream, repeat, 2 * index + 1))
        yield at_s, down_s
        at_s += down_s
        index += 1
