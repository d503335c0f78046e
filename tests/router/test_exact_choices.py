"""Choices by stated draws, the clock of rehearsals, and health to the instant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from router import (
    Decision,
    Host,
    Resilience,
    UnknownPolicyError,
    Verifier,
    load_policy,
    make_policy,
    policy_names,
)
from router.host.cooldowns import Cooldowns
from router.host.health import model_groups
from router.parameters import describe_parameters
from router.pipeline.pickers import RandomByScore
from router.policy import is_oracle
from router.registry import POLICIES
from router.steps import Await, Event, EventKind, Fail, Start
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TARGETS = sample_targets()
TOKEN, DONE, FAILED = EventKind.FIRST_TOKEN, EventKind.COMPLETED, EventKind.FAILED


class Drawn:
    """A generator that draws what it is told, in order."""

    def __init__(self, *values: float) -> None:
        """Keeps the values."""
        self.left = list(values)

    def random(self) -> float:
        """The next value."""
        return self.left.pop(0)

    def beta(self, a: float, b: float) -> float:
        """The mean, as a draw from a beta distribution would be in the long run."""
        return a / (a + b)


@pytest.mark.parametrize(
    ("name", "parameters", "draws", "loads", "expected"),
    [
        ("power_of_two", {}, (0.0, 0.0), (0, 0, 0, 0), "small"),
        ("power_of_two", {}, (0.0, 0.0), (1, 0, 0, 0), "medium"),
        ("power_of_two", {}, (0.99, 0.99), (0, 0, 1, 1), "frontier"),
        ("power_of_two", {}, (0.99, 0.99), (0, 0, 1, 2), "large"),
        ("power_of_two", {}, (0.25, 0.34), (0, 5, 3, 0), "large"),
        ("power_of_two", {}, (0.25, 0.33), (0, 5, 3, 0), "small"),
        ("power_of_two", {"choices": 1}, (0.5,), (0, 0, 9, 0), "large"),
        ("power_of_two", {"choices": 3}, (0.99, 0.99, 0.99), (0, 3, 2, 2), "frontier"),
        ("power_of_two", {"choices": 3}, (0.99, 0.99, 0.99), (0, 1, 2, 2), "medium"),
        ("random_mix", {}, (0.0,), (0, 0, 0, 0), "small"),
        ("random_mix", {}, (0.25,), (0, 0, 0, 0), "medium"),
        ("random_mix", {}, (0.749,), (0, 0, 0, 0), "large"),
        ("random_mix", {"weights": {"small": 1, "large": 3}}, (0.2499,), (0, 0, 0, 0), "small"),
        ("random_mix", {"weights": {"small": 1, "large": 3}}, (0.25,), (0, 0, 0, 0), "large"),
        ("random_mix", {"weights": {"small": 0, "large": 3}}, (0.0,), (0, 0, 0, 0), "large"),
        ("least_outstanding", {"ties": "random"}, (0.0,), (2, 1, 1, 1), "medium"),
        ("least_outstanding", {"ties": "random"}, (0.34,), (2, 1, 1, 1), "large"),
        ("least_outstanding", {"ties": "random"}, (0.99,), (2, 1, 1, 1), "frontier"),
        ("hedge", {"share_ratio": 0.5}, (0.5,), (2, 1, 1, 1), "medium"),
        ("hedge", {"share_ratio": 0.5}, (0.49,), (2, 1, 1, 1), "medium large"),
        ("hedge", {}, (), (2, 1, 1, 0), "frontier medium"),
    ],
)
def test_a_draw_falls_where_its_share_is(
    name: str, parameters: dict, draws: tuple[float, ...], loads: tuple[int, ...], expected: str
) -> None:
    """Each policy draws as often as it says, and chooses what the draws and loads say."""
    rng, policy = Drawn(*draws), make_policy(name, parameters)
    request = sample_view(sample_requests(1), TARGETS)
    decision = policy.route(request, sample_fleet(TARGETS, loads), rng)
    named = (decision.target, getattr(decision, "backup", ""))
    assert (" ".join(named).strip(), rng.left) == (expected, [])


def heard_by(waits: Sequence[Await], *scripts: ScriptedAttempt) -> tuple[list[Event], ScriptedRun]:
    """What waits hear one after another when the first target was sent to once for each script at 10 s."""
    found: list[Event] = []

    def steps() -> Iterator[Any]:
        for _script in scripts:
            yield Start(0)
        for wait in waits:
            event = yield wait
            found.append(event)
        yield Fail("heard enough")

    host = SimpleNamespace(begin=lambda _request, _fleet: (None, steps()))
    request = sample_view(sample_requests(1), TARGETS)
    return found, ScriptedRun({"small": scripts}).play(host, request, sample_fleet(TARGETS))


@pytest.mark.parametrize(
    ("script", "interest", "expected"),
    [
        (ScriptedAttempt(), TOKEN, Event(0, TOKEN, 10.5)),
        (ScriptedAttempt(), DONE, Event(0, DONE, 12.0)),
        (ScriptedAttempt(first_token_s=2.0), TOKEN, Event(0, DONE, 12.0)),
        (
            ScriptedAttempt(fails_with="x", ends_s=0.5, retry_after_s=3.0),
            TOKEN,
            Event(0, FAILED, 10.5, "x", 3.0),
        ),
        (
            ScriptedAttempt(fails_with="x", retry_after_s=3.0),
            DONE,
            Event(0, FAILED, 12.0, "x", 3.0, first_token_seen=True),
        ),
        (ScriptedAttempt(fails_with="x", retry_after_s=3.0), TOKEN, Event(0, TOKEN, 10.5)),
    ],
)
def test_scripted_attempts_happen_at_their_instants(
    script: ScriptedAttempt, interest: int, expected: Event
) -> None:
    """The first token comes before the end or not at all; a failure says what was seen and hinted."""
    (heard,), played = heard_by([Await((0,), interest | DONE)], script)
    fields = ("handle", "kind", "now_s", "reason", "first_token_seen")
    assert [getattr(heard, name) for name in fields] == [getattr(expected, name) for name in fields]
    assert heard.retry_after_s == pytest.approx(expected.retry_after_s, nan_ok=True)
    assert played.now_s == expected.now_s


def test_a_first_token_is_heard_once_and_the_earliest_event_first() -> None:
    """After its first token an attempt's next event is its end; a timer comes before later events."""
    scripts = (ScriptedAttempt(first_token_s=1.0, ends_s=4.0), ScriptedAttempt(first_token_s=0.5, ends_s=3.0))
    waits = [Await((0, 1), TOKEN | DONE)] * 3 + [Await((0,), DONE, 13.5), Await((0,), DONE, 14.0)]
    (*heard, timer, last), _played = heard_by(waits, *scripts)
    assert [(event.handle, event.kind, event.now_s) for event in heard] == [
        (1, TOKEN, 10.5),
        (0, TOKEN, 11.0),
        (1, DONE, 13.0),
    ]
    assert (timer.handle, timer.kind, timer.now_s) == (-1, EventKind.TIMER, 13.5)
    assert last.kind is DONE


def health(**settings: float) -> Cooldowns:
    """The health of four lone targets and a pair."""
    return Cooldowns(sample_targets((1, 1, 1, 2)), Resilience(**settings))


def test_a_target_cools_from_its_failure_for_the_cooldown() -> None:
    """The end of the cooldown is an instant of service again; the fleet's is the latest of all."""
    states = health(cooldown_s=10.0, failure_min_count=2)
    states.failed(0, 100.0, "refused")
    states.failed(1, 95.0, "refused")
    assert states.cooling_until_s == 110.0
    assert model_groups(sample_targets((1, 1, 1, 2))) == ((0,), (1,), (2,), (3, 4), (3, 4))
    assert [states.is_cooling(0, now_s) for now_s in (100.0, 109.99, 110.0)] == [True, True, False]
    assert states.healthy((2, 1, 0), 104.0) == (2,)
    assert states.healthy((2, 1, 0), 105.0) == (2, 1)
    assert states.healthy((2, 1, 0), 110.0) == (2, 1, 0)


@pytest.mark.parametrize(("successes", "cools"), [(0, True), (1, True), (2, False), (3, False)])
def test_more_than_the_ratio_of_enough_attempts_must_fail(successes: int, cools: bool) -> None:
    """Two of three failures exceed a half, two of four do not."""
    states = health(failure_min_count=2)
    for _ in range(successes):
        states.succeeded(3, 59.0)
    for _ in range(2):
        states.failed(3, 59.9, "server_error")
    assert states.is_cooling(3, 59.9) is cools
    assert not states.is_cooling(4, 59.9)


def test_minutes_are_counted_apart() -> None:
    """A failure at 59.9 s and one at 60 s are in different minutes."""
    states = health(failure_min_count=2)
    states.failed(3, 59.9, "server_error")
    states.failed(3, 60.0, "server_error")
    assert not states.is_cooling(3, 60.0)
    states.failed(3, 60.0, "server_error")
    assert states.is_cooling(3, 60.0)


class Holds:
    """Holds something until the run is over."""

    def route(self, request: Any, fleet: Any, rng: Any) -> Decision:
        """A send to the small target."""
        return Decision.send("small", reason="x")

    def finish(self) -> tuple[str, ...]:
        """One warning."""
        return ("held on",)


def test_a_host_lets_its_policy_finish() -> None:
    """Warnings of a policy that finishes come back; of others there are none."""
    assert Host(Holds(), TARGETS, rng=Drawn()).finish() == ("held on",)
    assert Host(make_policy("static"), TARGETS, rng=Drawn()).finish() == ()


def choice_of(policy: Any, loads: tuple[int, ...] = (0, 0, 0, 0)) -> Decision:
    """What a policy decides on the first request."""
    request = sample_view(sample_requests(1), TARGETS)
    return policy.route(request, sample_fleet(TARGETS, loads), Drawn(0.3, 0.3, 0.3))


@pytest.mark.parametrize("name", policy_names())
def test_a_policy_without_parameters_is_one_with_its_defaults(name: str) -> None:
    """Made directly with nothing, a policy decides as one that is made by name."""
    factory: Any = POLICIES[name]
    if not is_oracle(factory.policy()):
        assert choice_of(factory.policy()) == choice_of(make_policy(name))


@pytest.mark.parametrize(
    ("name", "parameters", "loads"),
    [
        ("cascade", {"targets": ["large", "frontier"]}, (0, 0, 0, 0)),
        ("edge_first", {"local_tier": "cloud"}, (0, 0, 0, 0)),
        ("hedge", {"after_s": 2.0}, (0, 0, 0, 0)),
        ("power_of_two", {"choices": 1}, (0, 9, 0, 0)),
        ("prompt_length", {"threshold_token_count": 5000, "weak": "medium"}, (0, 0, 0, 0)),
        ("random_mix", {"weights": {"frontier": 1.0}}, (0, 0, 0, 0)),
        ("round_robin", {"weights": {"frontier": 1.0}}, (0, 0, 0, 0)),
        ("score_threshold", {"weak": "large", "strong": "large"}, (0, 0, 0, 0)),
        ("static", {"target": "large"}, (0, 0, 0, 0)),
        ("weighted_score", {"success_weight": 9.0, "cost_weight": 0.0, "load_weight": 0.0}, (0, 0, 0, 0)),
        ("cheapest_capable", {"floor": 1.0}, (0, 0, 0, 0)),
    ],
)
def test_parameters_that_are_stated_count(name: str, parameters: dict, loads: tuple[int, ...]) -> None:
    """A policy with other parameters than its defaults decides otherwise."""
    assert choice_of(make_policy(name, parameters), loads) != choice_of(make_policy(name), loads)


@pytest.mark.parametrize(("scores", "picked"), [((0, 0, 0, 1), 3), ((-1, 0, 2, 0), 2), ((1, 0, 0, 0), 0)])
def test_a_lone_score_takes_every_draw(scores: tuple[float, ...], picked: int) -> None:
    """Where one candidate has a score, wherever it stands, it is picked."""
    fleet = sample_fleet(TARGETS)
    drawn = [RandomByScore().pick(fleet, range(4), scores, Drawn(draw)) for draw in (0.0, 0.5, 0.99)]
    assert drawn == [picked] * 3


@pytest.mark.parametrize("name", ["score_threshold", "prompt_length"])
def test_a_named_end_is_found_anew_in_another_fleet(name: str) -> None:
    """A name stands for the targets of the fleet at hand."""
    policy = make_policy(name, {"weak": "medium", "strong": "medium"})
    turned = tuple(replace(target, index=3 - target.index) for target in reversed(TARGETS))
    request = sample_view(sample_requests(1), TARGETS)
    chosen = [policy.route(request, sample_fleet(targets), Drawn()).target for targets in (TARGETS, turned)]
    assert chosen == ["medium", "medium"]


def test_deployments_in_a_race_stand_for_their_least_busy_replicas() -> None:
    """Races start one replica of each deployment that is named."""

    class Races(Holds):
        """Races two deployments."""

        def route(self, request: Any, fleet: Any, rng: Any) -> Decision:
            """The race."""
            return Decision.race(("small", "large"), reason="x")

    targets = sample_targets((2, 0, 2, 0))
    fleet = sample_fleet(targets, [3, 1, 0, 2])
    host = Host(Races(), targets, rng=Drawn())
    played = ScriptedRun().play(host, sample_view(sample_requests(1), targets), fleet)
    assert played.started() == ["small/1", "large/0"]


def test_what_is_no_class_in_a_file_is_no_policy(tmp_path: Path) -> None:
    """A name that stands for a number is answered with the file's policies."""
    path = tmp_path / "numbers.py"
    path.write_text("Mine = 3\n")
    with pytest.raises(UnknownPolicyError, match="no policy 'Mine' in .*; policy classes there: none$"):
        load_policy(f"{path}:Mine")


def test_decisions_at_the_ends_of_their_ranges_can_be_made() -> None:
    """A race or cascade of one, a hedge at once, a verifier that always errs and costs nothing."""
    sure = Verifier(false_accept_ratio=1.0, false_reject_ratio=1.0, latency_s=0.0, cost_usd=0.0)
    never = Verifier(false_accept_ratio=0.0, false_reject_ratio=0.0)
    assert (sure.false_reject_ratio, never.false_accept_ratio) == (1.0, 0.0)
    assert Decision.race(("a",), reason="x").targets == ("a",)
    assert Decision.cascade(("a",), verifier=sure, reason="x").targets == ("a",)
    assert Decision.hedge("a", "b", after_s=0.0, reason="x").after_s == 0.0


def test_a_short_cooldown_cools() -> None:
    """Half a second is a cooldown, too."""
    states = health(cooldown_s=0.5)
    states.failed(0, 100.0, "refused")
    assert [states.is_cooling(0, now_s) for now_s in (100.0, 100.49, 100.5)] == [True, True, False]


def test_a_parameter_without_default_is_required() -> None:
    """A dataclass field without a default is told as required, and without a sentence as nothing."""

    @dataclass(frozen=True, kw_only=True)
    class Needs:
        """One parameter that must be given."""

        much: int

    (told,) = describe_parameters(Needs)
    assert (told.name, told.type, told.default, told.about) == ("much", "int", "required", "")
