"""Black Friday, the day on which everything happens: all of it is told, kept by the laws, and repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from run_laws import assert_laws
from simulator import RunResult, Scenario, load_scenario, simulate
from simulator.settings.faults import Maintenance, RandomOutage, SpotLoss
from wayfare.render.html.data import event_lines

THIN = (
    "workload.streams.shop-assistant.arrivals.rate=0.06/s",
    "workload.streams.order-mails.arrivals.rate=0.03/s",
    "workload.streams.shop-agents.arrivals.rate=0.002/s",
)
"""A fifteenth of the day's traffic; the events are the same."""
KINDS = {
    "outage", "brown_out", "error_rate", "rate_limit_storm", "partition", "slow_replica", "random_outage",
    "spot_loss", "maintenance",
}  # fmt: skip


@pytest.fixture(scope="module")
def day() -> Scenario:
    """The whole day with little traffic."""
    return load_scenario("black-friday", overrides=THIN)


@pytest.fixture(scope="module")
def result(day: Scenario) -> RunResult:
    """A run of it."""
    return simulate(day)


def announced(scenario: Scenario) -> set[tuple[float, str]]:
    """When the faults that have their time give notice, begin and end, and of what kind."""
    found: set[tuple[float, str]] = set()
    for fault in scenario.faults:
        if not isinstance(fault, RandomOutage):
            notice_s = fault.notice if isinstance(fault, SpotLoss | Maintenance) else 0.0
            times_s = {fault.at, fault.at + notice_s, fault.at + notice_s + fault.duration}
            found |= {(at_s, fault.kind) for at_s in times_s}
    return found


def test_the_day_has_a_fault_of_every_kind(day: Scenario) -> None:
    """Nothing that can be said in a scenario is left out."""
    assert {fault.kind for fault in day.faults} == KINDS


def test_every_event_stands_in_the_timeline(day: Scenario, result: RunResult) -> None:
    """Faults with their time are told at their instants, random ones and scalings as they came."""
    events = result.report.plain["timeline"]["events"]
    assert [event["t_s"] for event in events] == sorted(event["t_s"] for event in events)
    told = {(event["t_s"], event["kind"]) for event in events}
    assert announced(day) <= told
    drawn = [entry for entry in result.settlement.plan.incidents if entry.kind == "random_outage"]
    starts = {(entry.at_s, entry.kind) for entry in drawn}
    assert len(starts) > 1
    assert starts <= told
    assert sum(event["kind"] == "autoscaling" for event in events) > 10


def test_every_fault_stands_on_the_page(day: Scenario, result: RunResult) -> None:
    """The page lists each fault in words, at its hour."""
    told = {(round(hour * 3_600.0, 3), text.partition(",")[0]) for hour, text in event_lines(result.report)}
    assert {(at_s, kind.replace("_", " ")) for at_s, kind in announced(day)} <= told


def test_every_fault_is_felt(result: RunResult) -> None:
    """Attempts fail by outage, error, cut and 429, and agents still bring tasks to an end."""
    failures = result.report.plain["attempts"]["failures"]
    for reason in ("outage", "server_error", "connection"):
        assert failures[reason] > 0, reason
    tasks = result.report.plain["tasks"]
    assert tasks["completed"] > 0.9 * tasks["arrived"] > 100
    assert result.report.plain["availability"]["assistant"] < 1.0


def test_the_day_keeps_the_laws(result: RunResult) -> None:
    """Requests, attempts, tasks, dollars and joules are conserved through all of it."""
    assert_laws(result)


def test_the_day_is_the_same_again(day: Scenario, result: RunResult) -> None:
    """The same seed gives the same bytes: report, attempts and requests."""
    again = simulate(day)
    assert again.report.digest == result.report.digest
    for name in ("attempts", "requests", "timeline"):
        other = getattr(again, name)
        for key, column in getattr(result, name).items():
            np.testing.assert_array_equal(column, other[key])


@pytest.mark.slow
def test_the_whole_day_at_its_own_rate_keeps_the_laws() -> None:
    """With all of its traffic, 429s included, the day keeps the laws."""
    whole = simulate(load_scenario("black-friday"))
    assert_laws(whole)
    assert whole.report.plain["attempts"]["failures"]["rate_limit"] > 0
