"""Faults of a scenario: what they do to requests, to money and to what the router sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator import InvalidScenarioError, simulate
from simulator.kernel.codes import Ending, Reason
from world_cases import FRONTIER, PHONE, SMALL, scenario, with_stream

if TYPE_CHECKING:
    from simulator.experiment.simulation import RunResult

STEADY = with_stream(arrivals={"pattern": "steady", "rate": 4.0, "process": "deterministic"})
ROUND = {"policy": "round_robin"}


def run(*faults: dict[str, object], **changes: object) -> RunResult:
    """A run of one self-hosted model under the faults."""
    return simulate(scenario(**{"fleet": [SMALL], "router": ROUND, "faults": faults, **STEADY, **changes}))


def events(result: RunResult) -> list[tuple[float, str]]:
    """The report's events: when, and what."""
    return [(event["t_s"], event["what"]) for event in result.report.plain["timeline"]["events"]]


def within(result: RunResult, from_s: float, to_s: float) -> np.ndarray:
    """Which attempts reached their target in a span."""
    ready_s = result.settlement.run.attempts.ready_s
    return (ready_s > from_s) & (ready_s < to_s)


def test_an_outage_fails_what_is_there_and_what_comes() -> None:
    """Everything between the two instants fails as an outage, and nothing that arrives after."""
    result = run({"kind": "outage", "target": "small", "at": "60s", "duration": "30s"})
    attempts = result.settlement.run.attempts
    assert events(result) == [(60.0, "down"), (90.0, "up again")]
    assert (attempts.reason[within(result, 60, 90)] == Reason.OUTAGE).all()
    assert (attempts.ending[attempts.ready_s > 90.0] == Ending.COMPLETED).all()
    assert result.report.plain["availability"] == {"small": pytest.approx(1.0 - 30.0 / 180.0)}


def test_records_and_report_name_failures_alike() -> None:
    """An outage and a rate limit have one name each: in the report, by attempt, and by request."""
    limited = {**FRONTIER, "api": {**FRONTIER["api"], "requests_per_min": 60}}
    result = run(
        {"kind": "outage", "target": "frontier", "at": "60s", "duration": "30s"},
        fleet=[limited],
        router={"policy": "static", "parameters": {"target": "frontier"}},
    )
    counted = result.report.plain["attempts"]["failures"]
    named = {name: (result.attempts["failure_reason"] == name).sum() for name in counted}
    ended = {name: (result.requests["failure"] == name).sum() for name in counted}
    assert {name for name, number in counted.items() if number} == {"outage", "rate_limit"}
    assert named == ended == counted


def test_an_outage_spares_what_is_elsewhere() -> None:
    """A provider's outage strikes its API alone; the region's strikes both, but no phone."""
    fleet = [SMALL, FRONTIER, PHONE]
    struck = {}
    for target in ({"provider": "openai"}, {"region": "us-virginia"}):
        result = run({"kind": "outage", "target": target, "at": "60s", "duration": "30s"}, fleet=fleet)
        attempts = result.settlement.run.attempts
        struck[next(iter(target))] = set(attempts.target[attempts.reason == Reason.OUTAGE].tolist())
    assert struck == {"provider": {1}, "region": {0, 1}}


def test_one_replica_of_many_fails_alone() -> None:
    """The others take its work; the requests it held are the only ones that fail."""
    fleet = [{**SMALL, "replicas": 3}]
    result = run({"kind": "outage", "target": "small/1", "at": "60s", "duration": "60s"}, fleet=fleet)
    attempts = result.settlement.run.attempts
    assert set(attempts.queue[within(result, 60, 120)].tolist()) == {0, 2}
    failed = attempts.ending == Ending.FAILED
    assert (attempts.queue[failed] == 1).all()
    assert (attempts.ready_s[failed] < 60.0).all()


def test_a_dead_target_looks_idle_to_the_router() -> None:
    """Nobody tells the router of an outage: without cooldown the failing target draws the traffic."""
    fleet = [{**SMALL, "name": name} for name in ("one", "two")]
    outage = {"kind": "outage", "target": "one", "at": "60s", "duration": "60s"}
    blind = run(outage, fleet=fleet, router={"policy": "least_outstanding"})
    resilience = {"allowed_fails": 1, "cooldown": "20s"}
    aware = run(outage, fleet=fleet, router={"policy": "least_outstanding", "resilience": resilience})
    lost = [result.report.figure("requests.failed") for result in (blind, aware)]
    assert lost[0] > 150
    assert 0 < lost[1] < 20


def test_slow_work_takes_longer_while_it_is_slow() -> None:
    """Three times as long inside the window, as usual outside, and the added time draws idle power."""
    stream = with_stream(
        arrivals={"pattern": "steady", "rate": 0.5, "process": "deterministic"},
        input_tokens=100,
        output_tokens=50,
    )
    slow = {"kind": "slow_replica", "target": "small/0", "at": "60s", "duration": "60s", "factor": 3}
    result = run(slow, **stream)
    attempts = result.settlement.run.attempts
    inside = within(result, 60, 118)
    seconds = attempts.busy_s / attempts.output
    usual = np.median(seconds[~within(result, 55, 121)])
    assert np.median(seconds[inside]) == pytest.approx(3.0 * usual, rel=0.02)
    joules = attempts.energy_j / attempts.output
    more = np.median(joules[inside]) - np.median(joules[~within(result, 55, 121)])
    terms = result.settlement.run.terms[0]
    assert more == pytest.approx(2.0 * usual * terms.idle_w, rel=0.02)


def test_a_brown_out_slows_calls_and_fails_some() -> None:
    """An API answers half as fast, and the stated share of its calls fails."""
    fault = {"kind": "brown_out", "target": "frontier", "at": "60s", "duration": "60s", "factor": 2}
    fleet = [{**FRONTIER, "api": {**FRONTIER["api"], "ttft": "500ms", "output_tokens_per_s": 50}}]
    result = run({**fault, "failure_ratio": 0.5}, fleet=fleet)
    attempts = result.settlement.run.attempts
    first_s = attempts.first_s - attempts.admitted_s
    done = attempts.ending == Ending.COMPLETED
    inside = within(result, 60, 120)
    np.testing.assert_allclose(first_s[inside & done], 1.0)
    np.testing.assert_allclose(first_s[~inside & done], 0.5)
    assert (attempts.reason[inside & ~done] == Reason.SERVER_ERROR).all()
    assert np.mean(~done[inside]) == pytest.approx(0.5, abs=0.1)


def test_a_storm_of_429_shrinks_the_limits_and_ends() -> None:
    """Within the window calls beyond the shrunken limit are refused, after it none are."""
    fleet = [{**FRONTIER, "api": {**FRONTIER["api"], "requests_per_min": 600}}]
    storm = {"kind": "rate_limit_storm", "target": "frontier", "at": "60s", "duration": "30s", "factor": 0.1}
    result = run(storm, fleet=fleet)
    limited = result.settlement.run.attempts.reason == Reason.RATE_LIMIT
    assert 20 < limited[within(result, 60, 90)].sum() < 80
    assert not limited[~within(result, 60, 90)].any()


def test_a_partition_fails_requests_after_the_timeout_and_is_not_held_against_the_target() -> None:
    """Between the regions nothing gets through; the same target still answers its own region."""
    home = {**SMALL, "region": "us-texas"}
    cut = {"kind": "partition", "between": ["us-virginia", "us-texas"], "at": "60s", "duration": "30s"}
    result = run({**cut, "timeout": "4s"}, fleet=[home])
    attempts = result.settlement.run.attempts
    sent = (attempts.submitted_s >= 60.0) & (attempts.submitted_s < 90.0)
    assert (attempts.reason[sent] == Reason.CONNECTION).all()
    np.testing.assert_allclose((attempts.finish_s - attempts.submitted_s)[sent], 4.0)
    assert (attempts.ending[~sent] == Ending.COMPLETED).all()
    assert result.report.plain["availability"] == {"small": 1.0}


def test_a_lost_spot_replica_finishes_within_its_notice_and_is_not_paid_for() -> None:
    """No new work from the notice on; from the loss to the return nobody pays."""
    fleet = [{**SMALL, "replicas": 2}]
    loss = {"kind": "spot_loss", "target": "small", "replicas": 1, "at": "40s", "notice": "20s"}
    result = run({**loss, "duration": "60s"}, fleet=fleet)
    attempts = result.settlement.run.attempts
    assert set(attempts.queue[within(result, 40, 120)].tolist()) == {1}
    assert result.report.figure("requests.failed") == 0
    held_s = result.settlement.run.capacity.held_s
    assert held_s.tolist() == pytest.approx([2 * 180.0 - 60.0])
    capacity = result.settlement.run.capacity
    rate = result.settlement.run.terms[0].capacity_usd_per_s
    np.testing.assert_allclose(capacity.idle_usd, (held_s - capacity.busy_s) * rate)


def test_maintenance_lets_work_finish_and_is_paid_for() -> None:
    """A drained replica loses nothing it had; its hours cost on."""
    work = {"kind": "maintenance", "target": "small", "at": "60s", "notice": "30s", "duration": "30s"}
    result = run(work)
    attempts = result.settlement.run.attempts
    assert (attempts.ending[attempts.ready_s < 60.0] == Ending.COMPLETED).all()
    assert (attempts.reason[within(result, 60, 120)] == Reason.OUTAGE).all()
    assert result.settlement.run.capacity.held_s.tolist() == [180.0]
    assert [what for _t_s, what in events(result)] == ["no new work", "down", "up again"]


def test_random_outages_come_as_often_and_last_as_long_as_said() -> None:
    """Over many replicas the mean share of time down is mttr / (mtbf + mttr)."""
    fault = {"kind": "random_outage", "target": "small", "mtbf": "20s", "mttr": "5s"}
    result = run(fault, fleet=[{**SMALL, "replicas": 200}])
    assert result.report.plain["availability"]["small"] == pytest.approx(0.8, abs=0.02)


def test_every_policy_meets_the_same_faults() -> None:
    """Random outages are drawn by replica and number, whatever the policy does; seeds change them."""
    fault = {"kind": "random_outage", "target": "small", "mtbf": "20s", "mttr": "5s"}
    world = scenario(faults=[fault, fault])
    one, other = (simulate(world, name).report.plain["timeline"] for name in ("cascade", "random_mix"))
    assert one == other
    assert one["events"]
    assert simulate(scenario(faults=[fault, fault], seed=6)).report.plain["timeline"] != one


def test_overlapping_faults_end_with_the_last_of_them() -> None:
    """Two outages of one target are one longer outage; it is up when both are over."""
    first = {"kind": "outage", "target": "small", "at": "30s", "duration": "60s"}
    second = {"kind": "outage", "target": "small", "at": "60s", "duration": "60s"}
    result = run(first, second)
    assert result.report.plain["availability"] == {"small": pytest.approx(0.5)}
    late = result.settlement.run.attempts.ready_s > 120.0
    assert (result.settlement.run.attempts.ending[late] == Ending.COMPLETED).all()


def test_without_faults_nothing_is_told() -> None:
    """No events, everything up."""
    fields = run().report.plain
    assert fields["timeline"] == {"events": []}
    assert fields["availability"] == {"small": 1.0}


def test_faults_that_mean_nothing_are_refused_together() -> None:
    """Unknown places, faults after the end and faults a place cannot have are all listed."""
    faults = [
        {"kind": "outage", "target": "smal", "at": "1s", "duration": "1s"},
        {"kind": "outage", "target": {"provider": "nobody"}, "at": 0, "duration": "1s"},
        {"kind": "partition", "between": ["us-virginia", "mars"], "at": 0, "duration": "1s"},
        {"kind": "spot_loss", "target": "frontier", "at": 0, "duration": "1s"},
        {"kind": "spot_loss", "target": "small", "at": 0, "duration": "1s", "replicas": 2},
        {"kind": "outage", "target": "small/1", "at": 0, "duration": "1s"},
        {"kind": "error_rate", "target": "small/0", "at": 0, "duration": "1s", "failure_ratio": 0.5},
        {"kind": "rate_limit_storm", "target": "small", "at": 0, "duration": "1s", "factor": 0.5},
    ]
    with pytest.raises(InvalidScenarioError) as error:
        scenario(faults=faults)
    told = str(error.value)
    for number in range(len(faults)):
        assert f"faults.{number}." in told
    for text in ("'small', 'frontier'", "'openai'", "'mars'", "small/0 to small/0", "rate limits"):
        assert text in told


def test_an_unknown_kind_of_fault_lists_those_there_are() -> None:
    """The message names the kinds."""
    with pytest.raises(
        InvalidScenarioError, match=r"faults.0: unknown kind 'outag'; did you mean 'outage'\? known: "
    ):
        scenario(faults=[{"kind": "outag", "target": "small"}])


def test_a_fault_after_the_end_is_warned_of() -> None:
    """A run cut short says which faults it never sees."""
    result = run({"kind": "outage", "target": "small", "at": "1h", "duration": "1s"})
    assert events(result) == []
    assert any("faults.0 (outage)" in text for text in result.report.plain["warnings"])
