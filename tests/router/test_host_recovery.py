"""Retries and fallbacks: where a failed attempt goes next, and when nothing is left."""

from __future__ import annotations

import pytest

from hosted_decisions import SMALL, TARGETS, fails, play, send
from router import (
    Resilience,
)
from router.steps import (
    AttemptKind,
    Fail,
    Sleep,
    Start,
)
from router.testing.samples import sample_targets
from router.testing.scripted_run import ScriptedAttempt


def test_retry_on_a_lone_target_waits_and_doubles() -> None:
    """Retries on the same target wait 0.5, 1, 2 ... 8 seconds and the jitter's share."""
    resilience = Resilience(retries=6, cooldown_s=0.0)
    played = play(send(), {"small": fails()}, resilience=resilience, jitter_u=lambda _r, _t, n: n / 10)
    sleeps = [(now_s, step) for now_s, step in played.steps if isinstance(step, Sleep)]
    waits = [step.until_s - now_s for now_s, step in sleeps]
    jitter = [0.75 * n / 10 for n in range(1, 7)]
    assert waits == pytest.approx(
        [0.5 + jitter[0], 1 + jitter[1], 2 + jitter[2], 4 + jitter[3], 8 + jitter[4], 8 + jitter[5]]
    )


def test_retries_are_marked_as_such() -> None:
    """The second attempt of a retried request is a retry at the same target."""
    script = {"small": (*fails(), ScriptedAttempt())}
    played = play(send(), script, resilience=Resilience(retries=2, cooldown_s=0.0))
    assert [step for step in played.plain_steps() if isinstance(step, Start)] == [
        Start(SMALL, follow=True),
        Start(SMALL, AttemptKind.RETRY),
    ]
    assert played.state == "completed"


def test_retry_after_is_honoured_up_to_its_limit() -> None:
    """A provider's hint replaces the backoff, unless it is longer than a minute."""
    resilience = Resilience(retries=1, cooldown_s=0.0)
    for hint_s, wait_s in ((12.0, 12.0), (60.0, 60.0), (61.0, 0.5), (0.0, 0.5), (float("nan"), 0.5)):
        played = play(send(), {"small": fails("rate_limited", retry_after_s=hint_s)}, resilience=resilience)
        (slept,) = [step.until_s - now_s for now_s, step in played.steps if isinstance(step, Sleep)]
        assert slept == pytest.approx(wait_s)


def test_retry_goes_to_another_healthy_target_of_the_model_at_once() -> None:
    """A retry does not wait when the model has another target."""
    targets = sample_targets((2, 1, 1, 1))
    resilience = Resilience(retries=1)
    played = play(send("small/0"), {"small/0": fails()}, resilience=resilience, targets=targets)
    assert played.started() == ["small/0", "small/1"]
    assert not any(isinstance(step, Sleep) for step in played.plain_steps())


def test_retries_prefer_targets_not_yet_tried() -> None:
    """Three replicas of a model are each tried before one is tried twice."""
    targets = sample_targets((3, 1, 1, 1))
    scripts = {f"small/{number}": fails() for number in range(3)}
    played = play(send("small/1"), scripts, resilience=Resilience(retries=3, cooldown_s=0.0), targets=targets)
    assert sorted(played.started()[:3]) == ["small/0", "small/1", "small/2"]
    assert played.started()[3] != played.started()[2]


def test_retries_stay_among_permitted_targets() -> None:
    """A replica that constraints exclude is never retried on."""
    targets = sample_targets((3, 1, 1, 1))
    resilience = Resilience(retries=3, cooldown_s=0.0)
    scripts = {"small/0": fails()}
    played = play(send("small/0"), scripts, resilience=resilience, targets=targets, candidates=(0, 3))
    assert set(played.started()) == {"small/0"}


def test_failure_after_the_first_token_is_final() -> None:
    """What the caller already saw the beginning of is not silently tried again."""
    broken = (ScriptedAttempt(first_token_s=0.2, ends_s=1.0, fails_with="server_error"),)
    resilience = Resilience(retries=3, fallbacks={"small": ("large",)})
    played = play(send(), {"small": broken}, resilience=resilience)
    assert played.plain_steps() == [Start(SMALL, follow=True), Fail("server_error")]


def test_too_large_goes_straight_to_the_fallbacks() -> None:
    """A prompt that does not fit is not retried where it did not fit."""
    resilience = Resilience(retries=3, fallbacks={"small": ("large",)})
    assert play(send(), {"small": fails("too_large")}, resilience=resilience).started() == ["small", "large"]


def test_fallbacks_are_tried_in_order_each_with_retries() -> None:
    """Fallbacks follow the retries, in order, and are retried as the first target was."""
    resilience = Resilience(retries=1, cooldown_s=0.0, fallbacks={"small": ("large", "frontier")})
    played = play(send(), {"small": fails(), "large": fails()}, resilience=resilience)
    assert played.started() == ["small", "small", "large", "large", "frontier"]
    kinds = [step.kind for step in played.plain_steps() if isinstance(step, Start)]
    assert kinds == [
        AttemptKind.FIRST,
        AttemptKind.RETRY,
        AttemptKind.FALLBACK,
        AttemptKind.RETRY,
        AttemptKind.FALLBACK,
    ]


def test_fallbacks_end_at_their_limit_and_skip_visited_targets() -> None:
    """At most `max_fallbacks` targets are tried, none of them twice."""
    names = ("small", "medium", "medium", "large", "frontier")
    everywhere = {target.name: fails() for target in TARGETS}
    limited = play(send(fallbacks=names), everywhere, resilience=Resilience(max_fallbacks=2, cooldown_s=0.0))
    assert limited.started() == ["small", "medium", "large"]
    assert limited.state == "failed"
    free = play(send(fallbacks=names), everywhere, resilience=Resilience(cooldown_s=0.0))
    assert free.started() == ["small", "medium", "large", "frontier"]


def test_a_decision_own_fallbacks_come_before_the_configured_ones() -> None:
    """Fallbacks in the decision replace those of the scenario, and defaults serve where none are."""
    resilience = Resilience(fallbacks={"small": ("frontier",)}, default_fallbacks=("medium",), cooldown_s=0.0)
    broken = {"small": fails(), "large": fails()}
    assert play(send(fallbacks=("large",)), broken, resilience=resilience).started() == ["small", "large"]
    assert play(send(), broken, resilience=resilience).started() == ["small", "frontier"]
    assert play(send("large"), broken, resilience=resilience).started() == ["large", "medium"]


def test_fallbacks_that_constraints_exclude_are_skipped() -> None:
    """A configured fallback is used only where the request's constraints permit it."""
    resilience = Resilience(fallbacks={"small": ("frontier", "large")}, cooldown_s=0.0)
    played = play(send(), {"small": fails()}, resilience=resilience, candidates=(0, 2))
    assert played.started() == ["small", "large"]
