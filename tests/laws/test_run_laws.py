"""Laws of whole runs: nothing is lost, nothing is counted twice, and chance is shared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import world_cases
from simulator import Scenario, load_scenario, shipped_scenarios, simulate
from simulator.kernel.codes import Ending
from simulator.world.journal import RequestState
from world_cases import scenario, worlds

if TYPE_CHECKING:
    from simulator.experiment.simulation import RunResult

FEW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
STATES = ("completed", "rejected", "timed_out", "failed", "unfinished")
ADDITIVE = (
    ("requests", ("arrived", *STATES)),
    ("tokens", ("input", "output")),
    ("cost_usd", ("total", "api", "capacity_used", "capacity_idle", "energy", "egress", "routing", "wasted")),
    ("energy_wh", ("total", "active", "idle", "api_estimate", "user_side")),
    ("emissions_gco2e", ("total", "user_side", "embodied")),
)


def close(a: float, b: float) -> bool:
    """Whether two sums of the same things agree."""
    return a == pytest.approx(b, rel=1e-9, abs=1e-12)


def assert_requests_conserved(result: RunResult) -> None:
    """Every request that arrived ended in exactly one state."""
    counts = result.report.fields["requests"]
    assert counts["arrived"] == sum(counts[state] for state in STATES)
    outcomes = result.settlement.run.outcomes
    assert not (outcomes.state == RequestState.PENDING).any()
    assert len(np.unique(outcomes.request)) == len(outcomes.request)


def assert_attempts_conserved(result: RunResult) -> None:
    """Every attempt stands in the ledger once, with an ending, and a request of its own."""
    attempts, journal = result.settlement.run.attempts, result.settlement.journal
    assert len(attempts) == len(journal.attempt_kinds)
    assert set(np.unique(attempts.ending)) <= {int(ending) for ending in Ending}
    assert not np.isnan(journal.arrival_s[attempts.request]).any()
    won = np.bincount(attempts.request[attempts.won], minlength=len(journal.state))
    assert won.max(initial=0) <= 1


def assert_answers_delivered(result: RunResult) -> None:
    """A completed request has the tokens of its model's answer; times do not run backwards."""
    run, plan = result.settlement.run, result.settlement.plan
    done = run.outcomes.completed
    rows = run.outcomes.winner[done]
    models = np.array([target.model for target in plan.target_plans])[run.outcomes.target[done]]
    asked = plan.answers.output_token_count[models, run.outcomes.request[done]]
    np.testing.assert_array_equal(run.attempts.output[rows], asked)
    assert (run.outcomes.ttft_s[done] >= 0).all()
    assert (run.outcomes.e2e_s[done] >= run.outcomes.ttft_s[done] - 1e-9).all()
    assert (run.outcomes.queue_s[done] >= -1e-12).all()


def assert_money_adds_up(result: RunResult) -> None:
    """The kinds sum to the total; the attempts, idle capacity and routing sum to it as well."""
    cost = result.report.fields["cost_usd"]
    kinds = ("api", "capacity_used", "capacity_idle", "energy", "egress", "routing")
    assert close(cost["total"], sum(cost[kind] for kind in kinds))
    run, cohort = result.settlement.run, result.settlement.cohort
    paid = run.books.cost_usd[cohort.attempts].sum() + run.routing_usd[cohort.routing].sum()
    idle = run.capacity.idle_usd.sum() + run.capacity.idle_energy_usd.sum()
    assert close(cost["total"], paid + idle)
    assert 0.0 <= cost["wasted"] <= cost["total"] + 1e-12


def assert_energy_adds_up(result: RunResult) -> None:
    """Joules of attempts are the joules of the batches, at the meter by PUE."""
    run = result.settlement.run
    pue = np.array([term.pue for term in run.terms])
    drawn = run.attempts.energy_j / 3600.0 * pue[run.attempts.target]
    assert close(run.books.facility_wh.sum(), drawn.sum())
    energy = result.report.fields["energy_wh"]
    assert close(energy["total"], energy["active"] + energy["idle"] + energy["api_estimate"])


def assert_breakdowns_add_up(result: RunResult) -> None:
    """Every breakdown sums to the whole, with what it cannot carry as `unallocated`."""
    for name, parts in result.report.fields["by"].items():
        for block, keys in ADDITIVE:
            for key in keys:
                total = sum(part[block][key] for part in parts.values())
                assert close(total, result.report.fields[block][key]), (name, block, key)


def assert_tasks_conserved(result: RunResult) -> None:
    """Every agent task that arrived ended in exactly one state; the streams add up to all of them."""
    tasks = result.report.fields["tasks"]
    for block in (tasks, *tasks["by_stream"].values()):
        assert block["arrived"] == block["completed"] + block["failed"] + block["unfinished"]
        assert 0 <= (block["success_ratio"] or 0) * block["arrived"] <= block["completed"] + 1e-9
    for key in ("arrived", "completed", "failed", "unfinished"):
        assert tasks[key] == sum(block[key] for block in tasks["by_stream"].values())
    for path, key in (("cost_usd", "total"), ("energy_wh", "total")):
        assert close(tasks[path][key], sum(block[path][key] for block in tasks["by_stream"].values()))


def assert_calls_paid(result: RunResult) -> None:
    """The cost of the tasks is the cost of the requests that are their calls."""
    requests, tasks = result.requests, result.report.fields["tasks"]
    opened = requests["arrival_s"] >= result.settlement.plan.warmup_s
    counted = requests["agent_task"][opened & (requests["call"] == 1)]
    mine = np.isin(requests["agent_task"], counted)
    assert close(tasks["cost_usd"]["total"], requests["cost_usd"][mine].sum())
    assert tasks["arrived"] == len(counted)


def assert_calls_in_order(result: RunResult) -> None:
    """A call arrives a tool's time after the one before it completed, with a longer prompt, or never."""
    requests, workload = result.requests, result.settlement.plan.workload
    order = np.lexsort((requests["call"], requests["agent_task"]))
    order = order[requests["agent_task"][order] >= 0]
    same = np.diff(requests["agent_task"][order]) == 0
    before, after = order[:-1][same], order[1:][same]
    assert (requests["call"][after] == requests["call"][before] + 1).all()
    assert (requests["state"][before] == "completed").all()
    tool_s = workload.think_s[requests["request"][after]]
    np.testing.assert_allclose(
        requests["arrival_s"][after], requests["final_s"][before] + tool_s, rtol=1e-9, atol=1e-9
    )
    assert (requests["input_token_count"][after] > requests["input_token_count"][before]).all()
    assert (requests["call"] <= requests["planned_call_count"]).all()


def assert_laws(result: RunResult) -> None:
    """All laws of a run."""
    assert_requests_conserved(result)
    assert_attempts_conserved(result)
    assert_answers_delivered(result)
    assert_money_adds_up(result)
    assert_energy_adds_up(result)
    assert_breakdowns_add_up(result)
    assert_tasks_conserved(result)
    assert_calls_paid(result)
    assert_calls_in_order(result)


@FEW
@given(world=worlds())
def test_every_world_keeps_the_laws(world: Scenario) -> None:
    """Requests, attempts, tokens, dollars and joules are conserved whatever happens."""
    result = simulate(world)
    assert_laws(result)


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_shipped_scenarios_keep_the_laws(name: str) -> None:
    """Each scenario that ships keeps the laws over a part of its day."""
    world = load_scenario(name, overrides=["duration=20min", "warmup=1min"])
    result = simulate(world)
    assert result.report.figure("requests.arrived") > 100
    assert_laws(result)


def test_used_and_idle_capacity_are_what_is_held() -> None:
    """Attributed plus idle dollars are the rent of the window when all work ends within it."""
    stream = {**world_cases.CHAT, "arrivals": {"pattern": "bursty", "rate": 2.0, "process": "on_off"}}
    world = scenario(duration="20min", workload={"streams": [stream]}, router={"policy": "always_cheapest"})
    result = simulate(world)
    attempts = result.settlement.run.attempts
    if attempts.finish_s.max() > world.duration_s:
        pytest.fail("the case must end within its window")
    term = result.settlement.run.terms[0]
    held = term.capacity_usd_per_s * world.duration_s
    cost = result.report.fields["by"]["deployment"]["small"]["cost_usd"]
    assert close(cost["capacity_used"] + cost["capacity_idle"], held)


def test_same_seed_gives_the_same_bytes() -> None:
    """Two runs of one scenario have the same report, ledger and timeline."""
    world = scenario()
    first, second = simulate(world), simulate(world)
    assert first.report.digest == second.report.digest
    for name, column in first.attempts.items():
        np.testing.assert_array_equal(column, second.attempts[name])
    for name, column in first.timeline.items():
        np.testing.assert_array_equal(column, second.timeline[name])


def test_other_seeds_and_replications_give_other_runs() -> None:
    """A seed or a replication changes the requests."""
    base = simulate(scenario()).report.digest
    assert simulate(scenario(seed=6)).report.digest != base
    assert simulate(scenario(), replication=1).report.digest != base


def test_policies_see_identical_requests_and_answers() -> None:
    """Arrivals, lengths, difficulties, scores and every model's answers do not depend on the policy."""
    world = scenario()
    plans = [simulate(world, name).settlement.plan for name in ("cascade", "always_strongest")]
    one, other = plans
    for name in ("arrival_s", "input_token_count", "output_token_count", "difficulty", "device", "task_code"):
        np.testing.assert_array_equal(getattr(one.workload, name), getattr(other.workload, name))
    np.testing.assert_array_equal(one.requests.router_score, other.requests.router_score)
    np.testing.assert_array_equal(one.answers.correct, other.answers.correct)


def test_same_choice_gets_the_same_answer() -> None:
    """Where two policies pick the same model for a request, the answer and its length are the same."""
    world = scenario()
    columns = [simulate(world, name).requests for name in ("cheapest_capable", "random_mix")]
    same = columns[0]["model"] == columns[1]["model"]
    assert same.any()
    for name in ("correct", "output_token_count"):
        np.testing.assert_array_equal(columns[0][name][same], columns[1][name][same])


def test_report_is_json_without_undefined_numbers() -> None:
    """A report serialises strictly, also when nothing was answered."""
    world = scenario(**world_cases.with_stream(client={"timeout": "1ms"}))
    text = json.dumps(simulate(world).report.to_dict(), allow_nan=False)
    assert json.loads(text)["requests"]["completed"] == 0


def test_oracle_says_that_it_is_one() -> None:
    """An oracle's report is marked, others are not."""
    assert simulate(scenario(), "oracle").report.fields["oracle"] is True
    assert simulate(scenario(), "cascade").report.fields["oracle"] is False
