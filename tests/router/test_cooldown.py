"""Cooldown: when targets trip, what the policy then sees, and when they come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import (
    Decision,
    FleetView,
    Host,
    InvalidResilienceError,
    RequestView,
    Resilience,
    make_policy,
)
from router.host.cooldowns import Cooldowns
from router.host.failures import FailureReason
from router.host.health import model_groups
from router.steps import TurnAway
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun

PAIR = sample_targets((2, 1, 1, 1))  # two targets of one model, and three lone ones
LONE = 2


def health(**settings: float | None) -> Cooldowns:
    """Health of the fleet under these settings."""
    return Cooldowns(PAIR, Resilience(**settings))


def test_model_groups_are_targets_with_one_model() -> None:
    """Replicas of a model form a group, a lone target its own."""
    assert model_groups(PAIR) == ((0, 1), (0, 1), (2,), (3,), (4,))


def test_rate_limit_cools_at_once_where_the_model_has_another_target() -> None:
    """A 429 sends a target of a group away for the cooldown, and to the instant."""
    states = health()
    states.failed(0, 100.0, FailureReason.RATE_LIMITED)
    assert states.is_cooling(0, 104.999)
    assert not states.is_cooling(0, 105.0)
    assert states.healthy((0, 1, 2), 101.0) == (1, 2)
    assert states.healthy((0, 1, 2), 105.0) == (0, 1, 2)


def test_rate_limit_does_not_cool_a_lone_target() -> None:
    """The only target of a model keeps its traffic, limited as it is."""
    states = health()
    states.failed(LONE, 100.0, FailureReason.RATE_LIMITED)
    assert not states.is_cooling(LONE, 100.0)


def test_share_of_failures_in_the_minute_trips() -> None:
    """More than half of at least five attempts of the current minute must have failed."""
    states = health()
    for _ in range(4):
        states.failed(0, 100.0, "server_error")
    assert not states.is_cooling(0, 100.0)
    states.failed(0, 100.0, "server_error")
    assert states.is_cooling(0, 100.0)


def test_half_failures_do_not_trip() -> None:
    """The share must exceed the ratio, not reach it."""
    states = health()
    for _ in range(5):
        states.succeeded(0, 100.0)
    for _ in range(5):
        states.failed(0, 100.0, "server_error")
    assert not states.is_cooling(0, 100.0)
    states.failed(0, 100.0, "server_error")
    assert states.is_cooling(0, 100.0)


def test_counts_start_anew_with_each_minute() -> None:
    """Failures of the last minute are forgotten when the next begins."""
    states = health()
    for _ in range(4):
        states.failed(0, 119.0, "server_error")
    states.failed(0, 120.0, "server_error")
    assert not states.is_cooling(0, 120.0)


def test_lone_target_trips_only_when_everything_fails() -> None:
    """A model's only target needs a thousand failures in the minute and not one success."""
    states = health(lone_failure_count=20)
    for _ in range(19):
        states.failed(LONE, 100.0, "server_error")
    assert not states.is_cooling(LONE, 100.0)
    states.failed(LONE, 100.0, "server_error")
    assert states.is_cooling(LONE, 100.0)
    spared = health(lone_failure_count=20)
    spared.succeeded(LONE, 100.0)
    for _ in range(50):
        spared.failed(LONE, 100.0, "server_error")
    assert not spared.is_cooling(LONE, 100.0)


def test_refusal_cools_at_once_and_connection_errors_never() -> None:
    """A wrong key stays wrong; a broken connection is nobody's fault."""
    states = health()
    states.failed(LONE, 100.0, FailureReason.REFUSED)
    assert states.is_cooling(LONE, 100.0)
    for _ in range(50):
        states.failed(0, 100.0, FailureReason.CONNECTION_ERROR)
        states.failed(1, 100.0, FailureReason.TOO_LARGE)
    assert not states.is_cooling(0, 100.0)
    assert not states.is_cooling(1, 100.0)


def test_allowed_fails_counts_failures_close_together() -> None:
    """With a number of allowed failures, the next one trips, within the cooldown's length of the first."""
    states = health(allowed_fails=2, cooldown_s=10.0)
    for now_s in (100.0, 105.0, 110.0, 117.0):
        states.failed(0, now_s, "server_error")
        assert not states.is_cooling(0, now_s)
    states.failed(0, 118.0, "server_error")
    assert states.is_cooling(0, 118.0)
    states.failed(0, 119.0, "server_error")
    assert states.is_cooling(0, 128.5)


def test_a_lone_target_that_nobody_stands_in_for_is_spared() -> None:
    """Allowed failures send it away only with fallbacks, or when the class has its own number."""
    for settings, cools in (
        ({"allowed_fails": 0}, False),
        ({"allowed_fails": 0, "default_fallbacks": ("large",)}, True),
        ({"allowed_fails": 0, "fallbacks": {PAIR[LONE].deployment: ("large",)}}, True),
        ({"allowed_fails": 9, "allowed_fails_by_class": {"server_error": 0}}, True),
        ({"allowed_fails": 0, "allowed_fails_by_class": {"timeout": 0}}, False),
    ):
        states = health(**settings)
        states.failed(LONE, 100.0, "server_error")
        assert states.is_cooling(LONE, 100.0) is cools


def test_classes_without_a_number_of_their_own_are_allowed_three() -> None:
    """All failures are counted together, and held against the number of the latest one's class."""
    states = health(allowed_fails_by_class={"timeout": 1}, cooldown_s=10.0)
    for _ in range(3):
        states.failed(0, 100.0, "server_error")
    assert not states.is_cooling(0, 100.0)
    states.failed(1, 100.0, "server_error")
    states.failed(1, 100.0, "timed_out")
    assert states.is_cooling(1, 100.0)
    states.failed(0, 100.0, "server_error")
    assert states.is_cooling(0, 100.0)


def test_a_hint_takes_the_cooldown_s_place_where_it_is_asked_for() -> None:
    """Seconds in Retry-After are the cooldown's length, also those beyond a minute; none means none."""
    for hint_s, cools_s in ((600.0, 600.0), (1.0, 1.0), (float("nan"), 5.0)):
        states = health(cooldown_by_hint=True)
        states.failed(0, 100.0, "rate_limited", hint_s)
        assert states.is_cooling(0, 100.0 + cools_s - 0.001)
        assert not states.is_cooling(0, 100.0 + cools_s)
    states = health(cooldown_by_hint=True)
    states.failed(0, 100.0, "rate_limited", 0.0)
    assert not states.is_cooling(0, 100.0)
    plain = health()
    plain.failed(0, 100.0, "rate_limited", 600.0)
    assert not plain.is_cooling(0, 105.0)


def test_cooldowns_are_disabled_in_one_word() -> None:
    """Nothing trips, whatever else is stated, and successes need not be reported."""
    states = health(disable_cooldowns=True, allowed_fails=0)
    states.failed(0, 100.0, FailureReason.REFUSED)
    assert not states.is_cooling(0, 100.0)
    assert not Resilience(disable_cooldowns=True).counts_outcomes()


def test_what_cannot_trip_still_counts_as_a_failure_of_the_minute() -> None:
    """Two refused prompts, then three errors: all of five attempts failed."""
    states = health()
    for reason in ("context_length", "connection_error", "server_error", "server_error"):
        states.failed(0, 100.0, reason)
    assert not states.is_cooling(0, 100.0)
    states.failed(0, 100.0, "server_error")
    assert states.is_cooling(0, 100.0)


def test_a_failure_a_whole_cooldown_after_another_begins_a_new_streak() -> None:
    """Exactly the cooldown later the counter is gone; a moment before it is not."""
    for later_s, cools in ((4.999, True), (5.0, False)):
        states = health(allowed_fails=1)
        states.failed(0, 100.0, "server_error")
        states.failed(0, 100.0 + later_s, "server_error")
        assert states.is_cooling(0, 100.0 + later_s) is cools


def test_zero_cooldown_switches_it_off() -> None:
    """Nothing trips without a cooldown."""
    states = health(cooldown_s=0.0)
    states.failed(0, 100.0, FailureReason.REFUSED)
    assert not states.is_cooling(0, 100.0)


@given(
    failures=st.lists(
        st.tuples(st.integers(0, 4), st.floats(0, 500), st.sampled_from([*FailureReason, "odd"])), max_size=60
    ),
    now_s=st.floats(0, 600),
)
def test_nobody_cools_longer_than_the_cooldown(failures: list[tuple[int, float, str]], now_s: float) -> None:
    """A target cools only within the cooldown's length of one of its own failures."""
    states = health()
    for index, at_s, reason in sorted(failures, key=lambda failure: failure[1]):
        states.failed(index, at_s, reason)
    for target in PAIR:
        recent = [at_s for index, at_s, _ in failures if index == target.index and now_s < at_s + 5.0]
        if states.is_cooling(target.index, now_s):
            assert recent
    assert set(states.healthy(range(5), now_s)) <= set(range(5))


def host_after_rate_limit(
    policy: object, *, resilience: Resilience | None = None
) -> tuple[Host, RequestView, FleetView]:
    """A host whose first target of two was rate limited a moment ago."""
    host = Host(
        policy,
        PAIR,
        rng=np.random.default_rng(1),
        resilience=resilience or Resilience(retries=1),
    )
    request, fleet = sample_view(sample_requests(4), PAIR), sample_fleet(PAIR)
    script = {"small/0": (ScriptedAttempt(fails_with="rate_limited", ends_s=0.1),)}
    ScriptedRun(script).play(host, request, fleet)
    request.now_s = 11.0
    return host, request, fleet


class Watches:
    """Sends to the first candidate and remembers which there were."""

    def __init__(self) -> None:
        """Has seen nothing."""
        self.seen: list[tuple[int, ...]] = []

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the first candidate."""
        self.seen.append(fleet.candidates)
        return Decision.send(fleet.candidate_targets()[0].name, reason="first")


def test_policy_sees_healthy_candidates_only() -> None:
    """While a target cools down it is no candidate, and the view is whole again afterwards."""
    policy = Watches()
    host, request, fleet = host_after_rate_limit(policy)
    played = ScriptedRun().play(host, request, fleet)
    assert played.started() == ["small/1"]
    assert (fleet.candidates, fleet.permitted) == ((0, 1, 2, 3, 4), None)
    request.now_s = 20.0
    assert ScriptedRun().play(host, request, fleet).started() == ["small/0"]
    assert policy.seen == [(0, 1, 2, 3, 4), (1, 2, 3, 4), (0, 1, 2, 3, 4)]


def test_fixed_target_that_cools_is_stood_in_for_by_its_model() -> None:
    """A policy that insists on a cooling target gets another of the same model."""
    host, request, fleet = host_after_rate_limit(make_policy("static", {"target": "small/0"}))
    assert ScriptedRun().play(host, request, fleet).started() == ["small/1"]


def test_fixed_target_that_cools_is_stood_in_for_by_a_fallback() -> None:
    """Where the model's other targets are not permitted, a fallback serves at once."""
    resilience = Resilience(retries=1, fallbacks={"small": ("large",)})
    host, request, fleet = host_after_rate_limit(
        make_policy("static", {"target": "small/0"}), resilience=resilience
    )
    fleet.candidates = (0, 2, 3, 4)
    assert ScriptedRun().play(host, request, fleet).started() == ["large"]


def test_fixed_target_that_cools_without_stand_in_turns_away() -> None:
    """With nobody else to serve, the request is rejected."""
    host, request, fleet = host_after_rate_limit(make_policy("static", {"target": "small/0"}))
    fleet.candidates = (0, 2, 3, 4)
    assert ScriptedRun().play(host, request, fleet).plain_steps() == [TurnAway("all targets cooling down")]


def test_request_whose_candidates_all_cool_is_turned_away_unasked() -> None:
    """The policy is not asked when there is nothing to choose from."""
    policy = Watches()
    host, request, fleet = host_after_rate_limit(policy)
    fleet.candidates = (0,)
    assert ScriptedRun().play(host, request, fleet).plain_steps() == [TurnAway("all targets cooling down")]
    assert len(policy.seen) == 1
    assert host.begin(request, fleet)[0] == Decision.reject(reason="all targets cooling down")


def test_no_retry_where_no_healthy_target_is_left() -> None:
    """When the model's targets all cool down, retries end and fallbacks begin."""
    resilience = Resilience(retries=5, fallbacks={"small": ("large",)})
    host = Host(make_policy("static"), PAIR, rng=np.random.default_rng(1), resilience=resilience)
    limited = (ScriptedAttempt(fails_with="rate_limited", ends_s=0.1),)
    played = ScriptedRun({"small/0": limited, "small/1": limited})
    played.play(host, sample_view(sample_requests(1), PAIR), sample_fleet(PAIR))
    assert played.started() == ["small/0", "small/1", "large"]


@pytest.mark.parametrize("kind", ["hedge", "race", "cascade"])
def test_cooling_targets_are_left_out_of_decisions_with_several(kind: str) -> None:
    """Hedges, races and cascades go on with those of their targets that are in service."""
    verifier = make_policy("cascade")._verifier
    decisions = {
        "hedge": Decision.hedge("small/0", "large", after_s=1.0, reason="x"),
        "race": Decision.race(("small/0", "large"), reason="x"),
        "cascade": Decision.cascade(("small/0", "large"), verifier=verifier, reason="x"),
    }

    class Insists:
        def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
            return decisions[kind] if request.now_s > 10.0 else Decision.send("small/0", reason="x")

    host, request, fleet = host_after_rate_limit(Insists())
    assert ScriptedRun().play(host, request, fleet).started() == ["large"]


def test_successes_are_wanted_only_where_a_share_is_watched() -> None:
    """Who executes need not report successes that no rule counts."""
    targets = PAIR
    for resilience, wanted in (
        (Resilience(), True),
        (Resilience(allowed_fails=3), False),
        (Resilience(cooldown_s=0.0), False),
    ):
        host = Host(make_policy("static"), targets, rng=np.random.default_rng(1), resilience=resilience)
        assert host.counts_outcomes is wanted
        host.succeeded(0, 1.0)


def test_impossible_settings_are_listed_together() -> None:
    """Every bad resilience setting is named at once."""
    with pytest.raises(InvalidResilienceError, match=r"retries: -1 .*backoff_s: nan .*failure_ratio: 2"):
        Resilience(retries=-1, backoff_s=float("nan"), failure_ratio=2.0)
