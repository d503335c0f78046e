"""Defaults and words that users, files and other processes rely on stay what they are."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, asdict, fields
from math import isnan
from typing import TYPE_CHECKING

import pytest

from router import (
    BASELINES,
    NO_RESILIENCE,
    TIERS,
    BreakerRules,
    FailureReason,
    Resilience,
    Send,
    StatedRequest,
    Verifier,
    describe_policy,
    make_policy,
    policy_names,
)
from router.constraints import StreamConstraints
from router.host.failures import failure_class
from router.pipeline.part import FilterPart, ScorerPart
from router.pipeline.pickers import LeastLoaded
from router.pipeline.pipeline import Pipeline
from router.pipeline.scorers import LoadScore
from router.steps import AttemptKind, Await, Event, EventKind, Start
from router.testing.samples import sample_fleet, sample_targets
from router.testing.scripted_run import STEP_LIMIT, ScriptedAttempt, ScriptedRun

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "adversarial_delay": {"delay_s": "2.0"},
    "always_busiest": {},
    "always_cheapest": {},
    "always_strongest": {},
    "best_quality": {},
    "budget_cap": {
        "budget_usd": "100.0",
        "period_s": "86400.0",
        "offset_s": "0.0",
        "per": "'all'",
        "pick": "'least_outstanding'",
        "when_spent": "'reject'",
    },
    "budget_pacing": {
        "target_usd_per_request": "0.001",
        "mode": "'soft'",
        "lr": "0.05",
        "ema_alpha": "0.05",
        "lambda_max": "5.0",
    },
    "budgeted_oracle": {"target_usd_per_request": "0.001"},
    "cache_regret": {"floor": "0.7", "horizon": "4.0", "ttl_s": "300.0"},
    "carbon_aware": {"floor": "0.7", "cost_ceiling_usd": "None"},
    "carbon_deferral": {"floor": "0.7", "cost_ceiling_usd": "None", "step_s": "900.0"},
    "cascade": {
        "targets": "()",
        "false_accept_ratio": "0.1",
        "false_reject_ratio": "0.1",
        "latency_s": "0.2",
        "cost_usd": "0.0",
    },
    "cheapest_capable": {"floor": "0.7"},
    "confidence_cascade": {
        "threshold": "0.5",
        "auc": "0.75",
        "targets": "()",
        "escalation_order": "'cost'",
    },
    "domain_rule": {"rules": "None", "default": "()"},
    "consistent_hash": {"key": "'session'", "vnodes": "100", "load_factor": "1.25"},
    "edge_first": {"local_tier": "'edge'", "overflow_outstanding": "2.0", "floor": "0.6"},
    "epsilon_greedy": {"quality_weight": "0.7", "cost_weight": "0.3", "gamma": "1.0", "epsilon": "0.1"},
    "expected_cost": {"length": "'usual'", "cached_ratio": "0.0", "session_cached_ratio": "0.0"},
    "flapping": {"first": "None", "second": "None", "period_s": "30.0"},
    "hedge": {
        "after_s": "1.0",
        "share_ratio": "1.0",
        "delay_percentile": "None",
        "slo_headroom_gate": "False",
    },
    "least_outstanding": {"ties": "'lowest_index'"},
    "linucb": {"quality_weight": "0.7", "cost_weight": "0.3", "gamma": "1.0", "alpha": "0.5", "ridge": "1.0"},
    "lowest_latency": {
        "measure": "'s_per_token'",
        "max_latency_list_size": "10",
        "lowest_latency_buffer": "0.0",
        "ttft_percentile": "None",
        "ttl_s": "3600.0",
    },
    "lowest_price": {},
    "multi_factor": {
        "quality_weight": "0.25",
        "latency_weight": "0.25",
        "cost_weight": "0.25",
        "load_weight": "0.25",
        "latency_metric": "'tpot'",
        "latency_percentile": "95.0",
        "max_latency_list_size": "100",
        "ttl_s": "3600.0",
        "max_tpot_ms": "None",
        "max_ttft_ms": "None",
        "max_cost_per_1m": "None",
        "max_inflight": "None",
        "on_no_candidates": "'cheapest'",
    },
    "marginal_energy": {},
    "oracle": {},
    "power_of_two": {"choices": "2"},
    "prefix_affinity": {
        "cache_threshold": "0.3",
        "balance_abs_threshold": "64",
        "balance_rel_threshold": "1.5",
        "eviction_interval_s": "60.0",
        "max_tree_blocks": "32768",
    },
    "prompt_length": {"threshold_token_count": "500", "weak": "None", "strong": "None"},
    "pipeline": {
        "filters": "()",
        "scorers": "({'success': {'weight': 1.0}}, {'cost': {'weight': 0.5}}, {'load': {'weight': 0.5}})",
        "picker": "'best_score'",
        "when_empty": "'skip'",
    },
    "race": {"targets": "()", "count": "2", "floor": "0.7"},
    "random_mix": {"weights": "None"},
    "recorded": {"mapping": "None", "otherwise": "'reject'"},
    "round_robin": {"weights": "None"},
    "score_threshold": {"threshold": "0.5", "weak": "None", "strong": "None", "score": "None"},
    "slo_headroom": {
        "ttft_weight": "0.8",
        "tpot_weight": "0.2",
        "headroom": "'least'",
        "epsilon_explore": "0.01",
        "max_latency_list_size": "10",
    },
    "session_stickiness": {"ttl_s": "600.0", "inner": "'least_outstanding'"},
    "spill_over": {
        "order": "()",
        "measure": "'outstanding'",
        "spill_threshold": "4.0",
        "return_threshold": "None",
    },
    "static": {"target": "None"},
    "thompson": {
        "quality_weight": "0.7",
        "cost_weight": "0.3",
        "gamma": "1.0",
        "prior_mean": "0.5",
        "prior_mass": "10.0",
        "cap": "200.0",
    },
    "ucb": {
        "quality_weight": "0.7",
        "cost_weight": "0.3",
        "gamma": "1.0",
        "exploration": "1.4142135623730951",
    },
    "usage_based": {"tpm": "None", "rpm": "None"},
    "utility": {
        "willingness_to_pay_usd": "0.01",
        "usd_per_s": "0.0",
        "max_latency_list_size": "10",
        "ttl_s": "3600.0",
    },
    "weighted_score": {
        "success_weight": "1.0",
        "cost_weight": "0.5",
        "load_weight": "0.5",
        "floor": "0.0",
    },
    "weighted_shuffle": {},
}


def test_every_policy_has_the_parameters_and_defaults_it_is_documented_with() -> None:
    """Names, order and defaults of all parameters of all policies that ship."""
    found = {
        name: {parameter.name: parameter.default for parameter in describe_policy(name).parameters}
        for name in policy_names()
    }
    assert found == PARAMETERS
    assert all(list(found[name]) == list(PARAMETERS[name]) for name in found)


@pytest.mark.parametrize("name", [name for name in PARAMETERS if PARAMETERS[name]])
def test_parameters_are_told_in_plain_phrases(name: str) -> None:
    """What is said of a parameter is a phrase in lower case without a full stop."""
    assert make_policy(name) is not None
    for parameter in describe_policy(name).parameters:
        assert re.fullmatch(r"(?!XX)[a-z].*[a-z0-9]", parameter.about)


def test_resilience_defaults_are_the_gateway_s() -> None:
    """Nothing is retried, and a target cools down for five seconds by shares of failures."""
    made = Resilience()
    assert {one.name: getattr(made, one.name) for one in fields(made)} == {
        "retries": 0,
        "retries_by_class": {},
        "backoff_s": 0.5,
        "backoff_max_s": 8.0,
        "jitter_s": 0.75,
        "retry_after_s": 0.0,
        "retry_after_max_s": 60.0,
        "fallbacks": {},
        "context_window_fallbacks": {},
        "content_policy_fallbacks": {},
        "default_fallbacks": (),
        "max_fallbacks": 5,
        "cooldown_s": 5.0,
        "cooldown_by_hint": False,
        "disable_cooldowns": False,
        "allowed_fails": None,
        "allowed_fails_by_class": {},
        "failure_ratio": 0.5,
        "failure_min_count": 5,
        "lone_failure_count": 1000,
        "breaker": None,
    }
    assert asdict(BreakerRules()) == {
        "failure_threshold": 10,
        "success_threshold": 3,
        "timeout_s": 30.0,
        "minimum_requests": 0,
        "window_s": 120.0,
        "probes": 1,
    }
    assert Resilience(cooldown_s=0.0) == NO_RESILIENCE


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ScriptedAttempt, {"first_token_s": 0.5, "ends_s": 2.0, "fails_with": None, "right": True}),
        (
            Verifier,
            {"false_accept_ratio": 0.1, "false_reject_ratio": 0.1, "latency_s": 0.2, "cost_usd": 0.0},
        ),
        (Start, {"kind": AttemptKind.FIRST, "follow": False}),
        (Await, {"interest": EventKind.COMPLETED, "until_s": None}),
        (Event, {"reason": "", "first_token_seen": False}),
        (Send, {"fallbacks": ()}),
        (ScorerPart, {"weight": 1.0}),
        (FilterPart, {"when_empty": None}),
        (ScriptedRun, {"state": None, "answer": -1, "now_s": 0.0}),
        (StreamConstraints, {"residency": None, "capability_floor": 0.0, "average_success": ()}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_not_stated_has_its_default(kind: type, expected: Mapping[str, object]) -> None:
    """Defaults of everything that policies and their tests build."""
    found = {one.name: one.default for one in fields(kind) if one.default is not MISSING}
    known = {name: value for name, value in found.items() if value == value}  # noqa: PLR0124  (nan)
    assert known == expected
    unset = {name for name in found if name not in known}
    assert unset == ({"retry_after_s"} if kind in (ScriptedAttempt, Event) else set())


def test_limits_that_are_not_stated_ban_nobody() -> None:
    """A class of requests without demands has no banned tier and no barred target."""
    assert (StreamConstraints().banned_tiers, StreamConstraints().barred) == (frozenset(), frozenset())
    assert (StreamConstraints() == StreamConstraints(), STEP_LIMIT) == (True, 1000)


def test_reasons_of_failures_are_the_words_of_reports() -> None:
    """Reports and files carry these words."""
    assert all(failure_class(reason).status >= 400 for reason in FailureReason)
    assert {reason.name: reason.value for reason in FailureReason} == {
        "RATE_LIMITED": "rate_limited",
        "QUEUE_FULL": "queue_full",
        "SERVER_ERROR": "server_error",
        "UNAVAILABLE": "unavailable",
        "OVERLOADED": "overloaded",
        "TIMED_OUT": "timed_out",
        "CONNECTION_ERROR": "connection_error",
        "TOO_LARGE": "too_large",
        "CONTEXT_LENGTH": "context_length",
        "CONTENT_POLICY": "content_policy",
        "INVALID_REQUEST": "invalid_request",
        "REFUSED": "refused",
        "FORBIDDEN": "forbidden",
        "NOT_FOUND": "not_found",
    }
    assert {target.tier for target in sample_fleet(sample_targets()).candidate_targets()} == set(TIERS)
    assert TIERS == ("edge", "on_prem", "dedicated", "cloud")
    assert BASELINES == ("always_cheapest", "always_strongest", "random_mix", "oracle")


@pytest.mark.parametrize(
    ("reason", "status", "kind", "retried", "elsewhere", "cools", "at_once"),
    [
        ("rate_limited", 429, "rate_limit", True, False, True, False),
        ("queue_full", 503, "unavailable", True, False, True, False),
        ("server_error", 500, "server_error", True, False, True, False),
        ("unavailable", 503, "unavailable", True, False, True, False),
        ("overloaded", 529, "server_error", True, False, True, False),
        ("timed_out", 408, "timeout", True, False, True, False),
        ("connection_error", 500, "connection", True, False, False, False),
        ("too_large", 400, "context_window", False, False, False, False),
        ("context_length", 400, "context_window", False, False, False, False),
        ("content_policy", 400, "content_policy", False, False, False, False),
        ("invalid_request", 400, "bad_request", False, False, False, False),
        ("refused", 401, "authentication", False, True, True, True),
        ("forbidden", 403, "authentication", False, True, False, False),
        ("not_found", 404, "not_found", False, False, True, True),
        ("never heard of", 500, "server_error", True, False, True, False),
    ],
)
def test_what_follows_from_each_reason(
    reason: str,
    status: int,
    kind: str,
    retried: bool,
    elsewhere: bool,
    cools: bool,
    at_once: bool,
) -> None:
    """Its status and class, whether it is tried again, and whether it sends its target away."""
    found = failure_class(reason)
    assert (found.status, found.kind) == (status, kind)
    assert (found.retried, found.retried_elsewhere) == (retried, elsewhere)
    assert (found.cools, found.cools_at_once) == (cools, at_once)


def test_numbers_of_kinds_are_those_of_the_kernel_and_the_wire() -> None:
    """Kinds of attempts count up, kinds of events are bits of a mask."""
    assert [kind.name for kind in AttemptKind] == ["FIRST", "RETRY", "FALLBACK", "ESCALATION", "HEDGE"]
    assert [kind.value for kind in AttemptKind] == [0, 1, 2, 3, 4]
    assert {kind.name: kind.value for kind in EventKind} == {
        "FIRST_TOKEN": 1,
        "COMPLETED": 2,
        "FAILED": 4,
        "TIMER": 8,
    }


STATED = {
    "index": 3,
    "now_s": 4.5,
    "task": "a",
    "tenant": "b",
    "region": "c",
    "prompt_token_count": 5,
    "max_output_token_count": 6,
}
FURTHER = {
    "estimated_difficulty": 0.25,
    "router_score": 0.5,
    "session": 7,
    "turn": 8,
    "ttft_limit_s": 9.0,
    "e2e_limit_s": 10.0,
    "stream": "d",
    "deferrable_until_s": 11.0,
    "prefix_blocks": (12, 13),
    "history_token_count": 14,
    "query": "e",
}


def test_a_stated_request_shows_what_was_stated() -> None:
    """Each fact stands where a request view has it."""
    request = StatedRequest(**STATED, **FURTHER)
    assert {name: getattr(request, name) for name in (*STATED, *FURTHER)} == STATED | FURTHER


def test_a_stated_request_needs_no_more_than_the_facts() -> None:
    """Estimates and limits are unknown, the session none, the turn its first, stream and query unnamed."""
    request = StatedRequest(**STATED)
    unknown = ("estimated_difficulty", "router_score", "ttft_limit_s", "e2e_limit_s", "deferrable_until_s")
    assert all(isnan(getattr(request, name)) for name in unknown)
    assert (request.session, request.turn, request.stream, request.query) == (-1, 0, "", "")
    assert (request.prefix_blocks, request.history_token_count) == ((), 0)


def test_a_pipeline_skips_unless_told_to_reject() -> None:
    """Parts that are left out are none, and an empty filter is passed over."""
    defaults = {
        name: one.default
        for name, one in inspect.signature(Pipeline).parameters.items()
        if one.default is not one.empty
    }
    assert defaults == {"filters": (), "scorers": (), "when_empty": "skip"}
    assert Pipeline(picker=LeastLoaded(), reason="x", scorers=[LoadScore()]) is not None
