"""Shared edge boxes: Jetsons and the like on the batching back-end, at the tier `edge`."""

from __future__ import annotations

import pytest

from simulator import load_scenario, simulate
from simulator.calibration.predicted.closed_loop import loop_rows, steady_times
from simulator.fleet.backends.hardware import batching_spec
from world_cases import scenario, with_stream

BOX = {
    "name": "box",
    "tier": "edge",
    "model": "llama-3.1-8b",
    "hardware": {"accelerator": "jetson-orin", "precision": "int4"},
    "engine": {"profile": "vllm-jetson"},
    "region": "us-virginia",
}
ROUND = {"policy": "round_robin"}


def tokens_per_s(box: dict[str, object], sequences: int) -> float:
    """Tokens per second of so many sequences in a closed loop, in all."""
    world = scenario(fleet=[{**BOX, **box}])
    rows = loop_rows(batching_spec(world, world.fleet[0]), sequences, 64, 128)
    return sequences / steady_times(rows, sequences)[1]


@pytest.mark.parametrize(
    ("chip", "model", "sequences", "measured"),
    [
        ("jetson-orin", "llama-3.1-8b", 1, 28.14),
        ("jetson-orin", "llama-3.1-8b", 8, 112.33),
        ("jetson-orin", "llama-3.2-3b", 1, 52.58),
        ("jetson-orin", "llama-3.2-3b", 8, 240.68),
        ("jetson-thor", "llama-3.1-8b", 1, 44.0),
        ("jetson-thor", "llama-3.1-8b", 8, 251.0),
    ],
)
def test_jetsons_decode_as_was_measured(chip: str, model: str, sequences: int, measured: float) -> None:
    """The kernel's own loop meets the six published rates within 10 %."""
    box = {"model": model, "hardware": {"accelerator": chip, "precision": "int4"}}
    assert tokens_per_s(box, sequences) == pytest.approx(measured, rel=0.10)


def test_a_box_that_was_not_fitted_is_met() -> None:
    """A DGX Spark decodes an 8B model of four bits at 36 to 41 tokens per second; within 10 %."""
    box = {"hardware": {"accelerator": "dgx-spark", "precision": "int4"}}
    assert 0.9 * 36.0 < tokens_per_s(box, 1) < 1.1 * 41.0


def test_batching_lets_a_box_serve_more() -> None:
    """Under the same overload a box of eight sequences answers over twice what one of one does."""
    stream = with_stream(
        arrivals={"pattern": "steady", "rate": 3.0}, input_tokens=100, output_tokens=60, devices=10
    )
    done = {}
    for most in (1, 8):
        engine = {"profile": "vllm-jetson", "max_sequences": most}
        world = scenario(fleet=[{**BOX, "engine": engine}], router=ROUND, drain="0s", **stream)
        done[most] = simulate(world).report.figure("requests.completed")
    assert done[8] > 2.0 * done[1]


def test_the_operator_pays_for_a_shared_box_and_not_for_the_phones() -> None:
    """A box costs its price over its lifetime and its electricity without PUE; it stands at the edge."""
    stream = with_stream(arrivals={"pattern": "steady", "rate": 0.2}, input_tokens=100, output_tokens=60)
    result = simulate(scenario(fleet=[BOX], router=ROUND, **stream))
    part = result.report.plain["by"]["tier"]["edge"]
    held_s = 180.0
    rate = 1999.0 / (5 * 365.25 * 86_400)
    assert part["cost_usd"]["capacity_used"] + part["cost_usd"]["capacity_idle"] >= rate * held_s * 0.999
    assert part["cost_usd"]["energy"] > 0.0
    assert part["energy_wh"]["user_side"] == 0.0
    joules = result.settlement.run.attempts.energy_j.sum()
    assert part["energy_wh"]["active"] == pytest.approx(joules / 3600.0)


def test_the_edge_fleet_uses_all_three_ways() -> None:
    """In the scenario that ships phones, edge boxes and the API all answer, and phones cost nothing."""
    report = simulate(load_scenario("edge-fleet", overrides=["duration=3h"])).report
    parts = report.plain["by"]["deployment"]
    assert all(parts[name]["requests"]["completed"] > 0 for name in ("phone", "edge-box", "api"))
    assert parts["phone"]["cost_usd"]["total"] == 0.0
    assert 0.0 < report.plain["devices"]["phone"]["charge_ratio_per_day"]["mean"] < 1.0
    assert report.plain["devices"]["phone"]["slowdown"] > 1.0
