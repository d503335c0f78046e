"""What is refused is named as its user wrote it, with what would do."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

from router import (
    BreakerRules,
    Decision,
    InvalidPolicyParameterError,
    RequestView,
    Resilience,
    describe_policy,
    make_policy,
)
from router.errors import InvalidResilienceError
from router.registry import PlainPolicy
from router.source_file import is_file_spec
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from router import FleetView

NOT_A_RATIO = "{value!r} is not in [0, 1]"
NOT_WEIGHTS = "{value!r} are not weights >= 0 with a positive sum"
TOO_LITTLE = "{value!r} is not a finite number >= {least}"


@pytest.mark.parametrize(
    ("policy", "parameter", "value", "told"),
    [
        ("cascade", "false_accept_ratio", 1.5, NOT_A_RATIO),
        ("cascade", "false_reject_ratio", -0.5, NOT_A_RATIO),
        ("cascade", "latency_s", -1.0, TOO_LITTLE),
        ("cascade", "cost_usd", -1.0, TOO_LITTLE),
        ("cheapest_capable", "floor", 1.5, NOT_A_RATIO),
        ("edge_first", "floor", 1.5, NOT_A_RATIO),
        ("edge_first", "overflow_outstanding", -1.0, TOO_LITTLE),
        ("hedge", "after_s", -1.0, TOO_LITTLE),
        ("hedge", "share_ratio", 1.5, NOT_A_RATIO),
        ("power_of_two", "choices", 0, TOO_LITTLE.replace("{least}", "1")),
        ("prompt_length", "threshold_token_count", -1, TOO_LITTLE),
        ("random_mix", "weights", {"small": -1.0}, NOT_WEIGHTS),
        ("round_robin", "weights", {"small": -1.0}, NOT_WEIGHTS),
        ("score_threshold", "threshold", 1.5, NOT_A_RATIO),
        ("weighted_score", "success_weight", -1.0, TOO_LITTLE),
        ("weighted_score", "cost_weight", -1.0, TOO_LITTLE),
        ("weighted_score", "load_weight", -1.0, TOO_LITTLE),
        ("weighted_score", "floor", 1.5, NOT_A_RATIO),
    ],
)
def test_a_parameter_out_of_range_is_named_with_its_range(
    policy: str, parameter: str, value: object, told: str
) -> None:
    """The one problem there is names the parameter, its value and what is allowed."""
    with pytest.raises(InvalidPolicyParameterError) as caught:
        make_policy(policy, {parameter: value})
    assert caught.value.problems == ((parameter, told.format(value=value, least=0)),)


@pytest.mark.parametrize(
    ("policy", "parameter", "value"),
    [
        ("cascade", "latency_s", 0.0),
        ("cascade", "cost_usd", 0.0),
        ("edge_first", "overflow_outstanding", 0.0),
        ("hedge", "after_s", 0.0),
        ("power_of_two", "choices", 1),
        ("prompt_length", "threshold_token_count", 0),
        *(("weighted_score", f"{aspect}_weight", 0.0) for aspect in ("success", "cost", "load")),
    ],
)
def test_a_parameter_at_the_end_of_its_range_will_do(policy: str, parameter: str, value: object) -> None:
    """The least value that is told is allowed."""
    assert make_policy(policy, {parameter: value}) is not None


WORDS = {"cooldown_by_hint", "disable_cooldowns", "breaker"}
COUNTED = [
    one.name
    for one in fields(Resilience)
    if isinstance(one.default, (int, float, type(None))) and one.name not in WORDS
]


@pytest.mark.parametrize("name", [name for name in COUNTED if name != "failure_ratio"])
def test_a_negative_resilience_setting_is_named(name: str) -> None:
    """Times and counts are 0 or more."""
    with pytest.raises(InvalidResilienceError, match=rf"^{name}: -1 is not a number >= 0$"):
        Resilience(**{name: -1})
    assert getattr(Resilience(**{name: 0}), name) == 0


@pytest.mark.parametrize("ratio", [-0.01, 1.01, float("nan")])
def test_a_share_of_failures_is_a_share(ratio: float) -> None:
    """Both ends of the range are allowed, what lies beyond is named; all faults stand in one text."""
    with pytest.raises(InvalidResilienceError) as caught:
        Resilience(failure_ratio=ratio, retries=-2)
    assert str(caught.value) == f"retries: -2 is not a number >= 0; failure_ratio: {ratio!r} is not in [0, 1]"
    assert [Resilience(failure_ratio=end).failure_ratio for end in (0.0, 1.0)] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("number", "hint_s", "jitter_u", "wait_s"),
    [
        (0, 0.0, 0.0, 2.0),
        (1, 0.0, 0.5, 2.5),
        (2, float("nan"), 0.0, 4.0),
        (3, 0.0, 0.0, 7.0),
        (2000, 0.0, 1.0, 8.0),
        (3, 9.0, 0.5, 9.5),
        (0, 20.0, 0.0, 20.0),
        (0, 20.5, 0.0, 2.0),
        (0, 0.5, 0.0, 0.5),
        (0, -1.0, 0.0, 2.0),
    ],
)
def test_waits_double_between_their_bounds(
    number: int, hint_s: float, jitter_u: float, wait_s: float
) -> None:
    """A hint within its limit goes first; else 1, 2, 4 ... seconds, at least 2 and at most 7; plus jitter."""
    made = Resilience(
        backoff_s=1.0, backoff_max_s=7.0, jitter_s=1.0, retry_after_s=2.0, retry_after_max_s=20.0
    )
    assert made.wait_s(number, hint_s, jitter_u) == pytest.approx(wait_s)


class Plainly:
    """Sends somewhere.

    And says more about it.
    """

    def __init__(self, where: str, often: int = 3, plain=None, *rest: int, **further: int) -> None:
        """Takes what it is given."""
        self.given = (where, often, plain, rest, further)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the place it was given."""
        return Decision.send(self.given[0], reason="plain")


def test_a_plain_class_is_described_by_its_constructor() -> None:
    """Arguments with names count; types and defaults are those written, or none."""
    told = PlainPolicy(Plainly).describe("mine")
    rows = [(one.name, one.type, one.default, one.about) for one in told.parameters]
    assert rows == [("where", "str", "required", ""), ("often", "int", "3", ""), ("plain", "", "None", "")]
    assert (told.name, told.summary) == ("mine", "Sends somewhere.")
    assert told.contract == "Sends somewhere.\n\nAnd says more about it."
    assert (told.oracle, told.baseline) == (False, False)
    assert [PlainPolicy(Plainly).describe(name).baseline for name in ("oracle", "static")] == [True, False]
    assert describe_policy("static").summary.endswith(": the null of every comparison.")


def test_a_plain_class_is_made_from_its_arguments() -> None:
    """Unknown arguments and missing ones are told together; none are asked for twice."""
    with pytest.raises(InvalidPolicyParameterError) as caught:
        PlainPolicy(Plainly).make({"oftenn": 4})
    told = "unknown parameter; did you mean 'often'? allowed: 'where', 'often', 'plain'"
    assert caught.value.problems == (("oftenn", told), ("where", "required, but not given"))
    assert PlainPolicy(Plainly).make({"where": "x"}).given == ("x", 3, None, (), {})


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a.py:B", True),
        ("C:/a.py:B", True),
        ("a.py", False),
        ("a.py:", False),
        ("a.py:1", False),
        ("a.pyc:B", False),
        (":B", False),
    ],
)
def test_a_file_s_policy_is_named_after_the_last_colon(text: str, is_one: bool) -> None:
    """The file ends in .py, the class is an identifier."""
    assert is_file_spec(text) is is_one


def test_weighted_turns_begin_without_credit_among_changing_candidates() -> None:
    """Who is served pays all the weights in play; equal credits go to the lowest index."""
    targets = sample_targets()
    request, fleet = sample_view(sample_requests(1), targets), sample_fleet(targets)
    policy = make_policy("round_robin", {"weights": {"small": 5, "medium": 1, "large": 1}})
    fleet.candidates = (1, 2)
    names = [policy.route(request, fleet, np.random.default_rng(1)).target]
    fleet.candidates = (0, 1, 2, 3)
    names += [policy.route(request, fleet, np.random.default_rng(1)).target for _ in range(6)]
    assert names == ["medium", "small", "small", "large", "small", "small", "medium"]


@pytest.mark.parametrize("count", [1, 2, 64, 65, 90])
def test_the_least_outstanding_is_found_in_small_and_large_fleets(count: int) -> None:
    """Among all or some, by load, then by index; whoever is not asked about does not count."""
    loads = np.array([(index * 7 + 3) % 5 + 1 for index in range(count)])
    loads[-1] = 0
    assert least_outstanding(loads, range(count)) == count - 1
    some = list(range(0, max(count - 1, 1), 2))
    assert least_outstanding(loads, some) == min(some, key=lambda index: (loads[index], index))


def test_counts_by_class_are_of_known_classes() -> None:
    """An unknown class and a negative count are named together."""
    with pytest.raises(InvalidResilienceError) as caught:
        Resilience(retries_by_class={"odd": 1}, allowed_fails_by_class={"timeout": -1})
    first, second = str(caught.value).split("; known: ")
    assert first == "retries_by_class: unknown class 'odd'"
    assert second.endswith("not_found; allowed_fails_by_class.timeout: -1 is not a number >= 0")
    assert Resilience(retries_by_class={"timeout": 0}).retries_by_class == {"timeout": 0}


@pytest.mark.parametrize(
    ("rule", "wrong", "least", "allowed"),
    [
        ("failure_threshold", 0, 1, ">= 1"),
        ("success_threshold", 0, 1, ">= 1"),
        ("probes", 0, 1, ">= 1"),
        ("timeout_s", 0.0, 0.001, "a number > 0"),
        ("window_s", float("inf"), 0.001, "a number > 0"),
        ("minimum_requests", -1, 0, ">= 0"),
    ],
)
def test_a_breaker_s_rule_out_of_range_is_named(rule: str, wrong: float, least: float, allowed: str) -> None:
    """Thresholds are 1 or more, times above 0."""
    with pytest.raises(InvalidResilienceError, match=rf"^breaker\.{rule}: {wrong!r} is not {allowed}$"):
        BreakerRules(**{rule: wrong})
    assert getattr(BreakerRules(**{rule: least}), rule) == least
