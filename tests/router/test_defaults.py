"""Defaults and words that users, files and other processes rely on stay what they are."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, fields
from math import isnan
from typing import TYPE_CHECKING

import pytest

from router import (
    BASELINES,
    NO_RESILIENCE,
    TIERS,
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
from router.host.failures import FailureClass, failure_class
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
    "always_busiest": {},
    "always_cheapest": {},
    "always_strongest": {},
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
    "cascade": {
        "targets": "()",
        "false_accept_ratio": "0.1",
        "false_reject_ratio": "0.1",
        "latency_s": "0.2",
        "cost_usd": "0.0",
    },
    "cheapest_capable": {"floor": "0.7"},
    "edge_first": {"local_tier": "'edge'", "overflow_outstanding": "2.0", "floor": "0.6"},
    "expected_cost": {"length": "'usual'", "cached_ratio": "0.0", "session_cached_ratio": "0.0"},
    "hedge": {"after_s": "1.0", "share_ratio": "1.0"},
    "least_outstanding": {"ties": "'lowest_index'"},
    "lowest_latency": {
        "measure": "'s_per_token'",
        "max_latency_list_size": "10",
        "lowest_latency_buffer": "0.0",
        "ttft_percentile": "None",
        "ttl_s": "3600.0",
    },
    "lowest_price": {},
    "oracle": {},
    "power_of_two": {"choices": "2"},
    "prompt_length": {"threshold_token_count": "500", "weak": "None", "strong": "None"},
    "pipeline": {
        "filters": "()",
        "scorers": "({'success': {'weight': 1.0}}, {'cost': {'weight': 0.5}}, {'load': {'weight': 0.5}})",
        "picker": "'best_score'",
        "when_empty": "'skip'",
    },
    "random_mix": {"weights": "None"},
    "round_robin": {"weights": "None"},
    "score_threshold": {"threshold": "0.5", "weak": "None", "strong": "None", "score": "None"},
    "spill_over": {
        "order": "()",
        "measure": "'outstanding'",
        "spill_threshold": "4.0",
        "return_threshold": "None",
    },
    "static": {"target": "None"},
    "usage_based": {"tpm": "None", "rpm": "None"},
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
        "backoff_s": 0.5,
        "backoff_max_s": 8.0,
        "jitter_s": 0.75,
        "retry_after_s": 0.0,
        "retry_after_max_s": 60.0,
        "fallbacks": {},
        "default_fallbacks": (),
        "max_fallbacks": 5,
        "cooldown_s": 5.0,
        "allowed_fails": None,
        "failure_ratio": 0.5,
        "failure_min_count": 5,
        "lone_failure_count": 1000,
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
        (
            FailureClass,
            {"retried": True, "counted": True, "cools_at_once": False, "cools_group_at_once": False},
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
    assert all(failure_class(reason).counted in {True, False} for reason in FailureReason)
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
        "REFUSED": "refused",
    }
    assert {target.tier for target in sample_fleet(sample_targets()).candidate_targets()} == set(TIERS)
    assert TIERS == ("edge", "on_prem", "dedicated", "cloud")
    assert BASELINES == ("always_cheapest", "always_strongest", "random_mix", "oracle")


@pytest.mark.parametrize(
    ("reason", "retried", "counted", "at_once", "group_at_once"),
    [
        ("rate_limited", True, True, False, True),
        ("queue_full", True, True, False, False),
        ("server_error", True, True, False, False),
        ("unavailable", True, True, False, False),
        ("overloaded", True, True, False, False),
        ("timed_out", True, True, False, False),
        ("connection_error", True, False, False, False),
        ("too_large", False, False, False, False),
        ("context_length", False, False, False, False),
        ("refused", False, True, True, False),
        ("never heard of", True, True, False, False),
    ],
)
def test_what_follows_from_each_reason(
    reason: str,
    retried: bool,
    counted: bool,
    at_once: bool,
    group_at_once: bool,
) -> None:
    """Whether it is tried again, held against the target, and sends it away at once."""
    found = failure_class(reason)
    assert (found.retried, found.counted) == (retried, counted)
    assert (found.cools_at_once, found.cools_group_at_once) == (at_once, group_at_once)


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
    "query": "e",
}


def test_a_stated_request_shows_what_was_stated() -> None:
    """Each fact stands where a request view has it."""
    request = StatedRequest(**STATED, **FURTHER)
    assert {name: getattr(request, name) for name in (*STATED, *FURTHER)} == STATED | FURTHER


def test_a_stated_request_needs_no_more_than_the_facts() -> None:
    """Estimates and limits are unknown, the session none, the turn its first, stream and query unnamed."""
    request = StatedRequest(**STATED)
    unknown = ("estimated_difficulty", "router_score", "ttft_limit_s", "e2e_limit_s")
    assert all(isnan(getattr(request, name)) for name in unknown)
    assert (request.session, request.turn, request.stream, request.query) == (-1, 0, "", "")


def test_a_pipeline_skips_unless_told_to_reject() -> None:
    """Parts that are left out are none, and an empty filter is passed over."""
    defaults = {
        name: one.default
        for name, one in inspect.signature(Pipeline).parameters.items()
        if one.default is not one.empty
    }
    assert defaults == {"filters": (), "scorers": (), "when_empty": "skip"}
    assert Pipeline(picker=LeastLoaded(), reason="x", scorers=[LoadScore()]) is not None
