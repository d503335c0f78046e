"""Hypothesis' worlds for the accountant: every way to be paid, to draw power, to ask and to be judged."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import world_cases
from world_cases import AGENT, CHAT, FRONTIER, PHONE, SMALL, UNIT, plain

OWNERSHIPS = st.sampled_from(
    [
        {},
        {"pricing": {"owned": True}},
        {"pricing": {"owned": True, "purchase_usd_per_chip": 9000, "lifetime_years": 3}},
        {"pricing": {"owned": True, "wacc_ratio": 0, "staff_usd_per_host_year": 9000, "residual_ratio": 0.4}},
        {"pricing": {"rent": "spot"}},
        {"pricing": {"usd_per_chip_hour": 2.5}},
        {"tier": "on_prem"},
        {"hardware": {"accelerator": "h100", "tensor_parallel": 2}, "region": "eu-netherlands"},
    ]
)
FIGHTS = {"max_sequences": 4, "kv_room_tokens": 6000}
ENGINES = st.sampled_from([{}, {"max_sequences": 2, "queue_limit": 3}, FIGHTS])
SOL = "openai/gpt-6.1-sol"
SELLERS = [
    {},
    {"api": {"offer": SOL, "requests_per_min": 30}},
    {"api": {"offer": SOL, "failure_ratio": 0.3}},
    {"api": {"offer": SOL, "plan": "batch"}},
    {"model": "claude-haiku-5.5", "api": {"offer": "anthropic/claude-haiku-5.5", "plan": "batch"}},
    {"model": "gemini-4-argon", "api": {"offer": "google/gemini-4-argon", "plan": "batch"}},
    {"api": {"offer": SOL, "plan": "provisioned", "units": 2, "throughput": UNIT}},
    {"api": {"offer": SOL, "concurrency": 3}, "region": "us-texas"},
    {"model": "claude-haiku-5.5", "api": {"offer": "anthropic/claude-haiku-5.5"}},
    {"model": "deepseek-r1", "api": {"offer": "deepseek/deepseek-r1"}},
    {"model": "gemini-4-argon", "api": {"offer": "google/gemini-4-argon"}, "region": "australia"},
]
DATED = [{"model": "deepseek-v3", "api": {"offer": "deepseek/deepseek-v3"}}]
TIMES = ["2026-11-02", "2026-10-25T00:59:30Z", "2026-07-04T18:00:00Z", "2026-09-01T01:30:00+05:30"]
CHANGES = [
    "2025-03-01T16:29:30Z",
    "2025-09-04T23:59:30Z",
    "2025-09-05T01:59:40+02:00",
    "2025-02-25T22:30:00-02:00",
]
SALES: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.sampled_from(TIMES), st.sampled_from(SELLERS)),
    st.tuples(st.sampled_from(CHANGES), st.sampled_from(DATED)),
)
"""When a run begins, and who sells then: some begin shortly before a price changes."""
SHARED = {**PHONE, "name": "kiosk", "device": {"device": "mac-mini-m4", "per_user": False, "count": 3}}
PHONES = {**PHONE, "model": "qwen3-4b", "device": {"device": "iphone-14-pro-max", "offline": {"share": 0.3}}}
BOX = {
    "name": "box",
    "tier": "dedicated",
    "model": "llama-3.1-70b",
    "region": "us-texas",
    "endpoint": {
        "servers": 4,
        "service_time": {"exponential": 1.5},
        "first_token_ratio": 0.2,
        "usd_per_request": 0.002,
        "usd_per_server_hour": 3,
        "power_w": 400,
        "idle_w": 90,
        "failure_ratio": 0.1,
    },
}
MACHINES = st.sampled_from([[], [PHONES], [SHARED], [BOX], [PHONES, SHARED, BOX]])
OBJECTIVES = st.sampled_from(
    [
        {},
        {"slo": {"ttft": "200ms"}},
        {"slo": {"tpot": "14ms"}},
        {"slo": {"e2e": "3s"}},
        {"slo": {"ttft": "400ms", "tpot": "20ms", "e2e": "8s"}},
    ]
)
LONG = {
    "session": {"turns": {"uniform": [2, 6]}, "think_time": "1s"},
    "input_tokens": {"median": 900, "p95": 4000},
}
SEQUELS = st.sampled_from(
    [{}, LONG, {"agent": AGENT}, {"agent": {**AGENT, "tool_time": 0, "success": "all"}}]
)
TENANTS = st.sampled_from([{}, {"tenants": {"retail": 3, "press": 1}}])
FEW = {**CHAT, "arrivals": {"pattern": "steady", "rate": 0.1}}
BATCHED = {**FEW, "name": "batched", "deferrable": True, "session": {"turns": 3, "think_time": "1s"}}
BATCHED |= {"input_tokens": 1_500, "max_output_tokens": 800}
OTHERS = st.sampled_from(
    [
        [BATCHED],
        [BATCHED, {**FEW, "name": "code", "task": "code_completion", "region": "us-texas", "priority": 1}],
        [BATCHED, {**FEW, "name": "read", "task": "rag_answer", "residency": ["us-virginia", "us-texas"]}],
        [
            BATCHED,
            {**FEW, "name": "hard", "task": "reasoning", "banned_tiers": ["edge"], "capability_floor": 0.5},
        ],
    ]
)
SIGNALS = st.sampled_from(
    [
        {},
        {"carbon_intensity": {"us-virginia": 400}, "electricity_price": {"us-virginia": 0.2}},
        {"electricity_price": {"us-texas": 0.11, "eu-netherlands": 0.31}},
        {"electricity_price": {"us-virginia": {"00:00": 0.1, "20:05": -0.02, "21:00": 0.3}, "us-texas": 0}},
    ]
)
ROUTERS = st.sampled_from(
    [
        {"policy": "cheapest_capable"},
        {"policy": "round_robin", "resilience": {"retries": 2, "backoff": "200ms"}},
        {"policy": "random_mix", "resilience": {"retries": 1, "default_fallbacks": ["small"]}},
        {"policy": "score_threshold", "decision_latency": "20ms", "decision_usd": 0.0001},
        {"policy": "cascade", "parameters": {"cost_usd": 0.0002}},
        {"policy": "hedge", "parameters": {"after_s": 0.2}},
        {"policy": "edge_first"},
        {"policy": "least_outstanding"},
    ]
)


SELDOM = {"pattern": "steady", "rate": 0.1}
SPANS = st.one_of(
    st.tuples(st.sampled_from(["40s", "60s"]), world_cases.arrivals), st.just(("17min", SELDOM))
)
"""Short busy runs, and long quiet ones: idle energy is told apart by quarters of an hour."""


@st.composite
def billed_worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Scenarios as plain data in which every kind of cost, draught and judgement of the report occurs."""
    asked = {"client": draw(world_cases.clients)}
    duration, arrivals = draw(SPANS)
    first = {**CHAT, "arrivals": arrivals, **asked, **draw(SEQUELS), **draw(OBJECTIVES)}
    streams = [{**first, **draw(TENANTS)}, *draw(OTHERS)]
    small = {**SMALL, "engine": draw(ENGINES), **draw(OWNERSHIPS)}
    if draw(st.booleans()):
        small["autoscaling"] = {
            "max": 3,
            "target": 2,
            "interval": "4s",
            "cold_start": "3s",
            "scale_in_delay": "10s",
        }
    else:
        small |= {
            "replicas": draw(st.integers(1, 3)),
            "balancing": draw(st.sampled_from(["random", "router"])),
        }
    start, seller = draw(SALES)
    batched = seller.get("api", {}).get("plan") == "batch"
    return plain(
        seed=draw(st.integers(0, 1000)),
        start=start,
        duration=duration,
        warmup=draw(st.sampled_from(["0s", "10s"])),
        drain="24h" if batched else draw(st.sampled_from(["10min", "5s"])),
        workload={"streams": streams},
        network={"egress_usd_per_gb": draw(st.sampled_from([0.0, 0.09]))},
        signals=draw(SIGNALS),
        fleet=[small, {**FRONTIER, **seller}, *draw(MACHINES)],
        router=draw(ROUTERS),
        faults=draw(world_cases.faults),
    )
