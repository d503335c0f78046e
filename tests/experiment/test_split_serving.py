"""Prefill apart from decode, as a scenario says it: times, pools, bills, and what is refused."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator import InvalidScenarioError, RunResult, simulate
from simulator.fleet.backends.hardware import batching_spec, decode_pool
from wayfare.render.terminal.explanation import explanation
from wayfare.results.writing import write_result
from world_cases import CHAT, SMALL, plain, scenario

if TYPE_CHECKING:
    from simulator import Scenario

PROMPT, ANSWER = 4000, 200
H100 = {**SMALL, "hardware": {"accelerator": "h100"}, "replicas": 4}


def split_scenario(rate: float, *, split: bool = True, **changes: object) -> Scenario:
    """Long prompts on four chips, half of them for prefill when they are split."""
    engine = {"split": {"prefill_replicas": 2, "link_gb_per_s": 25.0}} if split else {}
    stream = {
        **CHAT,
        "arrivals": {"pattern": "steady", "rate": rate},
        "input_tokens": {"fixed": PROMPT},
        "output_tokens": {"fixed": ANSWER},
    }
    return scenario(
        workload={"streams": [stream]},
        fleet=[{**H100, "engine": engine}],
        router={"policy": "round_robin"},
        **changes,
    )


@cache
def run(rate: float, *, split: bool) -> RunResult:
    """The run at a rate, together or split."""
    return simulate(split_scenario(rate, split=split))


def test_a_lone_request_takes_prefill_transfer_and_decode() -> None:
    """Without load the times are those of the host, one prompt, its bytes on the link, and lone steps."""
    asked = split_scenario(0.02, duration="20min")
    attempts = simulate(asked).settlement.run.attempts
    spec = batching_spec(asked, asked.fleet[0])
    pool = decode_pool(asked, asked.fleet[0], spec)
    assert pool is not None
    cost = spec.seconds
    prefill_s = cost.base + cost.prompt * PROMPT + cost.attention * PROMPT**2 / 2.0
    bytes_per_token = 2 * 32 * 8 * 128 * 2
    assert pool.transfer_s == pytest.approx(bytes_per_token / 25e9)
    output = attempts.output
    decode_s = (output - 1) * (cost.base + cost.sequence + cost.context * PROMPT)
    decode_s += cost.context * (output - 1) * (output - 2) / 2.0
    host = spec.host
    host_s = host.request_s + host.token_s * PROMPT + host.output_s
    host_s += host.output_steps * (cost.base + cost.sequence + cost.context * PROMPT)
    assert host_s > 0.01
    ends_s = attempts.ready_s + prefill_s + pool.transfer_s * PROMPT + decode_s + host_s
    undisturbed = attempts.ready_s[1:] > attempts.finish_s[:-1]
    lone = np.flatnonzero(np.append(True, undisturbed) & np.append(undisturbed, True))
    assert len(lone) > 10
    np.testing.assert_allclose(attempts.finish_s[lone], ends_s[lone], rtol=0.0, atol=1e-9)


def test_prompts_no_longer_hold_answers_up() -> None:
    """At a prefill-heavy load the slowest answers come faster than from the same chips together."""
    tpot_s = {split: run(14.0, split=split).settlement.run.outcomes.tpot_s for split in (False, True)}
    together, apart = (np.nanquantile(tpot_s[split], 0.99) for split in (False, True))
    assert apart < 0.8 * together


def test_both_pools_are_rented_and_reported() -> None:
    """The bill is that of all chips; utilisation and queues are told for each pool."""
    result = run(10.0, split=True)
    alike = run(10.0, split=False)
    held = [entry.settlement.run.capacity.held_s.sum() for entry in (result, alike)]
    assert held[0] == held[1]
    shares = result.report.plain["utilization"]
    pools = [shares[f"small/{name}"] for name in ("prefill", "decode")]
    assert np.mean(pools) == pytest.approx(shares["small"])
    assert result.samples.pool_names == ("small/prefill", "small/decode")
    for name, totals in result.samples.gauges.items():
        np.testing.assert_array_equal(result.samples.pools[name].sum(axis=1), totals[:, 0], name)


def test_a_story_tells_of_both_replicas(tmp_path: Path) -> None:
    """`explain` says where the prompt was computed, and when its context arrived."""
    write_result(split_scenario(10.0), run(10.0, split=True), tmp_path)
    story = explanation(tmp_path, 3)
    assert "prompt computed by replica" in story
    assert "which had its context after" in story


def test_serving_as_nobody_measured_is_warned_of() -> None:
    """A fitted profile says that its points were of replicas that do both."""
    engine = {"profile": "vllm-0.19", "split": {"prefill_replicas": 2}}
    warnings = simulate(scenario(fleet=[{**H100, "engine": engine}])).report.plain["warnings"]
    assert any("prefill apart from decode, fitted were replicas that do both" in told for told in warnings)


def test_a_lost_prefill_replica_fails_its_own_only() -> None:
    """Replica 0 computes prompts: its outage fails what it has, and the other one goes on."""
    fault = {"kind": "outage", "target": "small/0", "at": "30s", "duration": "30s"}
    result = simulate(split_scenario(10.0, faults=[fault]))
    failed = result.settlement.run.attempts.reason > 0
    assert 0 < failed.sum() < 60


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"engine": {"split": {"prefill_replicas": 4}}}, "prefill_replicas 4 of 4 leave none to decode"),
        ({"balancing": "router"}, "engine.split needs a deployment that balances itself"),
        ({"engine": {"split": {"prefill_replicas": 0}}}, "engine.split.prefill_replicas"),
        ({"engine": {"split": {"prefill_replicas": 1, "link_gb_per_s": 0}}}, "link_gb_per_s"),
    ],
)
def test_what_cannot_be_split_is_refused(change: dict[str, object], expected: str) -> None:
    """Pools need replicas on both sides, behind one door."""
    entry = {**H100, "engine": {"split": {"prefill_replicas": 2}}, **change}
    with pytest.raises(InvalidScenarioError, match=expected):
        scenario(fleet=[entry])


def test_pools_do_not_scale() -> None:
    """Autoscaling and a split exclude each other."""
    entry = {**SMALL, "engine": {"split": {"prefill_replicas": 1}}, "autoscaling": {"max": 4, "target": 8}}
    with pytest.raises(InvalidScenarioError, match=r"engine.split needs a fixed number of replicas"):
        scenario(**plain(fleet=[entry]))
