"""Laws of whole runs: nothing is lost, nothing is counted twice, and chance is shared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import world_cases
from run_laws import assert_laws, close
from simulator import Scenario, load_scenario, shipped_scenarios, simulate
from world_cases import scenario, worlds

ROOT = Path(__file__).resolve().parents[2]
FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


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


def test_everything_at_once_keeps_the_laws() -> None:
    """Caches, priorities, drafts, scaling, faults, limits, hot phones and signals in one run."""
    world = load_scenario(ROOT / "bench" / "scenarios" / "everything.yaml", overrides=["duration=40min"])
    result = simulate(world)
    fields = result.report.plain
    assert fields["tokens"]["cached_input"] > 0
    assert all(fields["devices"]["phone"][name] > 0.0 for name in ("slowdown", "offline_ratio"))
    kinds = {event["kind"] for event in fields["timeline"]["events"]}
    assert {"outage", "autoscaling"} <= kinds
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
    cost = result.report.plain["by"]["deployment"]["small"]["cost_usd"]
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
    assert simulate(scenario(), "oracle").report.plain["oracle"] is True
    assert simulate(scenario(), "cascade").report.plain["oracle"] is False
