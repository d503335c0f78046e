"""The accountant's law in small named worlds: quick to say which kind of cost went wrong."""

from __future__ import annotations

import pytest

from billed_worlds import BATCHED, BOX, FIGHTS, LONG, PHONES, SHARED, SOL
from oracle.accountant.comparing import disagreements
from oracle.accountant.report import Accountant
from simulator import load_scenario, simulate
from world_cases import AGENT, CHAT, FRONTIER, SMALL, UNIT, plain

TALK = {**CHAT, "arrivals": {"pattern": "steady", "rate": 1.0}}
TENANTS = {**TALK, "tenants": {"retail": 3, "press": 1}}
STRICT = {**TALK, "slo": {"ttft": "400ms", "tpot": "13ms", "e2e": "8s"}}
IMPATIENT = {**TALK, "client": {"timeout": "2s", "retries": 2, "backoff": "500ms"}}
OWNED = {"tier": "on_prem", "pricing": {"owned": True, "wacc_ratio": 0.1, "residual_ratio": 0.2}}
SCALED = {"max": 3, "target": 2, "interval": "4s", "cold_start": "3s", "scale_in_delay": "10s"}
DARK = [{"kind": "outage", "target": "small", "at": "20s", "duration": "5s"}]
SHAKY = [
    {"kind": "brown_out", "target": "frontier", "at": "5s", "duration": "40s", "failure_ratio": 0.4},
    {"kind": "spot_loss", "target": "small", "at": "12s", "notice": "2s", "duration": "20s"},
]
SIGNALS = {
    "carbon_intensity": {"us-virginia": 400},
    "electricity_price": {"us-virginia": {"00:00": 0.1, "00:01": 0.3}},
}


def streams(*several: dict[str, object]) -> dict[str, object]:
    """The `workload` part."""
    return {"workload": {"streams": list(several)}}


def fleet(*others: dict[str, object], small: dict[str, object] | None = None, api: object = None) -> object:
    """The `fleet` part: a small model of one's own, a frontier model that is bought, and others."""
    bought = FRONTIER if api is None else {**FRONTIER, "api": {"offer": SOL, **api}}
    return {"fleet": [{**SMALL, **(small or {})}, bought, *others]}


CASES = {
    "cascade": {"router": {"policy": "cascade", "parameters": {"cost_usd": 0.0002}}, **streams(TENANTS)},
    "hedge": {"router": {"policy": "hedge", "parameters": {"after_s": 0.2}}, **streams(STRICT)},
    "decisions_cost": {
        "router": {"policy": "score_threshold", "decision_latency": "20ms", "decision_usd": 1e-4}
    },
    "impatience": {**streams(IMPATIENT), **fleet(small={"engine": {"max_sequences": 2, "queue_limit": 3}})},
    "preemption": {**streams({**TALK, **LONG}), **fleet(small={"engine": FIGHTS})},
    "agents": streams({**TALK, "agent": AGENT}, {**TALK, "name": "other", "region": "us-texas"}),
    "owned": {**fleet(small=OWNED), "signals": SIGNALS},
    "hours": {
        **fleet(small={**OWNED, "replicas": 2}),
        "signals": {
            "electricity_price": {
                "us-virginia": {
                    f"{hour:02}:{minute}": 0.05 + 0.01 * (hour + int(minute) % 7)
                    for hour in range(24)
                    for minute in ("00", "17", "40")
                }
            }
        },
        **streams({**TALK, "arrivals": {"pattern": "bursty", "rate": 0.1, "cv": 6.0}}),
        "duration": "50min",
    },
    "spot": fleet(small={"pricing": {"rent": "spot"}, "replicas": 2, "balancing": "router"}),
    "autoscaled": fleet(small={"autoscaling": SCALED}),
    "fails": {**fleet(api={"failure_ratio": 0.3}), "router": {"policy": "round_robin"}, "faults": SHAKY},
    "outage": {"faults": DARK, "router": {"policy": "round_robin", "resilience": {"retries": 2}}},
    "provisioned": {
        **fleet(api={"plan": "provisioned", "units": 2, "throughput": UNIT}),
        "router": {"policy": "random_mix"},
    },
    "provisioned_full": {
        **fleet(
            api={
                "plan": "provisioned",
                "units": 1,
                "throughput": {**UNIT, "input_tokens_per_min_per_unit": 900},
            }
        ),
        **streams({**TALK, **LONG}),
        "router": {"policy": "always_strongest"},
    },
    "nobody_can": streams({**TALK, "input_tokens": 3_000_000}),
    "some_cannot": {
        **streams({**TALK, "name": "long", "input_tokens": 3_000_000}, TALK),
        "seed": 0,
        "warmup": "0s",
    },
    "batched": {
        **fleet(api={"plan": "batch"}),
        **streams(TALK, BATCHED),
        "router": {"policy": "round_robin"},
        "drain": "24h",
    },
    "cached": {
        "fleet": [
            SMALL,
            {**FRONTIER, "model": "claude-haiku-5.5", "api": {"offer": "anthropic/claude-haiku-5.5"}},
        ],
        **streams({**TALK, **LONG}),
        "router": {"policy": "round_robin"},
    },
    "phones": {**fleet(PHONES, SHARED), "router": {"policy": "edge_first"}},
    "endpoint": {**fleet(BOX), "router": {"policy": "round_robin", "resilience": {"retries": 1}}},
    "warmed": {"warmup": "30s", "drain": "3s", "network": {"egress_usd_per_gb": 0.09}, **streams(STRICT)},
    "oracle": {"router": {"policy": "oracle"}, **streams(TENANTS)},
}


@pytest.mark.parametrize("name", CASES)
def test_the_accountant_finds_every_figure_of(name: str) -> None:
    """Whatever is paid for in a small world, every figure is what the accountant finds."""
    changes = {"duration": "90s", "warmup": "10s", "drain": "10min", **streams(TALK), **CASES[name]}
    world = load_scenario(plain(**changes))
    result = simulate(world)
    found = list(disagreements(world, Accountant(world, result).figures(), result.report.to_dict()))
    assert not found, "\n".join(found[:20])
    assert result.report.figure("requests.arrived") > 20
