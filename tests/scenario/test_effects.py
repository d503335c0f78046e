"""Settings that change nothing are told; settings that change something are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import load_scenario, simulate
from simulator.scenario.checks.effects import without_effect
from simulator.scenario.shipped import shipped_scenarios
from world_cases import AGENT, CHAT, FRONTIER, PHONE, SMALL, plain, scenario, with_stream

ROOT = Path(__file__).resolve().parents[2]
GAMMA = {"pattern": "bursty", "rate": 1, "process": "gamma"}
ON_OFF = {"pattern": "bursty", "rate": 1, "process": "on_off"}
TRACE = {"pattern": "trace", "file": str(ROOT / "scenarios/traces/azure-shaped-sample.csv.gz")}
BATCH = {**FRONTIER, "name": "batch", "api": {"offer": "openai/gpt-6.1-sol", "plan": "batch"}}
OWNED = {**SMALL, "pricing": {"owned": True}}


def api(**keys: object) -> dict[str, object]:
    """A fleet whose batch API has further keys."""
    fleet = [SMALL, {**BATCH, "api": {**BATCH["api"], **keys}}]
    return {"fleet": fleet, "drain": "24h", **with_stream(deferrable=True)}


def device(**keys: object) -> dict[str, object]:
    """A fleet with a user's phone that has further keys."""
    return {"fleet": [{**PHONE, "device": {**PHONE["device"], **keys}}, FRONTIER]}


def resilience(**keys: object) -> dict[str, object]:
    """A router with some resilience."""
    return {"router": {"policy": "cheapest_capable", "resilience": keys}}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (with_stream(arrivals={**GAMMA, "burst_share": 0.2}), "workload.streams.0.arrivals.burst_share"),
        (with_stream(arrivals={**ON_OFF, "cv": 3}), "workload.streams.0.arrivals.cv"),
        (with_stream(arrivals={**ON_OFF, "burst_factor": 3}), "workload.streams.0.arrivals.burst_factor"),
        (with_stream(client={"retries": 2}), "workload.streams.0.client.retries"),
        (with_stream(client={"timeout": 5, "backoff": 2}), "workload.streams.0.client.backoff"),
        (with_stream(slo={}), "workload.streams.0.slo"),
        (with_stream(priority=3), "workload.streams.0.priority"),
        (with_stream(length_effects="all"), "workload.streams.0.length_effects"),
        (with_stream(length_effects="none", output_tokens=9), "workload.streams.0.length_effects"),
        (with_stream(length_effects="none", arrivals=TRACE), "workload.streams.0.length_effects"),
        (api(concurrency=5), "fleet.1.api.concurrency"),
        (api(ttft=0.2), "fleet.1.api.ttft"),
        (device(count=3), "fleet.0.device.count"),
        (device(sustained=True, throttling=True), "fleet.0.device.throttling"),
        ({"fleet": [{**SMALL, "balancing": "random"}, FRONTIER]}, "fleet.0.balancing"),
        (
            {"fleet": [{**SMALL, "autoscaling": {"min": 2, "max": 2, "target": 3}}, FRONTIER]},
            "fleet.0.autoscaling",
        ),
        ({"network": {"last_mile": {"edge": 1}}}, "network.last_mile.edge"),
        ({"network": {"bytes_per_output_token": 9}}, "network.bytes_per_output_token"),
        ({"network": {"egress_usd_per_gb": 0.1}, "fleet": [FRONTIER]}, "network.egress_usd_per_gb"),
        ({"signals": {"carbon_intensity": {"japan": 9}}}, "signals.carbon_intensity.japan"),
        ({"signals": {"electricity_price": {"us-virginia": 9}}}, "signals.electricity_price.us-virginia"),
        ({"router": {"policy": "cheapest_capable", "assignment": "session"}}, "router.assignment"),
        (resilience(cooldown=0, cooldown_by_hint=True), "router.resilience.cooldown_by_hint"),
        (resilience(disable_cooldowns=True, cooldown=3), "router.resilience.cooldown"),
        (
            resilience(allowed_fails_by_class={"timeout": 1}, lone_failure_count=9),
            "router.resilience.lone_failure_count",
        ),
        (resilience(backoff=3), "router.resilience.backoff"),
        (resilience(max_fallbacks=3), "router.resilience.max_fallbacks"),
        (resilience(cooldown=0, allowed_fails=3), "router.resilience.allowed_fails"),
        (resilience(allowed_fails=3, failure_ratio=0.3), "router.resilience.failure_ratio"),
        (
            {"faults": [{"kind": "brown_out", "at": 1, "duration": 1, "target": "small", "factor": 1}]},
            "faults.0",
        ),
        (
            {"catalog": {"overrides": {"accelerators": {"h100": {"idle_w": 9}}}}},
            "catalog.overrides.accelerators.h100",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_changes_nothing_is_told_by_its_path(change: dict[str, object], path: str) -> None:
    """Each is one sentence of the report's warnings."""
    told = without_effect(scenario(**change))
    assert [text.partition(" has no effect: ")[0] for text in told] == [path]


@pytest.mark.parametrize(
    "change",
    [
        {},
        with_stream(arrivals={**GAMMA, "cv": 3}),
        with_stream(arrivals={**ON_OFF, "burst_share": 0.3}),
        with_stream(client={"timeout": 5, "retries": 2, "backoff": 2}),
        with_stream(agent=AGENT, slo={"e2e": 9}),
        with_stream(length_effects="none"),
        with_stream(length_effects="task", output_tokens=9),
        with_stream(length_effects="all", output_tokens=9),
        with_stream(length_effects="all", arrivals=TRACE),
        with_stream(length_effects="none", arrivals=TRACE, agent=AGENT),
        {"workload": {"streams": [CHAT, {**CHAT, "name": "b", "priority": 3}]}},
        {"fleet": [{**SMALL, "replicas": 2, "balancing": "random"}, FRONTIER]},
        {"fleet": [{**SMALL, "autoscaling": {"min": 1, "max": 2, "target": 3}}, FRONTIER]},
        device(sustained=True),
        device(throttling=False),
        {"network": {"egress_usd_per_gb": 0.1, "bytes_per_output_token": 9, "last_mile": {"cloud": 1}}},
        {"signals": {"carbon_intensity": {"us-virginia": 9}}},
        {"fleet": [OWNED], "signals": {"electricity_price": {"us-virginia": 9}}},
        {"router": {"policy": "cheapest_capable", "instances": 2, "staleness": 1}},
        {"router": {"policy": "cheapest_capable", "instances": 2, "assignment": "session"}},
        resilience(retries=1, backoff=3),
        resilience(retries_by_class={"timeout": 1}, backoff=3),
        resilience(content_policy_fallbacks={"small": ["frontier"]}, max_fallbacks=3),
        resilience(breaker={}),
        resilience(allowed_fails=3),
        {"catalog": {"overrides": {"accelerators": {"a100": {"idle_w": 9}}}}},
    ],
)  # fmt: skip
def test_a_setting_that_changes_something_is_not_told(change: dict[str, object]) -> None:
    """Nobody is warned of what counts."""
    assert without_effect(scenario(**change)) == ()


@pytest.mark.parametrize("key", [{"length_effects": "task"}, {"output_tokens": 9}])
def test_recorded_answers_come_before_stated_lengths(tmp_path: Path, key: dict[str, object]) -> None:
    """What a stream says of answer lengths is told to be in vain; a session's prompts still carry them."""
    path = tmp_path / "answers.csv"
    rows = "q,llama-3.1-8b,1,31\nq,gpt-6.1-sol,1,77\n"
    path.write_text(f"query,model,correct,output_tokens\n{rows}", encoding="utf-8")
    recorded = {"quality": {"outcomes": str(path)}}
    (told,) = without_effect(scenario(**recorded, **with_stream(**key)))
    (name,) = key
    assert told == f"workload.streams.0.{name} has no effect: quality.outcomes gives each answer's length"
    session = {"turns": 2, "think_time": 1}
    later = without_effect(scenario(**recorded, **with_stream(**key, session=session)))
    assert len(later) == (name == "length_effects")


def test_shipped_scenarios_have_nothing_without_effect() -> None:
    """What ships is an example."""
    for name in shipped_scenarios():
        assert without_effect(load_scenario(name)) == ()


def test_a_deployment_that_answers_nothing_is_named_with_its_dollars() -> None:
    """Four hours of four idle chips are in the report's warnings; what answers is not."""
    idle = {**SMALL, "name": "idle", "replicas": 4}
    router = {"policy": "static", "parameters": {"target": "frontier"}}
    changes = with_stream(arrivals={"pattern": "steady", "rate": 0.005})
    ready = load_scenario(plain(duration="4h", fleet=[idle, FRONTIER], router=router, **changes))
    report = simulate(ready).report
    chip = ready.catalog.accelerator("a100")
    usd = 16 * float(min(chip.rent_usd_per_hour.values()))
    (text,) = (one for one in report.plain["warnings"] if "answered nothing" in one)
    assert text.startswith("idle: answered nothing, and cost $")
    assert report.figure("cost_usd.capacity_idle") >= usd
    assert f"of which ${report.figure('cost_usd.capacity_idle'):,.2f} idle" in text


def test_a_stream_without_a_request_is_named() -> None:
    """Objectives of nobody are not met, they are not measured."""
    quiet = {**CHAT, "name": "quiet", "arrivals": {"pattern": "steady", "rate": 1e-9}, "slo": {"ttft": 1}}
    report = simulate(load_scenario(plain(duration="20s", workload={"streams": [CHAT, quiet]}))).report
    told = [text for text in report.plain["warnings"] if "no request arrived" in text]
    assert told == ["stream 'quiet': no request arrived in the window; nobody measured its objectives"]


def test_a_profile_that_stands_in_is_told() -> None:
    """Nobody chose it, the chip was never measured with it: the warning names those that were."""

    def told(engine: dict[str, object]) -> str:
        fleet = [{**SMALL, "engine": engine}]
        report = simulate(load_scenario(plain(duration="20s", fleet=fleet))).report
        return next(text for text in report.plain["warnings"] if "was fitted to" in text)

    assert "no engine.profile is given, and this one stands in; fitted to 'a100': " in told({})
    assert "stands in" not in told({"profile": "generic-vllm"})
