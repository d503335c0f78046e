"""Sentences about routing itself say what the figures do."""

from __future__ import annotations

from types import SimpleNamespace

from wayfare.render.html.routing import routing_line
from wayfare.render.routing import mix_line, routing_lines, score_line


def mix(cost, saving):
    """A policy's figures beside mixes."""
    return {
        "usd_per_request_of_mix": cost,
        "saving_ratio": saving,
        "quality_gain": 0.012,
        "quality_of_mix": 0.7,
    }


def test_a_policy_stands_beside_the_mix_of_its_accuracy() -> None:
    """Cheaper, dearer, as dear, or beyond what any mix reaches."""
    assert "costs $3.00 per 1k requests; the policy costs 25.0 % less" in mix_line("p", mix(0.003, 0.25))
    assert "the policy costs 50.0 % more" in mix_line("p", mix(0.003, -0.5))
    assert mix_line("p", mix(0.003, 0.0)).endswith(": as much.")
    assert mix_line("p", mix(None, None)) == "No mix of single models is as accurate as p."


def test_a_score_is_told_with_its_interval() -> None:
    """APGR and the shares of strong calls; without a gap there is nothing to measure."""
    found = {
        "apgr": 0.6694,
        "cpt50": 0.2575,
        "cpt80": 0.597,
        "intervals": {"apgr": {"low": 0.65, "high": 0.69}},
    }
    line = score_line("s", found)
    assert line.startswith("Router score s: APGR 0.669 [0.650, 0.690]; ")
    assert "25.8 % of calls for 50 % of the gap and 59.7 % of calls for 80 % of the gap." in line
    assert "nothing to measure" in score_line("s", {"apgr": None})


def test_only_policies_that_were_asked_for_are_told() -> None:
    """Baselines and points of sweeps are left to the tables."""
    measures = {
        "against_mixes": {name: mix(0.002, 0.1) for name in ("mine", "oracle", "point")},
        "scores": {},
    }
    comparison = SimpleNamespace(
        routing_quality=measures,
        baselines=("oracle",),
        swept=frozenset({"point"}),
        policies=("mine", "oracle", "point"),
    )
    (line,) = routing_lines(comparison)
    assert line.startswith("For the accuracy of mine")


def test_a_row_of_the_page_has_points_and_dollars() -> None:
    """Shares in percent, differences in points, dollars by the thousand; dashes for what is not known."""
    measures = {
        "pgr": {"p": 0.5},
        "against_mixes": {"p": mix(0.003, -0.25)},
        "arena_score": {"p": 0.8131},
        "regret": {"p": {"success_ratio": 0.085, "usd_per_request": -0.00028}},
    }
    cells = [cell.text for cell in routing_line(measures, "p").cells]
    assert cells == ["50.0 %", "$3.00", "-25.0 %", "+1.2", "0.813", "+8.5", "-$0.280"]
    assert {cell.text for cell in routing_line(measures, "other").cells} == {"-"}
