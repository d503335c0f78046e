"""Scenarios and reports through the wire's messages and back."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator import compare, load_scenario, shipped_scenarios, simulate
from simulator.scenario.settings import ScenarioSettings
from wayfare.convert.proto_text import TARGET, scenario_proto
from wayfare.convert.report import comparison_data, comparison_message, report_data, report_message
from wayfare.convert.scenario import scenario_data, scenario_message
from wayfare.v1 import report_pb2, scenario_pb2

SHORT = ("duration=20m",)
POSITIVE = st.floats(min_value=1e-3, max_value=1e6)
SPREADS = st.one_of(
    st.builds(lambda x: {"fixed": x}, POSITIVE),
    st.builds(lambda a, b: {"median": a, "p95": a + b}, POSITIVE, POSITIVE),
    st.builds(lambda a, b: {"mean": a, "cv": b}, POSITIVE, POSITIVE),
    st.builds(lambda a, b: {"uniform": [a, a + b]}, POSITIVE, POSITIVE),
    st.builds(lambda a, b: {"quantiles": {0: a, 0.5: a, 1: a + b}}, POSITIVE, POSITIVE),
    st.builds(lambda a: {"mixture": [{"fixed": a, "weight": 2.0}, {"exponential": a}]}, POSITIVE),
)
ARRIVALS = st.one_of(
    st.builds(lambda r: {"pattern": "steady", "rate": r}, POSITIVE),
    st.builds(
        lambda r, p: {"pattern": "bursty", "rate": r, "process": p},
        POSITIVE,
        st.sampled_from(["gamma", "mmpp"]),
    ),
    st.builds(
        lambda r: {"pattern": "diurnal", "rate": r, "weekday_factors": [1, 1, 1, 1, 1, 0.5, 0.25]}, POSITIVE
    ),
    st.builds(
        lambda w: {"pattern": "trace", "file": "x.csv", "window": [w, 2 * w], "columns": {"a": "b"}}, POSITIVE
    ),
)
SEQUELS = st.one_of(
    st.just({}),
    st.builds(lambda a, b: {"session": {"turns": a, "think_time": b, "history": False}}, SPREADS, SPREADS),
    st.builds(
        lambda a, b, c: {"agent": {"calls": a, "tool_time": b, "tool_output_tokens": c, "success": "all"}},
        SPREADS,
        SPREADS,
        SPREADS,
    ),
)
STREAMS = st.fixed_dictionaries(
    {
        "name": st.just("chat"),
        "task": st.text(max_size=8),
        "region": st.text(max_size=8),
        "arrivals": ARRIVALS,
    },
    optional={
        "input_tokens": SPREADS,
        "max_output_tokens": st.integers(1, 10**9),
        "slo": st.fixed_dictionaries({}, optional={"ttft": POSITIVE, "e2e": POSITIVE}),
        "tenants": st.just({"gold": 2.0, "tin": 1.0}),
        "banned_tiers": st.lists(st.sampled_from(["edge", "cloud"]), unique=True),
    },
).flatmap(lambda stream: SEQUELS.map(lambda sequel: {**stream, **sequel}))
FLEETS = st.one_of(
    st.builds(lambda n, m: {"hardware": {"accelerator": "h100"}, "replicas": n,
                            "pricing": {"usd_per_chip_hour": m}},
              st.integers(1, 99), st.decimals(0, 99, places=3)),
    st.builds(lambda s: {"endpoint": {"servers": 2, "service_time": s}}, SPREADS),
    st.just({"api": {"offer": "x/y"}}),
    st.just({"device": {"device": "phone", "per_user": False}}),
)  # fmt: skip
SCENARIOS = st.fixed_dictionaries(
    {
        "name": st.just("generated"),
        "duration": st.floats(min_value=10.0, max_value=1e6),
        "workload": st.builds(lambda stream: {"streams": [stream]}, STREAMS),
        "fleet": st.lists(
            FLEETS.map(lambda f: {"name": "d", "tier": "cloud", "model": "m", "region": "r", **f}),
            min_size=1,
            max_size=3,
        ),
    },
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "description": st.text(max_size=20),
        "start": st.just("2026-03-04T05:06:07Z"),
        "router": st.just({"policy": "cascade", "parameters": {"n": 3, "deep": {"x": [1.5, "a", None]}},
                           "resilience": {"fallbacks": {"a": ["b", "c"], "d": []}}}),
        "catalog": st.just({"overrides": {"models": {"m": {"context": 5}}}}),
        "telemetry": st.just({"step": 60, "epoch": "2026-01-01"}),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCENARIOS)
def test_any_valid_scenario_comes_back(data):
    """A typed scenario, serialised and read again, means exactly what was written."""
    written = ScenarioSettings.model_validate(data)
    wire = scenario_message(written).SerializeToString()
    read = scenario_pb2.ScenarioSettings.FromString(wire)
    assert ScenarioSettings.model_validate(scenario_data(read)) == written


@pytest.mark.parametrize("name", shipped_scenarios())
def test_shipped_scenarios_come_back(name):
    """Every shipped scenario survives the wire with its digest."""
    written = load_scenario(name)
    read = load_scenario(scenario_data(scenario_message(written.settings)))
    assert read.settings == written.settings
    assert read.digest == written.digest


@pytest.mark.parametrize("name", shipped_scenarios())
def test_reports_come_back(name):
    """A run's report survives the wire to the last bit."""
    report = simulate(load_scenario(name, overrides=SHORT)).report.to_dict()
    wire = report_message(report).SerializeToString()
    assert report_data(report_pb2.Report.FromString(wire)) == json.loads(json.dumps(report))


def test_a_comparison_comes_back():
    """A comparison with intervals and differences survives the wire."""
    scenario = load_scenario("frontier-only", overrides=SHORT)
    made = json.loads(json.dumps(compare(scenario, ["cascade"], replications=2).to_dict()))
    wire = comparison_message(made).SerializeToString()
    assert comparison_data(report_pb2.Comparison.FromString(wire)) == made


def test_figures_without_a_field_travel_along():
    """A figure that the contract does not know yet is carried, not lost."""
    report = {"schema": "s", "novel": {"figure": 1.5}, "intervals": {}}
    assert report_data(report_message(report))["novel"] == {"figure": 1.5}


def test_the_contract_follows_the_scenario():
    """scenario.proto holds every key of the scenario's models: run `make proto` when it does not."""
    text = TARGET.read_text(encoding="utf-8")
    assert scenario_proto(text) == text
