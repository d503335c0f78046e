"""Effects of routing, recomputed row by row from a run's published records."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from simulator import load_scenario, simulate
from simulator.routing_quality.system import routing_effects
from world_cases import CHAT, FRONTIER, SMALL, plain

POLICIES = ["cascade", "hedge:after_s=0.2", "random_mix", "power_of_two", "always_busiest"]


def busy(**changes):
    """Conversations of two tenants, a frontier that fails and a router that retries and falls back."""
    chat = {
        **CHAT,
        "arrivals": {"pattern": "steady", "rate": 3.0},
        "tenants": {"a": 3.0, "b": 1.0},
        "session": {"turns": {"uniform": [1, 4]}, "think_time": {"median": "2s", "p95": "6s"}},
        "slo": {"ttft": "1s", "e2e": "8s"},
    }
    failing = {**FRONTIER, "api": {**FRONTIER["api"], "failure_ratio": 0.3}}
    return load_scenario(
        plain(
            duration="2min",
            warmup="10s",
            workload={"streams": [chat]},
            fleet=[SMALL, failing],
            router={
                "policy": "static",
                "resilience": {"retries": 0, "default_fallbacks": [SMALL["name"]], "cooldown": 0},
                "decision_usd": 1e-5,
            },
            **changes,
        )
    )


@pytest.fixture(scope="module", params=POLICIES)
def finished(request):
    """A run, its effects and its records as rows."""
    run = simulate(busy(), request.param)
    return routing_effects(run.settlement), run, rows_of(run.requests), rows_of(run.attempts)


def rows_of(columns):
    """Columns as a list of rows."""
    names = list(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def counted(rows):
    """Rows of requests that arrived in the window."""
    return [row for row in rows if row["arrival_s"] >= 10.0]


def spent(row):
    """Dollars of an attempt within the window."""
    return sum(row[f"counted_{part}_usd"] for part in ("api", "capacity", "energy", "egress"))


def test_goodput_is_right_answers_within_objectives(finished) -> None:
    """By second of the window, and by the dollars of attempts."""
    effects, _run, requests, attempts = finished
    good = sum(bool(row["correct"]) and bool(row["slo_met"]) for row in counted(requests))
    assert effects.good_answers_per_s == pytest.approx(good / 110.0)
    assert effects.good_answers_per_usd == pytest.approx(good / sum(map(spent, attempts)))


def test_attempts_and_fallbacks_are_counted_by_request(finished) -> None:
    """Amplification over arrived requests; depth over those that fell back."""
    effects, _run, requests, attempts = finished
    inside = {row["request"] for row in counted(requests)}
    made = [row for row in attempts if row["request"] in inside]
    assert effects.attempts_per_request == pytest.approx(len(made) / len(inside))
    depth = Counter(row["request"] for row in made if row["kind"] == "fallback")
    assert effects.fallback_depth_max == max(depth.values(), default=0)
    if depth:
        assert effects.fallback_depth_mean == pytest.approx(np.mean(list(depth.values())))


def test_waste_is_what_lost_attempts_cost(finished) -> None:
    """Of requests with a hedge, and with an escalation; none where neither was made."""
    effects, _run, _requests, attempts = finished
    kinds = defaultdict(set)
    for row in attempts:
        kinds[row["request"]].add(row["kind"])
    for kind, told in (("hedge", effects.hedge_waste_usd), ("escalation", effects.cascade_waste_usd)):
        lost = [spent(row) for row in attempts if kind in kinds[row["request"]] and row["wasted"]]
        assert told == pytest.approx(sum(lost), rel=1e-6, abs=1e-12)


def test_switches_are_between_answered_turns(finished) -> None:
    """Another model than the turn before, by session with two answered turns."""
    effects, _run, requests, _attempts = finished
    sessions = defaultdict(list)
    for row in counted(requests):
        if row["state"] == "completed" and row["session"] >= 0:
            sessions[row["session"]].append((row["turn"], row["model"]))
    several = [sorted(turns) for turns in sessions.values() if len(turns) > 1]
    switches = sum(one[1] != other[1] for turns in several for one, other in pairwise(turns))
    assert effects.model_switches_per_session == pytest.approx(switches / len(several))


def test_fairness_is_jains_index_of_attainment(finished) -> None:
    """1 where both tenants fare alike, a half where one gets all."""
    effects, _run, requests, _attempts = finished
    by_tenant = defaultdict(list)
    for row in counted(requests):
        by_tenant[row["tenant"]].append(bool(row["slo_met"]))
    shares = [np.mean(met) for met in by_tenant.values()]
    index = sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))
    assert effects.tenant_fairness == pytest.approx(index)
    assert effects.constraint_violations == 0
    assert effects.routing_usd_per_request == pytest.approx(1e-5)


def test_negative_controls_and_hedges_show(finished) -> None:
    """A random mix switches models in conversations; a cascade and a hedge waste what they try in vain."""
    effects, run, _requests, _attempts = finished
    policy = run.report.policy
    if policy == "random_mix":
        assert effects.model_switches_per_session > 0.3
    if policy == "cascade":
        assert effects.cascade_waste_usd > 0.0
    if policy.startswith("hedge"):
        assert effects.hedge_waste_usd > 0.0
