"""Laws of whole runs whose replicas answer through a host: what a host takes is no engine's work."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from run_laws import assert_laws
from simulator import Scenario, simulate
from simulator.experiment.simulation import RunResult
from simulator.fleet.backends import hardware as batching
from simulator.kernel import BatchingSpec, HostSpec
from world_cases import CHAT, SMALL, scenario, worlds

HOST = HostSpec(request_s=2e-3, token_s=1e-6, answer_token_s=2e-5, output_s=0.5, output_steps=2.0)
FEW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def simulate_hosted(world: Scenario) -> RunResult:
    """A run in which every replica has the same host."""
    made = batching.batching_spec

    def hosted(*given: object) -> BatchingSpec:
        return replace(made(*given), host=HOST)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "batching_spec", hosted)
        return simulate(world)


@FEW
@given(world=worlds())
def test_every_world_with_hosts_keeps_the_laws(world: Scenario) -> None:
    """Requests, attempts, tokens, dollars and joules are conserved whatever happens."""
    assert_laws(simulate_hosted(world))


def test_work_that_ended_before_the_window_did_is_the_windows() -> None:
    """An answer that leaves its server after the window's end was computed, and is paid, within it."""
    stream = {**CHAT, "arrivals": {"pattern": "steady", "rate": 20.0}}
    world = scenario(
        duration="1min",
        drain="1h",
        fleet=[SMALL],
        router={"policy": "round_robin"},
        workload={"streams": [stream]},
    )
    result = simulate_hosted(world)
    attempts, after = result.settlement.run.attempts, result.settlement.run.spans.after
    between = (attempts.left_s <= 60.0) & (attempts.finish_s > 60.0)
    assert between.sum() > 3
    assert not after.busy_s[between].any()
    assert_laws(result)


def test_requests_are_answered_when_their_tokens_have_left() -> None:
    """A request's latencies hold the host's part: half a second and two steps from the first token on."""
    world = scenario(fleet=[SMALL], router={"policy": "round_robin"})
    bare, hosted = simulate(world), simulate_hosted(world)
    added_s = [result.settlement.run.outcomes for result in (bare, hosted)]
    for name in ("ttft_s", "e2e_s"):
        before_s, after_s = (np.nanmean(getattr(outcomes, name)) for outcomes in added_s)
        assert 0.5 < after_s - before_s < 0.7, name
