"""What cancelled copies did is paid for."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import RunResult, load_scenario, simulate
from world_cases import CHAT, FRONTIER, SMALL, plain

OTHER = {**SMALL, "name": "other", "model": "qwen3-4b"}
STREAM = {**CHAT, "arrivals": {"pattern": "steady", "rate": 3.0}}
POLICIES = [
    ("race", {"targets": ["small", "other"]}),
    ("race", {"targets": ["small", "frontier"]}),
    ("hedge", {"after_s": 0.02}),
    ("hedge", {"after_s": 0.02, "delay_percentile": 30.0}),
]


def run_of(policy: str, knobs: dict[str, object]) -> RunResult:
    """Two minutes of a stream before three deployments."""
    router = {"policy": policy, "parameters": knobs}
    fleet = [SMALL, OTHER, FRONTIER]
    return simulate(
        load_scenario(plain(duration="2min", workload={"streams": [STREAM]}, fleet=fleet, router=router))
    )


@pytest.mark.parametrize(("policy", "knobs"), POLICIES)
def test_losers_are_billed_as_waste(policy: str, knobs: dict[str, object]) -> None:
    """Every cancelled attempt that worked has its cost, and their sum is the waste that the report states."""
    result = run_of(policy, knobs)
    attempts = result.attempts
    cancelled = attempts["wasted"].astype(bool)
    assert result.report.figure("attempts.hedges") > 20
    assert result.report.figure("attempts.cancelled") > 20
    worked = cancelled & (attempts["busy_s"] > 0.0)
    assert worked.any()
    usd = sum(attempts[f"counted_{part}_usd"] for part in ("api", "capacity", "energy", "egress"))
    assert (usd[worked] > 0.0).all()
    assert float(np.sum(usd[cancelled])) == pytest.approx(result.report.figure("cost_usd.wasted"))


def test_a_race_costs_more_than_either_runner_and_is_sooner() -> None:
    """Its first tokens come no later in the mean than those of one of the two alone, for more money."""
    race = run_of("race", {"targets": ["small", "frontier"]}).report.figure
    alone = run_of("static", {"target": "frontier"}).report.figure
    assert race("latency.ttft_s.mean") < alone("latency.ttft_s.mean")
    assert race("attempts.total") == pytest.approx(2.0 * alone("attempts.total"), rel=0.02)
