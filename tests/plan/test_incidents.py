"""Faults as incidents: which queues, targets and ways they strike, and what is said of them."""

from __future__ import annotations

import pytest

from simulator.plan.resolution import Resolution, resolve
from simulator.world.plan import Incident
from world_cases import CHAT, FRONTIER, PHONE, SMALL, scenario

WHEN = {"at": "20s", "duration": "40s"}
LIMITED = {**FRONTIER, "api": {**FRONTIER["api"], "requests_per_min": 60}}
TEXAN = {**SMALL, "name": "texan", "region": "us-texas", "replicas": 2, "balancing": "router"}
FLEET = [{**SMALL, "replicas": 3}, LIMITED, TEXAN, PHONE]
"""Queues: small 0 to 2, frontier 3, texan/0 is 4 and texan/1 is 5; phones from 6 on.
Targets: small 0, frontier 1, texan/0 2, texan/1 3, phones 4.
"""
STREAMS = [CHAT, {**CHAT, "name": "texans", "region": "us-texas"}]


def resolved(*faults: dict[str, object]) -> Resolution:
    """The plan of one run under some faults."""
    return resolve(scenario(fleet=FLEET, faults=faults, workload={"streams": STREAMS}))


def incident(**fault: object) -> Incident:
    """The one incident of one fault from 20 s on for 40 s."""
    (found,) = resolved({**WHEN, **fault}).plan.incidents
    assert (found.kind, found.at_s, found.duration_s) == (fault["kind"], 20.0, 40.0)
    return found


@pytest.mark.parametrize(
    ("target", "label", "targets", "queues"),
    [
        ("small", "small", (0,), (0, 1, 2)),
        ("small/1", "small/1", (), (1,)),
        ("texan", "texan", (2, 3), (4, 5)),
        ("texan/1", "texan/1", (3,), (5,)),
        ("frontier", "frontier", (1,), (3,)),
        ({"provider": "openai"}, "provider openai", (1,), (3,)),
        ({"region": "us-virginia"}, "region us-virginia", (0, 1), (0, 1, 2, 3)),
        ({"region": "us-texas"}, "region us-texas", (2, 3), (4, 5)),
        ("phone/2", "phone/2", (), (8,)),
    ],
)
def test_a_place_is_its_queues_and_its_targets(
    target: object, label: str, targets: tuple[int, ...], queues: tuple[int, ...]
) -> None:
    """A replica is one queue, and a target only where it is one; users' devices stand in no region."""
    found = incident(kind="outage", target=target)
    assert (found.label, found.targets, found.queues) == (label, targets, queues)
    assert (found.ways, found.factor, found.failure_ratio, found.notice_s) == ((), 1.0, 0.0, 0.0)
    assert not found.gives_notice


@pytest.mark.parametrize(
    ("fault", "begins", "ends"),
    [
        ({"kind": "outage"}, "down", "up again"),
        ({"kind": "maintenance"}, "down", "up again"),
        ({"kind": "slow_replica", "factor": 2.5}, "2.5 times slower", "at its own pace again"),
        ({"kind": "brown_out"}, "2 times slower", "at its own pace again"),
        (
            {"kind": "brown_out", "factor": 3, "failure_ratio": 0.25},
            "3 times slower, 25% of calls fail",
            "at its own pace again",
        ),
        ({"kind": "error_rate", "failure_ratio": 0.1}, "10% of calls fail", "errors are over"),
        ({"kind": "rate_limit_storm", "factor": 0.2}, "rate limits cut to 20%", "rate limits as before"),
    ],
)
def test_what_befalls_a_deployment_is_told_in_words(fault: dict[str, object], begins: str, ends: str) -> None:
    """Beginning and end are said as operators would say them, with the factor and the share that fails."""
    found = incident(**fault, target="frontier")
    assert (found.begins, found.ends) == (begins, ends)
    assert found.factor == fault.get("factor", 2.0 if fault["kind"] == "brown_out" else 1.0)
    assert found.failure_ratio == fault.get("failure_ratio", 0.0)


def test_lost_capacity_is_the_first_replicas_of_each_deployment_after_two_minutes_notice() -> None:
    """Two of three, those of the lowest numbers; all where nobody says how many."""
    some = incident(kind="spot_loss", target="small", replicas=2, notice="30s")
    every = incident(kind="spot_loss", target="small")
    assert (some.queues, some.notice_s, some.begins) == ((0, 1), 30.0, "capacity taken away (2)")
    assert (every.queues, every.notice_s, every.begins) == ((0, 1, 2), 120.0, "capacity taken away (all)")
    assert {some.ends, every.ends} == {"capacity given back"}
    assert {some.notice, every.notice} == {"no new work"}


def test_a_lost_replica_is_that_one() -> None:
    """Who names a replica loses that one, whatever its number."""
    assert incident(kind="spot_loss", target="small/2", replicas=1).queues == (2,)


def test_maintenance_is_announced_as_long_before_as_is_said() -> None:
    """15 seconds without new work, then down."""
    found = incident(kind="maintenance", target="small/2", notice="15s")
    assert (found.queues, found.notice_s, found.notice) == ((2,), 15.0, "no new work")
    assert found.gives_notice


def test_a_partition_cuts_every_way_from_users_in_one_region_to_targets_in_the_other() -> None:
    """Virginians to texan/0 and texan/1, Texans to small and frontier; nobody to his own phone."""
    found = incident(kind="partition", between=["us-texas", "us-virginia"], timeout="7s")
    regions = resolved().plan.workload.region_names
    ways = {(target, regions[code]) for target, code in found.ways}
    texans, virginians = {(0, "us-texas"), (1, "us-texas")}, {(2, "us-virginia"), (3, "us-virginia")}
    assert ways == texans | virginians
    assert len(found.ways) == 4
    assert (found.label, found.timeout_s) == ("us-texas and us-virginia", 7.0)
    assert (found.begins, found.ends) == ("cut off", "connected again")
    assert incident(kind="partition", between=["us-texas", "us-virginia"]).timeout_s == 5.0


def test_what_would_begin_at_the_end_does_not_happen_and_is_warned_of() -> None:
    """A run of 3 minutes sees what begins at 179 s, and nothing that begins at 180 s."""
    faults = [{"kind": "outage", "target": "small", "at": at, "duration": "5s"} for at in ("180s", "179s")]
    found = resolved(*faults)
    assert [one.at_s for one in found.plan.incidents] == [179.0]
    told = "faults.0 (outage) would begin after the run's duration; it does not happen"
    assert found.warnings.count(told) == 1
    assert not any("faults.1" in text for text in found.warnings)


RANDOM = {"kind": "random_outage", "mtbf": "40s", "mttr": "10s"}


def test_every_replica_fails_by_itself() -> None:
    """Three replicas have outages at instants of their own; one that is named has the same as among all."""
    every = resolved({**RANDOM, "target": "small"}).plan.incidents
    by_queue = {queue: [one for one in every if one.queues == (queue,)] for queue in range(3)}
    assert sum(map(len, by_queue.values())) == len(every)
    instants = [tuple(one.at_s for one in found) for found in by_queue.values()]
    assert len(set(instants)) == 3
    assert {one.label for one in every} == {"small/0", "small/1", "small/2"}
    alone = resolved({**RANDOM, "target": "small/1"}).plan.incidents
    assert alone == tuple(by_queue[1])
    assert all(0.0 < one.at_s < 180.0 for one in every)
    assert {(one.begins, one.ends, one.notice_s) for one in every} == {("down", "up again", 0.0)}


def test_two_random_outages_of_one_target_draw_apart_and_others_do_not_move_them() -> None:
    """The second of one target is another; those of other targets before it change nothing."""
    first, second = {**RANDOM, "target": "small/1"}, {**RANDOM, "target": "frontier"}
    alone = [one.at_s for one in resolved(first).plan.incidents]
    both = [one.at_s for one in resolved(first, first).plan.incidents]
    beside = [one.at_s for one in resolved(second, first).plan.incidents if one.queues == (1,)]
    assert both[: len(alone)] == alone == beside
    assert not set(both[len(alone) :]) & set(alone)
