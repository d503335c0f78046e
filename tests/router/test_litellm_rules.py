"""Retries, fallbacks and cooldowns are those that LiteLLM's rules, written down apart, lead to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hosted_decisions import TARGETS, fails, play, send
from oracle.litellm_rules import KIND, STATUS, Ended, Rules, away, is_retried, retry_sleep_s
from router import Resilience
from router.host.cooldowns import Cooldowns
from router.host.failures import FailureReason, failure_class
from router.steps import AttemptKind, Sleep, Start
from router.testing.samples import sample_targets
from router.testing.scripted_run import ScriptedAttempt

FLEET = sample_targets((3, 1, 1, 1))  # a group of three, and three lone targets
SIZES = (3, 3, 3, 1, 1, 1)
REASONS = tuple(FailureReason)

instants = st.floats(0.0, 200.0)
ends = st.lists(st.tuples(st.integers(0, 3), instants, st.sampled_from(["", "", *REASONS])), max_size=40)
rules = st.builds(
    Rules,
    cooldown_s=st.sampled_from([1.0, 5.0, 40.0]),
    allowed_fails=st.sampled_from([None, None, 0, 1, 3]),
    by_class=st.sampled_from([(), (), (("rate_limit", 0),), (("timeout", 2), ("server_error", 1))]),
    fallbacks=st.booleans(),
    disabled=st.sampled_from([False, False, False, True]),
    lone_count=st.sampled_from([4, 1000]),
)


def resilience_of(stated: Rules) -> Resilience:
    """The router's settings for these rules."""
    return Resilience(
        cooldown_s=stated.cooldown_s,
        allowed_fails=stated.allowed_fails,
        allowed_fails_by_class=dict(stated.by_class),
        default_fallbacks=("frontier",) if stated.fallbacks else (),
        disable_cooldowns=stated.disabled,
        lone_failure_count=stated.lone_count,
    )


def test_reasons_have_the_statuses_and_classes_of_the_rules() -> None:
    """The table of the page, reason by reason."""
    assert {reason: failure_class(reason).status for reason in REASONS} == STATUS
    assert {reason: failure_class(reason).kind for reason in REASONS} == KIND


@settings(max_examples=300)
@given(happened=ends, stated=rules, now_s=instants)
def test_targets_cool_down_as_the_rules_say(
    happened: list[tuple[int, float, str]], stated: Rules, now_s: float
) -> None:
    """After any sequence of answers and failures the same targets are away, at their ends and later."""
    events = [Ended(*one) for one in sorted(happened, key=lambda one: one[1])]
    health = Cooldowns(FLEET, resilience_of(stated))
    for number, ended in enumerate(events):
        if ended.reason:
            health.failed(ended.target, ended.at_s, ended.reason)
        else:
            health.succeeded(ended.target, ended.at_s)
        past = events[: number + 1]
        for at_s in (ended.at_s, max(ended.at_s, now_s)):
            expected = [away(past, target, at_s, stated, SIZES[target]) for target in range(4)]
            assert [health.is_cooling(target, at_s) for target in range(4)] == expected


@pytest.mark.parametrize("jitter_u", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("least_s", [0.0, 1.5, 30.0])
@pytest.mark.parametrize("hint_s", [float("nan"), 0.0, 0.25, 12.0, 60.0, 60.5])
def test_waits_before_retries_are_those_of_the_rules(hint_s: float, least_s: float, jitter_u: float) -> None:
    """Seven retries of a lone target: hints up to a minute, else a doubling up to 8 s, and jitter."""
    resilience = Resilience(retries=7, retry_after_s=least_s, disable_cooldowns=True)
    script = {"small": fails("rate_limited", retry_after_s=hint_s)}
    played = play(send(), script, resilience=resilience, jitter_u=lambda _request, _target, _try: jitter_u)
    waits = [step.until_s - now_s for now_s, step in played.steps if isinstance(step, Sleep)]
    expected = [
        retry_sleep_s(number, hint_s, other_healthy=False, least_s=least_s, jitter_u=jitter_u)
        for number in range(7)
    ]
    assert waits == pytest.approx(expected)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("size", [1, 2])
def test_what_is_tried_again_is_what_the_rules_say(reason: str, size: int) -> None:
    """By status, by whether the group has another target, and by whether one of its targets is healthy."""
    targets = sample_targets((size, 1, 1, 1))
    first = targets[0].name
    played = play(send(first), {first: fails(reason)}, resilience=Resilience(retries=1), targets=targets)
    gone = [away([Ended(0, 10.1, reason)], 0, 10.1, Rules(), size)]
    retried = is_retried(reason, group_size=size, healthy_left=size - sum(gone))
    assert (len(played.started()) == 2) is retried
    slept = any(isinstance(step, Sleep) for step in played.plain_steps())
    assert slept is (retried and size == 1)


def test_a_class_has_retries_of_its_own() -> None:
    """The class of the first failure decides how often, whatever the status; other classes have the usual."""
    resilience = Resilience(
        retries=1,
        retries_by_class={"rate_limit": 3, "context_window": 2, "server_error": 0},
        disable_cooldowns=True,
    )
    for reason, attempts in (
        ("rate_limited", 4),
        ("context_length", 3),
        ("server_error", 1),
        ("timed_out", 2),
    ):
        assert len(play(send(), {"small": fails(reason)}, resilience=resilience).started()) == attempts
    first, then = ScriptedAttempt(fails_with="rate_limited", ends_s=0.1), fails("server_error")
    assert len(play(send(), {"small": (first, *then)}, resilience=resilience).started()) == 4


@pytest.mark.parametrize(
    ("reason", "lists", "tried"),
    [
        ("server_error", {}, ["large"]),
        ("context_length", {}, ["large"]),
        ("context_length", {"context_window_fallbacks": {"small": ("frontier",)}}, ["frontier"]),
        ("too_large", {"context_window_fallbacks": {"small": ("frontier",)}}, ["frontier"]),
        ("content_policy", {"context_window_fallbacks": {"small": ("frontier",)}}, ["large"]),
        ("content_policy", {"content_policy_fallbacks": {"small": ("medium",)}}, ["medium"]),
        ("server_error", {"content_policy_fallbacks": {"small": ("medium",)}}, ["large"]),
        ("context_length", {"context_window_fallbacks": {"large": ("frontier",)}}, []),
    ],
)
def test_an_error_s_class_has_fallbacks_of_its_own(
    reason: str, lists: dict[str, dict[str, tuple[str, ...]]], tried: list[str]
) -> None:
    """Where any are stated for the class, others are not tried after such an error."""
    resilience = Resilience(
        retries=2, fallbacks={"small": ("large",)}, retries_by_class={"server_error": 0}, **lists
    )
    played = play(send(), {"small": fails(reason)}, resilience=resilience)
    assert played.started() == ["small", *tried]


def test_fallbacks_have_fallbacks_and_nobody_is_visited_twice() -> None:
    """The walk goes deep first, leaves out what it has seen, and ends at the most fallbacks."""
    table = {"small": ("medium", "large"), "medium": ("frontier", "small"), "large": ("medium",)}
    everywhere = {target.name: fails() for target in TARGETS}
    stated = Resilience(fallbacks=table, disable_cooldowns=True)
    assert play(send(), everywhere, resilience=stated).started() == ["small", "medium", "frontier", "large"]
    short = Resilience(fallbacks=table, disable_cooldowns=True, max_fallbacks=2)
    assert play(send(), everywhere, resilience=short).started() == ["small", "medium", "frontier"]


def test_a_failed_target_s_replicas_are_no_fallbacks_of_its_fallbacks() -> None:
    """A deployment that was left is not come back to, though it has a replica untried."""
    targets = sample_targets((2, 1, 1, 1))
    table = {"small": ("large",), "large": ("small", "frontier")}
    scripts = {"small/0": fails(), "large": fails()}
    stated = Resilience(fallbacks=table, disable_cooldowns=True)
    played = play(send("small/0"), scripts, resilience=stated, targets=targets)
    assert played.started() == ["small/0", "large", "frontier"]


def test_a_fallback_that_is_away_hands_on_to_its_own() -> None:
    """Large cools down: what stands in for it is tried in its place, after a failure and from the start."""
    table = {"small": ("large",), "large": ("frontier",)}
    away_first = {"small": fails(), "large": fails("refused")}
    stated = Resilience(fallbacks=table)
    played = play(send(), away_first, resilience=stated)
    assert played.started() == ["small", "large", "frontier"]
    kinds = [step.kind for step in played.plain_steps() if isinstance(step, Start)]
    assert kinds == [AttemptKind.FIRST, AttemptKind.FALLBACK, AttemptKind.FALLBACK]
