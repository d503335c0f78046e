"""Laws of a run's series: they begin at nothing, never fall, and end at the report."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import world_cases
from simulator import Scenario, load_scenario, shipped_scenarios, simulate
from simulator.experiment.simulation import RunResult
from simulator.series import FigureSeries, RunSeries, run_series
from world_cases import scenario, worlds

FEW = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
EDGES_S = {"ttft_s": (0.1, 0.5, 2.0), "tpot_s": (0.01, 0.05), "e2e_s": (1.0, 10.0), "queue_s": (0.1, 1.0)}
EDGES_S |= {"network_s": (0.01, 0.1), "agent_task_s": (1.0, 30.0)}
PARTS = (
    ("requests", "outcome", "requests", ("completed", "rejected", "timed_out", "failed", "unfinished")),
    ("tokens", "direction", "tokens", ("input", "cached_input", "cache_write", "output", "reasoning_output")),
    (
        "cost_usd", "component", "cost_usd",
        ("api", "capacity_used", "capacity_idle", "energy", "egress", "routing"),
    ),
    ("energy_wh", "component", "energy_wh", ("active", "idle", "api_estimate", "user_side")),
    ("emissions_gco2e", "component", "emissions_gco2e", ("embodied", "user_side")),
    ("water_l", "component", "water_l", ("site", "source")),
)  # fmt: skip
RATIOS = (
    ("slo_attainment_ratio", "slo.attainment_ratio"),
    ("quality_success_ratio", "quality.success_ratio"),
)


def close(a: float, b: float) -> bool:
    """Whether two sums of the same things agree."""
    return a == pytest.approx(b, rel=1e-9, abs=1e-12)


def series_of(result: RunResult) -> RunSeries:
    """The run's series with small histograms."""
    return run_series(result.settlement, result.samples, EDGES_S)


def named(series: RunSeries) -> dict[str, FigureSeries]:
    """Totals and levels by name."""
    return {measure.name: measure for measure in (*series.totals, *series.levels)}


def last(measure: FigureSeries, **labels: str) -> float:
    """The sum of the last values of the keys with these labels."""
    wanted = set(labels.items())
    rows = [wanted <= set(zip(measure.labels, key, strict=True)) for key in measure.keys]
    return float(measure.values[rows, -1].sum())


def assert_totals_are_the_reports(result: RunResult, series: RunSeries) -> None:
    """The last value of every total is the report's, by every part."""
    found = named(series)
    for name, label, block, parts in PARTS:
        for part in parts:
            assert close(last(found[name], **{label: part}), result.report.plain[block][part]), (name, part)
    emitted = sum(
        last(found["emissions_gco2e"], component=part) for part in ("active", "idle", "api_estimate")
    )
    assert close(emitted, result.report.figure("emissions_gco2e.total"))
    assert last(found["arrivals"]) == last(found["requests"]) == result.report.figure("requests.arrived")
    assert last(found["attempts"]) == result.report.figure("attempts.total")
    assert_tasks_are_the_reports(result, found)


def assert_tasks_are_the_reports(result: RunResult, found: dict[str, FigureSeries]) -> None:
    """Tasks begun, over and succeeded, stream by stream; there are none without agents."""
    by_stream = result.report.tasks.by_stream
    assert ("agent_tasks" in found) == bool(by_stream)
    for stream, tasks in by_stream.items():
        assert last(found["agent_tasks_started"], stream=stream) == tasks.arrived
        for outcome in ("completed", "failed"):
            assert last(found["agent_tasks"], stream=stream, outcome=outcome) == getattr(tasks, outcome)
        right = last(found["agent_tasks_succeeded"], stream=stream)
        known = tasks.success_ratio is not None and tasks.arrived
        assert not known or close(right / tasks.arrived, tasks.success_ratio)


def assert_breakdowns_are_the_reports(result: RunResult, series: RunSeries) -> None:
    """Dollars by every label are the report's breakdowns."""
    cost = named(series)["cost_usd"]
    for label in ("tier", "deployment", "model", "task"):
        for name, block in result.report.plain["by"][label].items():
            assert close(last(cost, **{label: name}), block["cost_usd"]["total"]), (label, name)


def assert_ratios_are_the_reports(result: RunResult, series: RunSeries) -> None:
    """Shares so far end at the report's."""
    for name, path in RATIOS:
        figure, value = result.report.figure(path), last(named(series)[name])
        assert np.isnan(value) if figure is None else close(value, figure)


def assert_totals_only_grow(series: RunSeries) -> None:
    """Totals and observations are 0 at first and never fall; keys are distinct."""
    for measure in series.totals:
        assert len(set(measure.keys)) == len(measure.keys)
        assert not measure.values[:, 0].any()
        assert (np.diff(measure.values, axis=1) >= -1e-12).all(), measure.name
    for distribution in series.distributions:
        assert not distribution.counts[..., 0].any()
        assert (np.diff(distribution.counts, axis=2) >= 0.0).all()


def assert_observations_are_the_reports(result: RunResult, series: RunSeries) -> None:
    """Every distribution counts the completed requests, and its mean is the report's."""
    for distribution in series.distributions:
        count, total = distribution.counts[..., -1].sum(), distribution.sums[:, -1].sum()
        of_tasks = distribution.name == "agent_task_s"
        times = result.report.plain["tasks"] if of_tasks else result.report.plain["latency"]
        mean = times["latency_s" if of_tasks else distribution.name]["mean"]
        assert count == 0 if mean is None else close(total / count, mean)
        if distribution.name == "e2e_s":
            assert count == result.report.figure("requests.completed")


def assert_all(result: RunResult) -> None:
    """All laws of one run."""
    series = series_of(result)
    assert_totals_are_the_reports(result, series)
    assert_breakdowns_are_the_reports(result, series)
    assert_ratios_are_the_reports(result, series)
    assert_totals_only_grow(series)
    assert_observations_are_the_reports(result, series)


@FEW
@given(world=worlds())
def test_every_world_keeps_the_laws(world: Scenario) -> None:
    """Series end at the report whatever happens."""
    assert_all(simulate(world))


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_shipped_scenarios_keep_the_laws(name: str) -> None:
    """Each scenario that ships keeps the laws over a part of its day."""
    assert_all(simulate(load_scenario(name, overrides=["duration=20min", "warmup=1min"])))


def test_sizes_and_spans_are_those_of_the_answers() -> None:
    """Token and span distributions add up to the answering attempts' tokens and seconds."""
    result = simulate(scenario(), "cascade")
    names = ("prefill_s", "decode_s", "input_token_count", "output_token_count")
    found = run_series(result.settlement, result.samples, dict.fromkeys(names, (1.0, 100.0))).distributions
    run = result.settlement.run
    won = run.outcomes.winner[run.outcomes.completed]
    sums = {entry.name: entry.sums[:, -1].sum() for entry in found}
    assert sums["input_token_count"] == run.attempts.prompt[won].sum()
    assert sums["output_token_count"] == run.attempts.output[won].sum()
    spans_s = run.attempts.finish_s[won] - run.attempts.admitted_s[won]
    assert close(sums["prefill_s"] + sums["decode_s"], spans_s.sum())
    assert all(entry.counts[..., -1].sum() == len(won) for entry in found)


def test_series_step_as_the_telemetry_and_go_on_until_all_is_over() -> None:
    """Samples stand at even steps; totals go on after the duration, levels end with it."""
    world = scenario(duration="70s", telemetry={"step": "30s"}, **world_cases.with_stream(output_tokens=3000))
    result = simulate(world, "always_strongest")
    series = series_of(result)
    over_s = np.nanmax(result.settlement.run.outcomes.final_s)
    assert over_s > 90.0
    assert series.t_s.tolist() == [30.0 * step for step in range(len(series.t_s))]
    assert series.t_s[-2] < over_s <= series.t_s[-1]
    queue = named(series)["queue_length"].values
    assert not np.isnan(queue[:, :3]).any()
    assert np.isnan(queue[:, 3:]).all()


def test_nothing_counts_before_the_warm_up_ends() -> None:
    """Totals stay at 0 until the first request after the warm-up, idle capacity included."""
    world = scenario(duration="3min", warmup="1min", telemetry={"step": "20s"})
    series = series_of(simulate(world))
    early = series.t_s <= 60.0
    assert all(not measure.values[:, early].any() for measure in series.totals)
    assert last(named(series)["cost_usd"], component="capacity_idle") > 0.0


def test_idle_dollars_are_spread_over_the_time_held() -> None:
    """Without requests half of the idle dollars are there at half time."""
    world = scenario(
        duration="100s",
        telemetry={"step": "10s"},
        **world_cases.with_stream(arrivals={"pattern": "steady", "rate": 1e-6}),
    )
    cost = named(series_of(simulate(world)))["cost_usd"]
    row = cost.keys.index(("dedicated", "small", "llama-3.1-8b", "unallocated", "capacity_idle"))
    assert close(cost.values[row, 5], cost.values[row, -1] / 2.0)
    assert cost.values[row, -1] > 0.0


def test_faults_shorter_than_a_step_are_seen() -> None:
    """A fault counts at the first sample after it, also when it is over by then."""
    fault = {"kind": "outage", "target": "small", "at": "31s", "duration": "2s"}
    series = series_of(simulate(scenario(duration="2min", telemetry={"step": "30s"}, faults=[fault])))
    faults = named(series)["faults_active"]
    assert faults.keys == [("outage", "small")]
    assert faults.values[0].tolist()[:5] == [0.0, 0.0, 1.0, 0.0, 0.0]


def test_utilization_and_cache_use_are_shares() -> None:
    """Both lie in 0 to 1, and work shows."""
    found = named(series_of(simulate(scenario(), "always_cheapest")))
    for name in ("utilization_ratio", "kv_cache_usage_ratio"):
        known = found[name].values[~np.isnan(found[name].values)]
        assert known.max() > 0.0
        assert known.min() >= 0.0
        assert known.max() <= 1.0


def test_replicas_are_counted_by_state() -> None:
    """Replicas are held and ready; broken ones are down while they are."""
    small = {**world_cases.SMALL, "replicas": 3}
    fault = {"kind": "outage", "target": "small/0", "at": "20s", "duration": "50s"}
    world = scenario(fleet=[small], duration="2min", telemetry={"step": "30s"}, faults=[fault])
    replicas = named(series_of(simulate(world)))["replicas"]
    by_state = {
        key[-1]: values.tolist()[:5] for key, values in zip(replicas.keys, replicas.values, strict=True)
    }
    assert by_state["held"] == by_state["ready"] == [3.0] * 5
    assert by_state["down"] == [0.0, 1.0, 1.0, 0.0, 0.0]
