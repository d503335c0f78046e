"""Small worlds for tests: scenarios as plain data, and Hypothesis strategies over them."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator import Scenario, load_scenario

SMALL = {
    "name": "small",
    "tier": "dedicated",
    "model": "llama-3.1-8b",
    "hardware": {"accelerator": "a100"},
    "region": "us-virginia",
}
FRONTIER = {
    "name": "frontier",
    "tier": "cloud",
    "model": "gpt-6.1-sol",
    "api": {"offer": "openai/gpt-6.1-sol"},
    "region": "us-virginia",
}
PHONE = {
    "name": "phone",
    "tier": "edge",
    "model": "llama-3.2-3b",
    "device": {"device": "iphone-14-pro-max"},
    "region": "us-virginia",
}
CHAT = {
    "name": "chat",
    "task": "support_chat",
    "region": "us-virginia",
    "arrivals": {"pattern": "steady", "rate": 2.0},
    "devices": 50,
}


def plain(**changes: object) -> dict[str, object]:
    """A small valid scenario as plain data, with top-level parts replaced."""
    return {
        "name": "test",
        "seed": 5,
        "start": "2026-11-02",
        "duration": "3min",
        "workload": {"streams": [CHAT]},
        "fleet": [SMALL, FRONTIER],
        "router": {"policy": "cheapest_capable"},
        **changes,
    }


def scenario(**changes: object) -> Scenario:
    """A small loaded scenario, with top-level parts replaced."""
    return load_scenario(plain(**changes))


def with_stream(**changes: object) -> dict[str, object]:
    """The `workload` part with the one stream changed."""
    return {"workload": {"streams": [{**CHAT, **changes}]}}


arrivals = st.sampled_from(
    [
        {"pattern": "steady", "rate": 3.0},
        {"pattern": "bursty", "rate": 4.0, "cv": 4.0},
        {"pattern": "bursty", "rate": 4.0, "process": "on_off", "burst_duration": "10s"},
        {"pattern": "diurnal", "rate": 2.0, "peak_to_trough": 8.0},
    ]
)
clients = st.sampled_from(
    [{}, {"timeout": "2s"}, {"timeout": "4s", "retries": 2, "backoff": "500ms"}, {"timeout": "50ms"}]
)
AGENT = {
    "calls": {"uniform": [2, 9]},
    "tool_time": {"exponential": "2s"},
    "tool_output_tokens": {"median": 300, "p95": 2000},
}
sequels = st.sampled_from(
    [
        {},
        {"session": {"turns": 3, "think_time": "2s"}},
        {"session": {"turns": {"uniform": [1, 4]}, "think_time": {"exponential": 5}}},
        {"agent": AGENT},
        {"agent": {**AGENT, "tool_time": 0, "success": "all", "shared_difficulty": 1}},
    ]
)
more_agents = st.sampled_from(
    [(), ({**CHAT, "name": "agents", "arrivals": {"pattern": "steady", "rate": 0.3}, "agent": AGENT},)]
)
engines = st.sampled_from(
    [
        {},
        {"max_sequences": 2, "queue_limit": 3},
        {"kv_room_tokens": 4000, "token_budget": 512},
        {"kv_room_tokens": 9000, "max_sequences": 16},
    ]
)
phones = st.sampled_from(
    [
        PHONE,
        {**PHONE, "model": "qwen3-4b"},
        {
            **PHONE,
            "model": "qwen3-4b",
            "device": {
                "device": "iphone-14-pro-max",
                "queue_limit": 1,
                "offline": {"share": 0.4, "duration": "8s", "daily": ["19:00", "19:01"]},
            },
        },
    ]
)
scalings = st.sampled_from(
    [
        {"metric": "outstanding", "target": 2},
        {"metric": "waiting", "target": 1, "scale_to_zero": True},
        {"metric": "utilization", "target": 0.5},
        {"metric": "kv_usage", "target": 0.02},
    ]
)
UNIT = {"usd_per_unit_hour": 2, "input_tokens_per_min_per_unit": 4000, "output_weight": 4}
apis = st.sampled_from(
    [
        {},
        {"failure_ratio": 0.3},
        {"requests_per_min": 20},
        {"concurrency": 2},
        {"concurrency": 6, "overload": {"from_ratio": 0.3, "slowdown": 4}},
        {"input_tokens_per_min": 9000},
        {"plan": "provisioned", "units": 3, "throughput": UNIT},
    ]
)
routers = st.sampled_from(
    [
        {"policy": "cheapest_capable"},
        {"policy": "least_outstanding", "staleness": "1s", "instances": 2},
        {"policy": "score_threshold", "decision_latency": "20ms", "decision_usd": 0.0001},
        {"policy": "cascade", "parameters": {"cost_usd": 0.0002}},
        {"policy": "hedge", "parameters": {"after_s": 0.2}},
        {"policy": "random_mix", "resilience": {"retries": 2, "default_fallbacks": ["small"]}},
        {"policy": "round_robin", "resilience": {"retries": 1, "cooldown": "3s"}},
        {"policy": "edge_first"},
        {"policy": "oracle"},
    ]
)
faults = st.sampled_from(
    [
        [],
        [{"kind": "outage", "target": {"region": "us-virginia"}, "at": "20s", "duration": "5s"}],
        [
            {"kind": "random_outage", "target": "small", "mtbf": "10s", "mttr": "3s"},
            {"kind": "slow_replica", "target": "small/0", "at": "15s", "duration": "30s", "factor": 3},
        ],
        [
            {"kind": "brown_out", "target": "frontier", "at": "5s", "duration": "40s", "failure_ratio": 0.4},
            {"kind": "spot_loss", "target": "small", "at": "12s", "notice": "2s", "duration": "20s"},
            {"kind": "maintenance", "target": "small", "at": "30s", "notice": "1s", "duration": "9s"},
        ],
    ]
)


@st.composite
def worlds(draw: st.DrawFn) -> Scenario:
    """Scenarios in which timeouts, refusals, failures, retries, sessions and agents meet."""
    stream = {**CHAT, "arrivals": draw(arrivals), "client": draw(clients), **draw(sequels)}
    small = {**SMALL, "engine": draw(engines)}
    match draw(st.sampled_from(["balanced", "router", "scaled"])):
        case "balanced":
            small |= {"replicas": draw(st.integers(1, 3))}
        case "router":
            small |= {"replicas": draw(st.integers(1, 3)), "balancing": "router"}
        case _:
            quick = {"max": 3, "interval": "4s", "cold_start": "3s", "scale_in_delay": "10s"}
            small["autoscaling"] = {**quick, **draw(scalings)}
    api = {**FRONTIER, "api": {"offer": "openai/gpt-6.1-sol", **draw(apis)}}
    fleet = [small, api, draw(phones)] if draw(st.booleans()) else [small, api]
    return scenario(
        seed=draw(st.integers(0, 1000)),
        duration="60s",
        warmup=draw(st.sampled_from(["0s", "10s"])),
        drain=draw(st.sampled_from(["1h", "5s"])),
        workload={"streams": [stream, *draw(more_agents)]},
        fleet=fleet,
        router=draw(routers),
        faults=draw(faults),
    )
