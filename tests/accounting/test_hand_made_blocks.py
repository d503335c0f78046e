"""The report's blocks over a run of four requests and five attempts, worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hand_made_attempts import CANCELLED, DONE, FAILED, NAN, attempts
from simulator.accounting.agent_tasks import agent_tasks
from simulator.accounting.costs import AttemptCosts, CapacityCosts, RunCosts
from simulator.accounting.month import Month
from simulator.accounting.outcomes import Outcomes
from simulator.accounting.run import RunAccounts, RunSelection
from simulator.accounting.settlement import cohort_of
from simulator.kernel.codes import Reason
from simulator.report.blocks import agent_tasks as tasks_block
from simulator.report.blocks import cost, counts, drain, energy, latency, quality, rows
from simulator.report.figures import plain
from simulator.report.run import decision_counts, utilizations
from simulator.world.journal import RequestState

MONTH_S = 30.4375 * 86_400.0
COMPLETED, TIMED_OUT, UNFINISHED_REQUEST, REJECTED = (
    RequestState.COMPLETED,
    RequestState.TIMED_OUT,
    RequestState.UNFINISHED,
    RequestState.REJECTED,
)


def books(scale: float = 1.0, **changes: list[float]) -> AttemptCosts:
    """Books of five attempts: amounts 1, 2, 4, 8, 16 of each kind, times the kind's own power of ten."""
    amounts = np.array([1.0, 2.0, 4.0, 8.0, 16.0]) * scale
    kinds = ("api_usd", "capacity_usd", "energy_usd", "egress_usd", "facility_wh", "estimate_wh")
    given = {name: amounts * 10.0**place for place, name in enumerate((*kinds, "emissions_gco2e"))}
    given |= {name: np.array(values) for name, values in changes.items()}
    return AttemptCosts(
        **given,
        user_side=np.array([False, False, False, False, True]),
        wasted_ratio=np.array([0.0, 0.5, 1.0, 1.0, 0.25]),
    )


def capacity() -> CapacityCosts:
    """Three targets; the third holds nothing."""
    return CapacityCosts(
        held_s=np.array([100.0, 50.0, 0.0]),
        busy_s=np.array([25.0, 20.0, 7.0]),
        idle_s=np.array([75.0, 30.0, 0.0]),
        idle_usd=np.array([3.0, 5.0, 0.0]),
        idle_energy_usd=np.array([0.25, 0.5, 0.0]),
        idle_wh=np.array([1_000.0, 3_000.0, 0.0]),
        idle_gco2e=np.array([11.0, 13.0, 0.0]),
        embodied_gco2e=np.array([17.0, 19.0, 0.0]),
    )


def outcomes() -> Outcomes:
    """Requests 0, 1, 2 and 5: answered rightly, answered wrongly, timed out, still under way."""
    columns = {
        "request": np.array([0, 1, 2, 5]),
        "state": np.array([COMPLETED, COMPLETED, TIMED_OUT, UNFINISHED_REQUEST], np.int8),
        "winner": np.array([0, 4, -1, -1]),
        "target": np.array([0, 2, -1, -1], np.int32),
        "arrival_s": np.array([5.0, 10.0, 20.0, 30.0]),
        "final_s": np.array([8.0, 16.0, 25.0, NAN]),
        "correct": np.array([True, False, False, False]),
        "oracle_correct": np.array([True, True, True, False]),
        "judged": np.ones(4, np.bool_),
        "oracle_judged": np.ones(4, np.bool_),
        "attempt_count": np.array([1, 2, 1, 1], np.int32),
        "reasoning_tokens": np.array([3, 4, 0, 0], np.int32),
        "slo_met": np.array([True, True, False, False]),
    }
    times = ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s")
    seconds = np.array([3.0, 6.0, 99.0, 99.0])
    return Outcomes(**columns, **{name: seconds * (place + 1) for place, name in enumerate(times)})


def made() -> RunAccounts:
    """A window of 50 s, two streams of which the second has three times the traffic in a month."""
    made_for = attempts(
        request=[0, 1, 2, 5, 1],
        target=[0, 1, 1, 0, 2],
        kind=[0, 0, 1, 0, 3],
        ending=[DONE, FAILED, CANCELLED, CANCELLED, DONE],
        reason=[0, Reason.OUTAGE, 0, 0, 0],
        prompt=[100, 200, 300, 400, 500],
        cached=[10, 20, 30, 40, 50],
        cache_written=[1, 2, 3, 4, 5],
        output=[7, 8, 9, 10, 11],
        finish_s=[8.0, 12.0, 25.0, 70.0, 15.0],
    )
    return RunAccounts(
        attempts=made_for,
        outcomes=outcomes(),
        processed=np.array([True, False, True, True, True]),
        spans=None,
        books=RunCosts(whole=books(), counted=books(), drain=books(0.5)),
        capacity=capacity(),
        terms=[
            SimpleNamespace(deployment=name, held=held)
            for name, held in (("a", True), ("a", True), ("b", False))
        ],
        routing_usd=np.array([0.1, 0.2, 0.4, 0.8]),
        water_l_per_kwh=np.array([2.0, 4.0, 8.0]),
        water_site_l_per_kwh=np.array([0.5, 1.0, 2.0]),
        window_s=50.0,
        month=Month(factor_of_request=np.array([1.0, 3.0, 1.0, 9.0, 9.0, 3.0]), basis="as it is"),
    )


def of(block, *given: Any) -> dict[str, Any]:
    """A block as plain data."""
    return plain(block(*given))


def part(
    attempt: str = "11111", request: str = "1111", target: str = "111", routing: str = "1111"
) -> RunSelection:
    """A selection by ones and zeros; all of everything unless said otherwise."""
    masks = [np.array([mark == "1" for mark in marks]) for marks in (attempt, request, target, routing)]
    return RunSelection(
        attempts=masks[0], work=masks[0], requests=masks[1], targets=masks[2], routing=masks[3]
    )


def test_costs_are_the_sum_of_their_kinds() -> None:
    """31 of each kind's unit, 8 and 0.75 idle, 1.5 of routing."""
    found = of(cost.cost_block, made(), part())
    kinds = {"api": 31.0, "capacity_used": 310.0, "capacity_idle": 8.0, "energy": 3_100.75}
    kinds |= {"egress": 31_000.0, "routing": 1.5}
    assert {name: found[name] for name in kinds} == pytest.approx(kinds)
    assert found["total"] == pytest.approx(sum(kinds.values()))


def test_waste_is_losers_calls_and_the_wasted_share_of_machines() -> None:
    """Fees and egress of attempts 1, 2 and 3, and 0.5 x 2 + 4 + 8 + 0.25 x 16 of used capacity and energy."""
    lost = 2.0 + 4.0 + 8.0
    shares = 0.5 * 2.0 + 4.0 + 8.0 + 0.25 * 16.0
    expected = lost * 1_001.0 + shares * 110.0
    assert of(cost.cost_block, made(), part())["wasted"] == pytest.approx(expected)
    assert of(cost.cost_block, made(), part("10001"))["wasted"] == pytest.approx(4.0 * 110.0)


def test_unit_costs_divide_by_what_was_asked_right_or_processed() -> None:
    """All USD over 4 requests, 1 right answer and 1,337 tokens, the failed attempt's left out."""
    found = of(cost.cost_block, made(), part())
    tokens = 100 + 300 + 400 + 500 + 7 + 9 + 10 + 11
    assert found["per_request"] == found["total"] / 4.0
    assert found["per_correct"] == found["total"]
    assert found["per_mtok"] == pytest.approx(found["total"] * 1e6 / tokens)
    assert found["per_month_basis"] == "as it is"
    nobody = of(cost.cost_block, made(), part("01000", "0000", "000", "0000"))
    assert [nobody[name] for name in ("per_request", "per_correct", "per_mtok")] == [None, None, None]


def test_a_month_has_its_hours_of_machines_and_its_traffic_of_calls() -> None:
    """Used and idle capacity and idle electricity as they are, calls and routing by their stream's factor."""
    factor = np.array([1.0, 3.0, 1.0, 3.0, 3.0])
    amounts = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    going = float((amounts * factor).sum()) * (1.0 + 100.0 + 1_000.0)
    deciding = 0.1 + 0.2 * 3.0 + 0.4 + 0.8 * 3.0
    expected = (310.0 + 8.75 + going + deciding) / 50.0 * MONTH_S
    assert cost.monthly_usd(made(), part()) == pytest.approx(expected, rel=1e-12)
    some = cost.monthly_usd(made(), part("00100", "0010", "010", "0010"))
    assert some == pytest.approx((40.0 + 5.5 + 4.0 * 1_101.0 + 0.4) / 50.0 * MONTH_S, rel=1e-12)


def test_energy_and_grams_of_users_own_devices_stand_apart() -> None:
    """Attempt 4 ran on one; idle energy and grams are those of the selected targets."""
    found = of(energy.energy_block, made(), part())
    assert found == pytest.approx(
        {
            "total": 15.0 * 1e4 + 4_000.0 + 15.0 * 1e5,
            "active": 15.0 * 1e4,
            "idle": 4_000.0,
            "api_estimate": 15.0 * 1e5,
            "user_side": 16.0 * 1e4,
            "per_request": (15.0 * 1e4 + 4_000.0 + 15.0 * 1e5) / 4.0,
        }
    )
    grams = of(energy.emissions_block, made(), part(target="100"))
    assert grams == pytest.approx(
        {
            "total": 15.0 * 1e6 + 11.0,
            "embodied": 17.0,
            "user_side": 16.0 * 1e6,
            "per_request": (15.0 * 1e6 + 11.0) / 4.0,
        }
    )


def test_water_is_by_the_kilowatt_hour_of_each_place() -> None:
    """Attempts 0 and 3 at 2 l, 1 and 2 at 4 l, the device's not; idle 1 kWh at 2 l and 3 kWh at 4 l."""
    drawn_kwh = {"first": 9.0 * 110.0, "second": 6.0 * 110.0}
    total = drawn_kwh["first"] * 2.0 + drawn_kwh["second"] * 4.0 + 1.0 * 2.0 + 3.0 * 4.0
    found = of(energy.water_block, made(), part())
    assert found == pytest.approx({"total": total, "site": total / 4.0, "source": total * 0.75})


def test_the_drain_is_what_machines_took_after_the_window() -> None:
    """Half of everything but calls; the last attempt is over 20 s after 50 s, and in time for 71 s."""
    found = of(drain.drain_block, made(), 50.0)
    assert found["seconds"] == 20.0
    assert found["cost_usd"] == pytest.approx({"total": 1_705.0, "capacity_used": 155.0, "energy": 1_550.0})
    assert found["energy_wh"] == pytest.approx(155_000.0)
    assert found["emissions_gco2e"] == pytest.approx(15.5e6)
    assert found["water_l"] == pytest.approx((9.0 * 2.0 + 6.0 * 4.0) * 55.0)
    assert of(drain.drain_block, made(), 71.0)["seconds"] == 0.0


def test_tokens_are_those_of_attempts_that_processed_them() -> None:
    """The failed attempt's are not; reasoning is the winners'."""
    assert of(counts.token_counts, made(), part()) == {
        "input": 1_300,
        "cached_input": 130,
        "cache_write": 13,
        "output": 37,
        "reasoning_output": 7,
    }
    assert of(counts.token_counts, made(), part("01100", "0100"))["input"] == 300


def test_times_are_those_of_answers() -> None:
    """3 and 6 s to the first token, twice and three times as long for the next; others do not count."""
    found = of(latency.latency_block, made(), part())
    means = [found[name]["mean"] for name in ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s")]
    assert means == [4.5, 9.0, 13.5, 18.0, 22.5]
    assert list(of(latency.row_latency, made(), part(request="1000"))) == ["ttft_s", "e2e_s"]
    assert of(latency.latency_block, made(), part(request="0010"))["e2e_s"]["mean"] is None


def test_levels_are_shares_of_all_that_arrived() -> None:
    """2 of 4 completed and in time, 1 of 4 right where 3 could be; 2 in 50 s are 0.04 per second."""
    assert quality.completion_ratio(made(), part()) == 0.5
    assert of(quality.slo_block, made(), part()) == {"attainment_ratio": 0.5, "goodput_per_s": 0.04}
    shares = {"success_ratio": 0.25, "oracle_success_ratio": 0.75}
    assert of(quality.quality_block, made(), part()) == shares


def test_a_row_is_of_one_replication_and_has_the_blocks_of_its_part() -> None:
    """How many replications have a row is a sum over reports of one each."""
    found = of(rows.row_block, made(), part("10000", "1000", "100", "1000"))
    assert found["replications"] == 1
    assert found["attempts"] == {"total": 1}
    assert found["requests"]["arrived"] == found["cost_usd"]["total"] / found["cost_usd"]["per_request"] == 1
    assert list(found["latency"]) == ["ttft_s", "e2e_s"]
    assert found["utilization"] == 0.25


def test_requests_are_counted_by_the_state_they_ended_in() -> None:
    """Every state has a count, be it 0."""
    assert of(counts.request_counts, made(), part()) == {
        "arrived": 4,
        "completed": 2,
        "rejected": 0,
        "timed_out": 1,
        "failed": 0,
        "unfinished": 1,
    }


def test_attempts_are_counted_by_why_and_how_they_ended() -> None:
    """One of each kind that is there; clients of attempts 2 and 0 hung up, and 0 had completed."""
    found = of(counts.attempt_counts, made(), part(), [2, 0])
    failures = found.pop("failures")
    kinds = ("total", "retries", "fallbacks", "escalations", "hedges", "cancelled")
    assert [found[name] for name in kinds] == [5, 1, 0, 1, 0, 2]
    assert {name: count for name, count in failures.items() if count} == {"outage": 1, "timeout": 1}
    assert of(counts.attempt_counts, made(), part("10111"), [])["failures"]["outage"] == 0


def test_reasons_are_counted_from_the_most_often_given_on() -> None:
    """Of equal counts the first known stands first, of however many; what was not decided has no reason."""
    names = [f"r{number:02}" for number in range(60)]
    codes = [*range(59), -1, 40, 40, 7]
    made_for = SimpleNamespace(
        run=SimpleNamespace(outcomes=SimpleNamespace(request=np.arange(len(codes)))),
        cohort=SimpleNamespace(requests=np.ones(len(codes), np.bool_)),
        journal=SimpleNamespace(reason=np.array(codes), reason_names=lambda: names),
    )
    found = decision_counts(made_for)
    rest = [name for name in names[:59] if name not in ("r40", "r07")]
    assert list(found.items()) == [("r40", 3), ("r07", 2), *((name, 1) for name in rest)]


def test_utilization_is_busy_over_held_time() -> None:
    """45 of 150 queue-seconds; what holds nothing has none."""
    run = made()
    assert rows.utilization(run, np.array([True, True, True])) == pytest.approx(0.3)
    assert rows.utilization(run, np.array([False, False, True])) is None
    assert utilizations(run) == {"overall": pytest.approx(0.3), "a": pytest.approx(0.3), "b": None}


def test_the_report_is_about_requests_from_the_end_of_the_warm_up_on() -> None:
    """A request that arrives at 10 s sharp is in it; all work and all targets are."""
    arrived = np.array([False, True, True, True, True])
    found = cohort_of(SimpleNamespace(warmup_s=10.0), arrived, made())
    assert found.requests.tolist() == found.routing.tolist() == [False, True, True, True]
    assert found.attempts.tolist() == arrived.tolist()
    assert found.work.all()
    assert found.targets.tolist() == [True, True, True]


def chains() -> SimpleNamespace:
    """Two agents' tasks and a plain request: 1 is calls 0 and 1, of which the last is wrong, 2 is call 2."""
    workload = SimpleNamespace(
        stream_code=np.array([0, 0, 1, 9, 9, 2]),
        session=np.array([1, 1, 2, -1, -1, 3]),
        turn=np.array([0, 1, 0, 0, 0, 0]),
        next_request=np.array([1, -1, 3, -1, -1, -1]),
        stream_names=("last", "all", "plain"),
    )
    rules = (SimpleNamespace(every_call=False), SimpleNamespace(every_call=True), None, *[None] * 7)
    return SimpleNamespace(workload=workload, task_rules=rules)


def test_tasks_are_chains_of_calls() -> None:
    """Task 1 is completed 11 s after its first call, not right in its last; 2 timed out and has failed."""
    run, everybody = made(), np.ones(4, np.bool_)
    found = agent_tasks(chains(), run, everybody)
    amounts = np.array([1.0, 2.0, 4.0, 8.0, 16.0]) * 1_111.0
    assert found.task.tolist() == [1, 2]
    assert found.call_count.tolist() == [2, 1]
    assert found.completed.tolist() == [True, False]
    assert found.failed.tolist() == [False, True]
    assert found.succeeded.tolist() == [False, False]
    assert found.latency_s[0] == 11.0
    assert np.isnan(found.latency_s[1])
    assert found.cost_usd == pytest.approx([amounts[[0, 1, 4]].sum() + 0.1 + 0.2, amounts[2] + 0.4])
    assert found.energy_wh == pytest.approx([3.0 * 110_000.0, 4.0 * 110_000.0])
    assert agent_tasks(chains(), run, np.array([False, True, True, True])).task.tolist() == [2]


@pytest.mark.parametrize(
    ("right", "every_call", "succeeded"),
    [
        ([True, True], True, True),
        ([False, True], True, False),
        ([True, False], True, False),
        ([False, True], False, True),
        ([True, False], False, False),
    ],
)
def test_a_task_succeeds_by_its_streams_rule(right: list[bool], *, every_call: bool, succeeded: bool) -> None:
    """Its last call is right, or every call."""
    run, plan = made(), chains()
    run.outcomes.correct[:2] = right
    plan.task_rules[0].every_call = every_call
    assert agent_tasks(plan, run, np.ones(4, np.bool_)).succeeded.tolist() == [succeeded, False]


def test_figures_of_tasks_are_per_task_and_per_success() -> None:
    """Two tasks of 3 calls, one of them completed and right; without any there is nothing to divide by."""
    run = made()
    run.outcomes.correct[:2] = True
    tasks = agent_tasks(chains(), run, np.ones(4, np.bool_))
    usd, wh = float(tasks.cost_usd.sum()), float(tasks.energy_wh.sum())
    found = {name: plain(value) for name, value in tasks_block.figures(tasks, np.ones(2, np.bool_)).items()}
    assert [found[name] for name in ("arrived", "completed", "failed", "unfinished")] == [2, 1, 1, 0]
    assert found["success_ratio"] == 0.5
    assert found["calls"] == {"mean": 1.5, "max": 2}
    assert found["latency_s"]["mean"] == 11.0
    assert found["cost_usd"] == pytest.approx({"total": usd, "per_task": usd / 2.0, "per_success": usd})
    assert found["energy_wh"] == pytest.approx({"total": wh, "per_task": wh / 2.0})
    none = tasks_block.figures(tasks, np.zeros(2, np.bool_))
    assert (plain(none["calls"]), none["success_ratio"]) == ({"mean": None, "max": 0}, None)
