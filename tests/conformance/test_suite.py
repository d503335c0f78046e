"""What each rule of the conformance suite shows a policy, and what it says of a fault."""

from __future__ import annotations

import random
import re
import time
from dataclasses import replace
from math import isnan
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from router import (
    AnswerTable,
    Decision,
    OracleRequestView,
    Outcome,
    PolicyFailedError,
    RequestView,
    make_policy,
)
from router import conformance as suite
from router.steps import Event, EventKind, Fail, Follow, Start

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from router import FleetView
    from router.steps import Reply, Step

SHAPES = ((1, 1, 1, 1), (1, 0, 0, 0), (0, 0, 0, 1), (4, 4, 4, 4))
COUNTS = tuple(sum(shape) for shape in SHAPES)


class Notes:
    """Sends to the first candidate, and notes what it is shown, for all of its lives."""

    def __init__(self, *, reasons: int = 1) -> None:
        """Gives so many different reasons."""
        self.reasons = reasons
        self.targets: list[tuple[str, ...]] = []
        self.loads: list[tuple[int, ...]] = []
        self.candidates: list[tuple[int, ...]] = []
        self.requests: list[tuple[int, float, int]] = []
        self.estimates: list[tuple[float, float]] = []
        self.draws: list[float] = []
        self.known: list[bool] = []
        self.outcomes: list[Outcome] = []

    def __call__(self) -> Notes:
        """Itself, as its own factory."""
        return self

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the first candidate."""
        self.targets.append(tuple(fleet.by_name))
        self.loads.append(tuple(fleet.outstanding.tolist()))
        self.candidates.append(fleet.candidates)
        self.requests.append((request.index, request.now_s, request.prompt_token_count))
        self.estimates.append((request.estimated_difficulty, request.router_score))
        self.draws.append(rng.random())
        facts = [bool(target.ability) and bool(target.expected_output_tokens) for target in fleet.targets]
        self.known.append(all(facts))
        reason = f"reason {request.index % self.reasons}"
        return Decision.send(fleet.candidate_targets()[0].name, reason=reason)


class Learns(Notes):
    """Hears of outcomes too."""

    def observe(self, outcome: Outcome) -> None:
        """Notes the outcome."""
        self.outcomes.append(outcome)


def shown(rule: Callable[..., None]) -> Notes:
    """What a rule shows."""
    notes = Learns()
    rule(notes)
    return notes


def test_candidates_are_all_one_or_every_second() -> None:
    """In fleets of four, one and sixteen, idle and loaded, each set is asked of for forty requests."""
    found = shown(suite.picks_only_candidates)
    expected = {
        (count, some)
        for count in COUNTS
        for some in (tuple(range(count)), (0,), (count - 1,), tuple(range(0, count, 2)))
    }
    asked = [(len(names), some) for names, some in zip(found.targets, found.candidates, strict=True)]
    assert set(asked) == expected
    assert len(asked) == 40 * 2 * (4 + 1 + 1 + 4)


@pytest.mark.parametrize(
    ("rule", "times"), [(suite.is_deterministic, 2), (suite.leaves_views_alone, 1)], ids=["twice", "once"]
)
def test_fleets_are_idle_and_loaded(rule: Callable[..., None], times: int) -> None:
    """Every shape is shown without and with loads, each run from the same seed."""
    found = shown(rule)
    expected = [
        loads
        for count in COUNTS
        for loads in ((0,) * count, tuple((7 * i) % 5 for i in range(count)))
        for _ in range(40 * times)
    ]
    assert found.loads == expected
    assert found.targets[0] == ("small", "medium", "large", "frontier")
    one = np.random.default_rng(7).random(40).tolist()
    assert found.draws == one * (len(expected) // 40)


@pytest.mark.parametrize("rule", [suite.gives_reasons, suite.reasons_are_few, suite.keeps_to_its_generator])
def test_the_plainest_fleet_serves_most_rules(rule: Callable[..., None]) -> None:
    """Forty requests at ten seconds, in order, before an idle fleet of four."""
    found = shown(rule)
    assert not any(isnan(one) for pair in found.estimates for one in pair)
    prompts = suite.sample_requests(40).prompt_token_count.tolist()
    assert found.requests == [(index, 10.0, prompts[index]) for index in range(40)]
    assert set(found.loads) == {(0, 0, 0, 0)}
    assert set(found.candidates) == {(0, 1, 2, 3)}


def test_ties_are_three_twins() -> None:
    """Targets with names of their own and nothing else."""
    assert shown(suite.survives_ties).targets == [("twin-0", "twin-1", "twin-2")] * 40


def test_extreme_loads_are_billions() -> None:
    """Loads far beyond 32 bits, and none beside them."""
    assert shown(suite.survives_extreme_loads).loads == [(2**40, 0, 2**40, 2**62)] * 40


def test_unset_values_are_of_the_request_first_then_of_the_targets() -> None:
    """Estimates that are nan with known targets, then targets of which nothing is known."""
    found = shown(suite.survives_unset_values)
    blank = [isnan(difficulty) and isnan(score) for difficulty, score in found.estimates]
    assert blank == [True] * 40 + [False] * 40
    assert found.known == [True] * 40 + [False] * 40


class Sees(Notes):
    """An oracle that notes whether it was shown answers."""

    oracle = True

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the first candidate."""
        assert isinstance(request, OracleRequestView)
        assert isinstance(request._answers, AnswerTable)
        return super().route(request, fleet, rng)


def test_an_oracle_is_shown_answers_and_known_abilities_only() -> None:
    """Where abilities are unknown there are no true answers either: an oracle is not asked."""
    notes = Sees()
    suite.survives_unset_values(notes)
    assert notes.known == [True] * 40
    suite.check_policy(lambda: make_policy("oracle"))


def test_outcomes_are_heard_of_every_target_every_second_one_failed() -> None:
    """A learning policy hears of each target once, and decides afterwards; others hear nothing."""
    found = shown(suite.receives_outcomes)
    names = ("small", "medium", "large", "frontier")
    assert [(one.request_index, one.target) for one in found.outcomes] == list(enumerate(names))
    assert [one.finished_s for one in found.outcomes] == [0.0, 1.0, 2.0, 3.0]
    assert [one.completed for one in found.outcomes] == [True, False, True, False]
    assert [one.reason for one in found.outcomes] == ["", "server_error", "", "server_error"]
    assert [one.output_token_count for one in found.outcomes] == [200, 0, 200, 0]
    times = [(one.ttft_s, one.e2e_s) for one in found.outcomes]
    assert times[0] == times[2] == (0.5, 2.0)
    assert all(isnan(time_s) for time_s in (*times[1], *times[3]))
    assert len(found.requests) == 40
    deaf = Notes()
    suite.receives_outcomes(deaf)
    assert (deaf.requests, deaf.outcomes) == ([], [])


class Tries:
    """A step policy that makes one attempt, and notes how it ends."""

    def __init__(self) -> None:
        """Has tried nothing."""
        self.ends: list[tuple[str, float, EventKind]] = []

    def __call__(self) -> Tries:
        """Itself, as its own factory."""
        return self

    def steps(
        self, request: RequestView, fleet: FleetView, rng: np.random.Generator
    ) -> Generator[Step, Reply, None]:
        """One attempt, then failure."""
        handle = yield Start(fleet.candidates[0])
        event = yield Follow(handle if isinstance(handle, int) else -1)
        assert isinstance(event, Event)
        self.ends.append((event.reason, event.now_s, event.kind))
        yield Fail(event.reason)


def test_every_fleet_works_and_breaks_once() -> None:
    """With all targets broken an attempt fails after a tenth of a second; else none does."""
    tries = Tries()
    suite.ends_every_request(tries)
    assert tries.ends == [("server_error", pytest.approx(10.1), EventKind.FAILED)] * 8


def test_reasons_may_be_as_many_as_half_of_the_requests() -> None:
    """Twenty reasons for forty requests are stable phrases, one more is not."""
    suite.reasons_are_few(Notes(reasons=20))
    with pytest.raises(AssertionError, match="^21 reasons for 40 requests$"):
        suite.reasons_are_few(Notes(reasons=21))


class Meddles(Notes):
    """Changes something of what it is shown, before it decides."""

    def __init__(self, meddle: Callable[[RequestView, FleetView], object]) -> None:
        """Keeps what it does."""
        super().__init__()
        self._meddle = meddle

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the first candidate, after the change."""
        decision = super().route(request, fleet, rng)
        self._meddle(request, fleet)
        return decision


def one_more(name: str) -> Callable[[RequestView, FleetView], object]:
    """Puts another column in the place of one."""
    return lambda _request, fleet: setattr(fleet, name, getattr(fleet, name) + 1)


@pytest.mark.parametrize(
    ("meddle", "what"),
    [
        *((one_more(name), "fleet view") for name in ("outstanding", "waiting", "running", "kv_usage_ratio")),
        (one_more("seen_s"), "fleet view"),
        (lambda _, fleet: setattr(fleet, "permitted", (0,)), "fleet view"),
        (lambda _, fleet: fleet.by_name.update(another=fleet.targets[0]), "fleet view"),
        (lambda _, fleet: setattr(fleet, "targets", (*fleet.targets[1:], fleet.targets[0])), "fleet view"),
        (lambda _, fleet: setattr(fleet, "candidates", (0,)), "candidates"),
        (lambda request, _: setattr(request, "now_s", 11.0), "request view"),
        (lambda request, _: setattr(request, "index", request.index + 1), "request view"),
    ],
)
def test_whatever_is_changed_of_a_view_is_found(meddle: Callable[..., object], what: str) -> None:
    """What is not as it was before the decision is told."""
    verb = "were" if what == "candidates" else "was"
    with pytest.raises(AssertionError, match=f"^the {what} {verb} changed$"):
        suite.leaves_views_alone(Meddles(meddle))


OUTSIDE = [
    *((time, f"{name}{unit}") for name in ("time", "monotonic", "perf_counter") for unit in ("", "_ns")),
    (time, "sleep"),
    *((random, name) for name in ("random", "randint", "randrange", "uniform", "choice", "choices")),
    *((random, name) for name in ("sample", "shuffle", "gauss")),
    *((np.random, name) for name in ("rand", "randn", "random", "randint", "choice", "uniform")),
    *((np.random, name) for name in ("shuffle", "permutation", "default_rng")),
]


@pytest.mark.parametrize(("module", "name"), OUTSIDE)
def test_every_clock_and_global_draw_is_forbidden_while_deciding(module: ModuleType, name: str) -> None:
    """The message names what was used, and what to use; afterwards it is there again."""
    before = getattr(module, name)
    told = f"{module.__name__}.{name} is used to decide; the clock is request.now_s, randomness is rng"
    policy = Meddles(lambda *_: getattr(module, name)(1))
    with pytest.raises(PolicyFailedError, match=f"AssertionError: {re.escape(told)}$"):
        suite.keeps_to_its_generator(policy)
    assert getattr(module, name) is before


class Silent(Notes):
    """Gives no reason."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send with a blank reason."""
        return replace(super().route(request, fleet, rng), reason=" ")


class Draws(Notes):
    """Decides by a counter that outlives it."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to another candidate each time that a run begins."""
        super().route(request, fleet, rng)
        run = len(self.requests) // 40
        return Decision.send(fleet.candidate_targets()[run % len(fleet.candidates)].name, reason="x")


class Strays:
    """Starts an attempt at whatever is first in the fleet."""

    def steps(
        self, request: RequestView, fleet: FleetView, rng: np.random.Generator
    ) -> Generator[Step, Reply, None]:
        """One attempt."""
        yield Start(0)


@pytest.mark.parametrize(
    ("rule", "factory", "told"),
    [
        (suite.is_a_policy, lambda: 3, "3 has neither route nor steps"),
        (suite.gives_reasons, Silent(), "Send(reason=' ', target='small', fallbacks=()) gives no reason"),
        (suite.is_deterministic, Draws(), "two runs from the same seed differ"),
    ],
)
def test_a_fault_is_told_in_words(rule: Callable[..., None], factory: Callable, told: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(AssertionError, match=f"^{re.escape(told)}$"):
        rule(factory)
    with pytest.raises(AssertionError, match=f"^is_a_policy: 3 has neither|^{rule.__name__}: "):
        suite.check_policy(factory)


def test_rules_are_all_run_in_their_order() -> None:
    """Rules on what a policy is come before those on what it does."""
    names = [rule.__name__ for rule in suite.RULES]
    assert names[:4] == ["is_a_policy", "picks_only_candidates", "gives_reasons", "reasons_are_few"]
    assert len(names) == len(set(names)) == 13
    suite.gives_reasons(Tries())


class LeavesOff:
    """Ends without saying how."""

    def steps(
        self, request: RequestView, fleet: FleetView, rng: np.random.Generator
    ) -> Generator[Step, Reply, None]:
        """One attempt, then nothing."""
        yield Start(fleet.candidates[0])


def test_steps_that_end_too_early_are_told_what_they_lack() -> None:
    """The message lists the steps that may be the last."""
    told = "InvalidDecisionError: steps ended without Follow, Finish, Fail or TurnAway"
    with pytest.raises(PolicyFailedError, match=f": {told}$"):
        suite.ends_every_request(LeavesOff)


class Wanders:
    """A step policy whose first step depends on how many others there were."""

    lives = 0

    def __init__(self) -> None:
        """Counts itself."""
        Wanders.lives += 1
        self.life = Wanders.lives

    def steps(
        self, request: RequestView, fleet: FleetView, rng: np.random.Generator
    ) -> Generator[Step, Reply, None]:
        """One attempt."""
        yield Start(fleet.candidates[self.life % len(fleet.candidates)])


def test_first_steps_are_compared_where_there_are_no_decisions() -> None:
    """A step policy that starts elsewhere the second time is not deterministic."""
    with pytest.raises(AssertionError, match="^two runs from the same seed differ$"):
        suite.is_deterministic(Wanders)
    with pytest.raises(PolicyFailedError, match="target 'small' is not permitted for this request"):
        suite.picks_only_candidates(Strays)
