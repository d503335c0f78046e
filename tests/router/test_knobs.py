"""Knobs of policies, set by their paths."""

from __future__ import annotations

import pytest

from router.errors import InvalidPolicyParameterError, UnknownPolicyError
from router.knobs import with_knob
from router.registry import make_policy

FLOOR = {"success_floor": {"floor": 0.9}}
HOT = {"softmax": {"temperature": 3}}
DEAR = {"cost": {"weight": 2}}
COST = {"cost": {"weight": 0.5}}
PARTS = {
    "filters": [{"success_floor": {"floor": 0.7}}],
    "scorers": ["load", COST],
    "picker": {"softmax": {"temperature": 0.2}},
}


@pytest.mark.parametrize(
    ("policy", "parameters", "path", "value", "expected"),
    [
        ("score_threshold", {"weak": "small"}, "threshold", 0.25, {"weak": "small", "threshold": 0.25}),
        ("score_threshold", {"threshold": 0.75}, "threshold", 0.25, {"threshold": 0.25}),
        ("round_robin", {}, "weights.small", 3.0, {"weights": {"small": 3.0}}),
        (
            "random_mix",
            {"weights": {"large": 1.0}},
            "weights.a.b",
            3.0,
            {"weights": {"large": 1.0, "a.b": 3.0}},
        ),
        ("pipeline", PARTS, "filters.success_floor.floor", 0.9, {**PARTS, "filters": [FLOOR]}),
        ("pipeline", PARTS, "filters[0].success_floor.floor", 0.9, {**PARTS, "filters": [FLOOR]}),
        (
            "pipeline",
            PARTS,
            "picker.softmax.temperature",
            3,
            {**PARTS, "picker": {"softmax": {"temperature": 3}}},
        ),
        (
            "pipeline",
            PARTS,
            "scorers.cost.weight",
            2,
            {**PARTS, "scorers": ["load", {"cost": {"weight": 2}}]},
        ),
        ("pipeline", PARTS, "scorers.load.weight", 2, {**PARTS, "scorers": [{"load": {"weight": 2}}, COST]}),
        ("pipeline", PARTS, "when_empty", "reject", {**PARTS, "when_empty": "reject"}),
        ("pipeline", PARTS, "picker", "softmax", {**PARTS, "picker": "softmax"}),
        (
            "pipeline",
            {},
            "scorers.cost.weight",
            2.0,
            {"scorers": [{"success": {"weight": 1.0}}, {"cost": {"weight": 2.0}}, {"load": {"weight": 0.5}}]},
        ),
        (
            "pipeline",
            {"filters": [{"domain_rule": {"rules": {"chat": ["edge"]}}}]},
            "filters.domain_rule.rules.code",
            ["cloud"],
            {"filters": [{"domain_rule": {"rules": {"chat": ["edge"], "code": ["cloud"]}}}]},
        ),
        (
            "pipeline",
            {"filters": [FLOOR, {"success_floor": {"floor": 0.7}}]},
            "filters[1].success_floor.floor",
            0.5,
            {"filters": [FLOOR, {"success_floor": {"floor": 0.5}}]},
        ),
    ],
)
def test_a_knob_takes_its_value_and_the_rest_stays(
    policy: str, parameters: dict, path: str, value: object, expected: dict
) -> None:
    """The copy differs from the original in the one knob."""
    before = repr(parameters)
    assert with_knob(policy, parameters, path, value) == expected
    assert repr(parameters) == before


@pytest.mark.parametrize(
    ("policy", "parameters", "path", "told"),
    [
        (
            "score_threshold",
            {},
            "thresholds",
            "unknown parameter; did you mean 'threshold'? allowed: 'threshold', ",
        ),
        ("oracle", {}, "threshold", "unknown parameter; this policy has none"),
        (
            "score_threshold",
            {"threshold": 0.5},
            "threshold.low",
            "0.5 has no entry 'low'; it is not a mapping",
        ),
        (
            "pipeline",
            PARTS,
            "scorers.cost.weights",
            "unknown parameter; did you mean 'weight'? ",
        ),
        (
            "pipeline",
            PARTS,
            "scorers.costs.weight",
            "no such part is declared; did you mean 'cost'? ",
        ),
        ("pipeline", PARTS, "filters[1].success_floor.floor", "no such part is declared; "),
        ("pipeline", PARTS, "picker.best_score.k", "no such part is declared; declared: 'softmax'"),
        ("pipeline", PARTS, "scorer.cost.weight", "unknown parameter; did you mean 'scorers'? allowed: "),
        (
            "pipeline",
            {"filters": [FLOOR, FLOOR]},
            "filters.success_floor.floor",
            "declared 2 times; ",
        ),
    ],
)
def test_a_knob_that_is_not_there_is_refused(policy: str, parameters: dict, path: str, told: str) -> None:
    """The problem stands under the path as it was written, with near names."""
    with pytest.raises(InvalidPolicyParameterError) as caught:
        with_knob(policy, parameters, path, 0.5)
    ((where, what),) = caught.value.problems
    assert where == path
    assert what.startswith(told)


def test_a_value_is_refused_where_the_policy_is_made() -> None:
    """What the knob may be is the policy's own matter."""
    with pytest.raises(InvalidPolicyParameterError, match=r"threshold: 7 is not in \[0, 1\]|threshold: 7.0"):
        make_policy("score_threshold", with_knob("score_threshold", {}, "threshold", 7))


def test_a_knob_of_an_unknown_policy_is_refused() -> None:
    """Policies are those that `make_policy` knows."""
    with pytest.raises(UnknownPolicyError, match="did you mean 'score_threshold'"):
        with_knob("score_treshold", {}, "threshold", 1)
