"""Scenarios are refused whole, with every fault, or accepted and checked."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from simulator import InvalidScenarioError, load_scenario, scenario_schema, shipped_scenarios
from world_cases import AGENT, CHAT, FRONTIER, PHONE, SMALL, plain, scenario, with_stream


def faults_of(data: object, **options: object) -> str:
    """The text of all faults found in a scenario."""
    with pytest.raises(InvalidScenarioError) as caught:
        load_scenario(data, **options)
    return str(caught.value)


def test_every_fault_is_listed_at_once_with_its_path() -> None:
    """Faults of form stand together, each under the key as it stands in the file."""
    small = {**SMALL, "replicas": 0, "hardwear": {}, "tier": "moon"}
    stream = {**CHAT, "arrivals": {"pattern": "steady", "rate": -1}, "name": "a b"}
    text = faults_of(plain(duration="soon", workload={"streams": [stream]}, fleet=[small], colour="blue"))
    for path in (
        "duration",
        "workload.streams.0.arrivals.rate",
        "workload.streams.0.name",
        "fleet.0.replicas",
        "fleet.0.hardwear",
        "fleet.0.tier",
        "colour",
    ):
        assert f"scenario: {path}: " in text
    assert "did you mean 'hardware'?" in text


def test_every_fault_against_the_catalog_is_listed_at_once() -> None:
    """Unknown names and impossible deployments stand together."""
    fleet = [
        {**SMALL, "model": "llama-3.1-9b"},
        {**SMALL, "name": "b", "hardware": {"accelerator": "a1000"}},
        {**SMALL, "name": "c", "region": "atlantis"},
        {**FRONTIER, "api": {"offer": "openai/gpt-9"}},
        {**PHONE, "model": "llama-3.1-70b"},
        {**PHONE, "name": "d", "device": {"device": "abacus"}},
    ]
    text = faults_of(plain(fleet=fleet, **with_stream(task="poetry")))
    for expected in (
        "fleet.0.model: unknown model 'llama-3.1-9b'; did you mean",
        "fleet.1.hardware.accelerator: unknown accelerator 'a1000'",
        "fleet.2.region: unknown region 'atlantis'",
        "fleet.3.api.offer: unknown offer 'openai/gpt-9'",
        "fleet.4.device.device: 'iphone-14-pro-max' is too small for 'llama-3.1-70b'",
        "fleet.5.device.device: unknown device 'abacus'",
        "workload.streams.0.task: unknown task 'poetry'",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fleet": 3}, "fleet: 3 is not allowed; it should be a list"),
        ({"router": "cascade"}, "router: 'cascade' is not allowed; it should be a map with keys of: policy"),
        (with_stream(slo=3), "slo: 3 is not allowed; it should be a map with keys of: ttft, tpot, e2e"),
        (with_stream(tenants="a"), "tenants: 'a' is not allowed; it should be a map"),
        ({"fleet": [{**SMALL, "replicas": 1.5}]}, "replicas: 1.5 is not allowed; it should be a whole num"),
        ({"seed": "abc"}, "seed: 'abc' is not allowed; it should be a whole number"),
        ({"router": {"policy": "cheapest_capable", "parameters": {"target": 1}}},
         "router.parameters.target: unknown parameter; allowed: 'floor' (parameters of 'cheapest_capable')"),
        ({"fleet": [{**SMALL, "region": "us-east1"}]}, "did you mean 'us-texas'? known: 'australia', "),
    ],
)  # fmt: skip
def test_what_should_stand_there_is_said_in_words_of_yaml(changes: dict[str, object], expected: str) -> None:
    """Lists, maps, their keys and whole numbers; not the types of Python behind them."""
    assert expected in faults_of(plain(**changes))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -3, "0/s", "nan", None])
def test_rates_that_are_none_are_refused(number: object) -> None:
    """A rate is a finite number above 0."""
    stream = with_stream(arrivals={"pattern": "steady", "rate": number})
    assert "workload.streams.0.arrivals.rate" in faults_of(plain(**stream))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"fleet": [SMALL, SMALL]}, "fleet: the name 'small' is given 2 times"),
        ({"start": "2031-01-01"}, "start: 2031-01-01 lies in the future"),
        ({"start": "2023-01-01"}, "has no price on 2023-01-01"),
        ({"warmup": "1h"}, "leaves nothing of the duration"),
        ({"fleet": []}, "fleet: "),
        (
            with_stream(session={"turns": 2, "think_time": 1}, agent=AGENT),
            "workload.streams.0: give session or agent, not both",
        ),
        (with_stream(agent={**AGENT, "call": 3}), "workload.streams.0.agent.call: unknown key; did you mean"),
        ({"router": {"policy": "cheapest"}}, "router.policy: unknown policy 'cheapest'"),
        ({"router": {"policy": "cascade", "parameters": {"speed": 1}}}, "router.parameters.speed: unknown"),
        (
            {"router": {"resilience": {"default_fallbacks": ["nowhere"]}}},
            "router.resilience.fallbacks: unknown deployment 'nowhere'",
        ),
        (with_stream(residency=["japan"]), "no deployment is in 'japan'"),
        (with_stream(banned_tiers=["dedicated", "cloud"]), "in a banned tier"),
        (
            {"fleet": [{**SMALL, "model": "llama-3.1-70b"}]},
            "too large for 1 x 'a100' at bf16; it fits on tensor_parallel: 2",
        ),
        (
            {"fleet": [{**SMALL, "hardware": {"accelerator": "h100", "precision": "int8"}}]},
            "'h100' lacks 'int8'; allowed: 'bf16', 'fp8'",
        ),
        ({"fleet": [{**SMALL, "region": "china"}]}, "'a100' is not available in 'china'"),
        ({"fleet": [{**SMALL, "model": "gpt-4o"}]}, "has no published architecture; serve it by `api`"),
        ({"fleet": [{**FRONTIER, "model": "gpt-4o"}]}, "sells 'gpt-6.1-sol', not 'gpt-4o'"),
        ({"fleet": [{**SMALL, "api": {"offer": "openai/gpt-4o"}}]}, "give exactly one of hardware, api"),
        ({"fleet": [{**FRONTIER, "replicas": 2}]}, "replicas go with `hardware`"),
        ({"catalog": {"edition": "gossip"}}, "catalog.edition: unknown edition 'gossip'"),
        (
            {"catalog": {"overrides": {"models": {"gpt-4o": {"success": {"support_chat": 2}}}}}},
            "gpt-4o.success.support_chat",
        ),
        (with_stream(arrivals={"pattern": "trace", "file": "nowhere.csv"}), "nowhere.csv"),
        (with_stream(input_tokens={"median": 5}), "give exactly one of"),
        (with_stream(input_tokens={"median": 50, "p95": 5}), "lies below the median"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_is_allowed(change: dict[str, object], expected: str) -> None:
    """Each impossible scenario names the fault."""
    assert expected in faults_of(plain(**change))


def test_file_and_line_of_broken_yaml_are_named(tmp_path: Path) -> None:
    """A file that is no YAML is refused with the line; so are duplicate keys and endless aliases."""
    for text, expected in (
        ("name: [", "line"),
        ("name: a\nname: b\n", "line 2, column 1: key 'name' is given twice"),
        ("a: &x [1, *x]\n", "alias 'x' is inside what it names"),
    ):
        path = tmp_path / "broken.yaml"
        path.write_text(text, encoding="utf-8")
        found = faults_of(path)
        assert found.startswith(str(path))
        assert expected in found


def test_missing_scenario_names_those_that_ship() -> None:
    """A source that is neither file nor shipped name lists what there is."""
    assert "shipped scenarios: 'api-price-plans', 'azure-replay'" in faults_of("nothing-like-it")


def test_overrides_reach_maps_and_named_entries() -> None:
    """A setting names a list's entry by its name or its number, and reads values as YAML."""
    found = load_scenario(
        plain(),
        overrides=[
            "fleet.small.replicas=7",
            "workload.streams.0.arrivals={pattern: bursty, rate: 9/min}",
            "router.resilience.retries=3",
        ],
    )
    assert found.fleet[0].replicas == 7
    assert found.streams[0].arrivals.rate == pytest.approx(0.15)
    assert found.router.resilience.retries == 3


def test_overrides_that_lead_nowhere_are_faults() -> None:
    """A setting without a value, or on a path that cannot be, is named as the user wrote it."""
    text = faults_of(plain(), overrides=["seed", "fleet.big.replicas=2", "name.first=3"])
    assert "--set: seed: write path=value" in text
    assert "--set: fleet.big.replicas: nothing is called 'big' here" in text
    assert "--set: name.first: nothing is called 'first' here" in text


def test_shipped_scenarios_load_and_say_what_they_are() -> None:
    """All six ship, each with a description."""
    names = {
        "support-desk-diurnal",
        "hybrid-edge-cloud",
        "code-assistant-bursty",
        "frontier-only",
        "azure-replay",
        "api-price-plans",
    }
    assert names <= set(shipped_scenarios())
    for name in shipped_scenarios():
        assert load_scenario(name).description


def test_digest_follows_content_not_spelling() -> None:
    """The same scenario in other words has the same digest; another seed has another."""
    base = scenario(duration="3min").digest
    assert scenario(duration=180).digest == base
    assert scenario(seed=9).digest != base


def test_schema_is_json_and_knows_every_top_level_key() -> None:
    """The JSON Schema lists the contract's keys."""
    keys = set(json.loads(json.dumps(scenario_schema()))["properties"])
    assert {"name", "seed", "start", "duration", "warmup", "catalog", "workload", "network"} <= keys
    assert {"fleet", "router", "quality", "telemetry"} <= keys


def test_own_figures_lie_over_the_catalog() -> None:
    """A scenario's overrides change the figure they name and no other."""
    found = scenario(
        catalog={"overrides": {"accelerators": {"a100": {"rent_usd_per_hour": {"on_demand": 9.5}}}}}
    )
    chip = found.catalog.accelerator("a100")
    assert float(chip.rent_usd_per_hour["on_demand"]) == 9.5
    assert chip.tdp_w == scenario().catalog.accelerator("a100").tdp_w
