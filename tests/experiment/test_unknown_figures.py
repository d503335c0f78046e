"""What nobody knows is unknown in every sum that it is part of, and in no other one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from partial_reports import partial_report
from simulator import compare, load_scenario, simulate
from simulator.experiment.pareto import dominates
from simulator.report.figures import plain
from simulator.report.mean_report import mean_block
from simulator.report.report import Report
from wayfare.convert.report import report_data, report_message
from wayfare.render.conclusion import conclusion

CHIP = {
    "memory_gb": 100,
    "bandwidth_gb_per_s": 2000,
    "tflops": {"bf16": 500, "fp8": 1000},
    "link_gb_per_s": 64,
    "tdp_w": 600,
}
MODEL = {
    "context_window_tokens": 32768,
    "architecture": {
        "layers": 32, "hidden": 4096, "heads": 32, "kv_heads": 8, "head_dim": 128,
        "total_params_b": 8.03, "active_params_b": 7.5,
    },
}  # fmt: skip
SUCCESS = {"success": {"support_chat": 0.9}}
CARBON = {"embodied_kgco2e": 100}
RENT = {"rent_usd_per_hour": 1.5}
MINE = {
    "name": "mine",
    "tier": "dedicated",
    "model": "my-model",
    "hardware": {"accelerator": "my-chip", "precision": "fp8"},
    "engine": {"profile": "vllm-0.19"},
    "region": "us-virginia",
}
HOSTED = {
    "name": "hosted",
    "tier": "cloud",
    "model": "gpt-4o",
    "api": {"offer": "openai/gpt-4o"},
    "region": "us-virginia",
}


def scenario(
    chip: dict[str, Any], model: dict[str, Any], target: str = "mine", **mine: object
) -> dict[str, Any]:
    """An own deployment beside an API, everything sent to one of them."""
    stream = {"name": "chat", "task": "support_chat", "region": "us-virginia"}
    return {
        "name": "unknown",
        "start": "2026-11-02",
        "duration": "10min",
        "catalog": {
            "overrides": {"accelerators": {"my-chip": CHIP | chip}, "models": {"my-model": MODEL | model}}
        },
        "workload": {"streams": [stream | {"arrivals": {"pattern": "steady", "rate": "1/s"}}]},
        "fleet": [MINE | mine, HOSTED],
        "router": {"policy": "static", "parameters": {"target": target}},
    }


def report_of(chip: dict[str, Any], model: dict[str, Any], target: str = "mine", **mine: object) -> Report:
    """The report of one run."""
    return simulate(load_scenario(scenario(chip, model, target, **mine))).report


MONEY = ("cost_usd.total", "cost_usd.capacity_used", "cost_usd.capacity_idle", "cost_usd.wasted")
MONEY += ("cost_usd.per_request", "cost_usd.per_correct", "cost_usd.per_mtok", "cost_usd.per_month")
MONEY += ("drain.cost_usd.total", "drain.cost_usd.capacity_used")
QUALITY = ("quality.success_ratio", "quality.oracle_success_ratio", "cost_usd.per_correct")
EMBODIED = ("emissions_gco2e.embodied",)


@pytest.mark.parametrize(
    ("chip", "model", "unknown"),
    [
        (RENT | CARBON, SUCCESS, ()),
        (CARBON, SUCCESS, MONEY),
        (RENT, SUCCESS, EMBODIED),
        (RENT | CARBON, {}, QUALITY),
        ({}, {}, MONEY + QUALITY + EMBODIED),
    ],
)
def test_exactly_what_depends_on_it_is_unknown(
    chip: dict[str, Any], model: dict[str, Any], unknown: tuple[str, ...]
) -> None:
    """None in the report; all else is as where everything is known, and JSON, wire and digest bear it."""
    report, whole = report_of(chip, model), report_of(RENT | CARBON, SUCCESS)
    for path in {*MONEY, *QUALITY, *EMBODIED}:
        assert (report.figure(path) is None) == (path in unknown), path
        if path not in unknown:
            assert report.figure(path) == pytest.approx(whole.figure(path))
    for path in ("energy_wh.total", "emissions_gco2e.total", "cost_usd.energy", "latency.ttft_s.p95"):
        assert report.figure(path) == pytest.approx(whole.figure(path))
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert report_data(report_message(plain))["cost_usd"]["total"] == plain["cost_usd"]["total"]


def test_other_rows_are_known() -> None:
    """What an API took has its price; the deployment without one has none, nor has the sum."""
    report = report_of({}, {}, "hosted")
    by: Any = report.plain["by"]
    assert by["deployment"]["hosted"]["cost_usd"]["total"] > 0.0
    assert by["deployment"]["hosted"]["quality"]["success_ratio"] > 0.5
    assert by["deployment"]["mine"]["cost_usd"]["total"] is None
    assert by["deployment"]["mine"]["cost_usd"]["api"] == 0.0
    assert by["task"]["support_chat"]["cost_usd"]["total"] == pytest.approx(
        by["deployment"]["hosted"]["cost_usd"]["total"]
    )
    assert report.figure("cost_usd.total") is None
    assert report.figure("quality.success_ratio") == by["deployment"]["hosted"]["quality"]["success_ratio"]
    assert report.figure("quality.oracle_success_ratio") is None


def test_the_run_says_once_what_is_unknown() -> None:
    """A note for each of price, carbon and success, with the key that would tell."""
    said = " ".join(str(report_of({}, {}).plain["warnings"]).split())
    assert said.count("unknown, not 0") == 3
    assert "mine: no rent of 'my-chip' is known (pricing.usd_per_chip_hour): costs are unknown" in said
    known = str(report_of(RENT | CARBON, SUCCESS).plain["warnings"])
    assert "unknown, not 0" not in known
    owned = str(report_of({}, {}, pricing={"owned": True}).plain["warnings"])
    assert "no purchase price of 'my-chip' is known (pricing.purchase_usd_per_chip)" in owned


def test_owners_still_know_their_electricity() -> None:
    """Without a purchase price capital is unknown, the metered kilowatt-hours are not."""
    report = report_of({}, SUCCESS, pricing={"owned": True})
    assert report.figure("cost_usd.capacity_used") is None
    assert (report.figure("cost_usd.energy") or 0.0) > 0.0
    bought = report_of({"purchase_usd": 9000}, SUCCESS, pricing={"owned": True})
    assert (bought.figure("cost_usd.total") or 0.0) > (report.figure("cost_usd.energy") or 0.0)


def test_unknown_cost_is_incomparable() -> None:
    """Nobody beats anybody over it, no difference is made of it, and the conclusion says so."""
    data = scenario({}, {})
    result = compare(load_scenario(data), ["static", "round_robin"], replications=2)
    assert not [one for one in result.differences if one.metric.startswith("cost_usd")]
    assert set(result.pareto) >= {"static", "round_robin", "always_cheapest"}
    assert "Cost cannot be compared: unknown under static" in conclusion(result)
    assert "Accuracy cannot be compared: unknown under static" in conclusion(result)
    assert result.routing_quality["aiq"] is None
    known = compare(load_scenario(scenario(RENT, SUCCESS)), ["static"], replications=2)
    assert "cannot be compared" not in conclusion(known)


def test_routers_take_an_unknown_price_for_the_dearest() -> None:
    """Where any model will do, the cheapest is the one whose price is known."""
    data = scenario({}, {"success": {"support_chat": 0.99}})
    data["router"] = {"policy": "cheapest_capable", "parameters": {"floor": 0.0}}
    by: Any = simulate(load_scenario(data)).report.plain["by"]
    assert "mine" not in by["deployment"] or by["deployment"]["mine"]["requests"]["completed"] == 0
    data["catalog"]["overrides"]["accelerators"]["my-chip"] = CHIP | {"rent_usd_per_hour": 0.01}
    by = simulate(load_scenario(data)).report.plain["by"]
    assert by["deployment"]["mine"]["requests"]["completed"] > 0


def flat(total: float | None, ratio: float | None = 0.5) -> Report:
    """A report of two blocks."""
    fields: dict[str, Any] = {
        "cost_usd": {"total": total, "per_request": total},
        "quality": {"success_ratio": ratio},
        "latency": {"e2e_s": {"p95": 1.0}},
        "warnings": [],
        "wall_s": 0.0,
        "intervals": {},
    }
    return partial_report("x", fields)


def test_a_mean_of_unknowns_is_unknown() -> None:
    """One replication that lacks a total takes it from the mean, and what is made of it."""
    lost = mean_block([flat(1.0).cost_usd, flat(None).cost_usd])
    assert (lost.total, lost.per_request) == (None, None)
    kept = mean_block([flat(1.0).cost_usd, flat(3.0).cost_usd])
    assert (kept.total, kept.per_request) == (2.0, 2.0)
    times = [flat(1.0).latency.e2e_s, replace(flat(1.0).latency.e2e_s, p95=None)]
    assert mean_block(times).p95 == 1.0


def test_unknown_costs_beat_nobody() -> None:
    """Neither does whose cost is known beat whose is not, nor the other way round; known ones do."""
    dear, cheap, unknown = [flat(2.0)], [flat(1.0)], [flat(None)]
    assert dominates(cheap, dear, 0.95)
    assert not dominates(cheap, unknown, 0.95)
    assert not dominates(unknown, dear, 0.95)
    better = [flat(1.0, 0.9)]
    assert dominates(better, dear, 0.95)
    assert not dominates(better, unknown, 0.95)


def test_nan_becomes_none_everywhere() -> None:
    """In maps, in lists, and nowhere else."""
    found = plain({"a": float("nan"), "b": [float("nan"), 1.0, "nan"], "c": {"d": 0}})
    assert found == {"a": None, "b": [None, 1.0, "nan"], "c": {"d": 0}}
