"""The host's steps for a plain send, a refusal and a deferral, and what it makes of a policy's errors."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from traceback import format_exception

import numpy as np
import pytest

from hosted_decisions import MEDIUM, SMALL, TARGETS, Decides, fails, play, send
from router import (
    Decision,
    FleetView,
    Host,
    InvalidDecisionError,
    Outcome,
    PolicyFailedError,
    PolicyLoadError,
    RequestView,
    Resilience,
    UnknownTargetError,
    Verifier,
    make_policy,
)
from router.steps import (
    Fail,
    Sleep,
    Start,
    TurnAway,
)
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedRun


@dataclass
class Raises:
    """A policy that fails."""

    name: str = "raises"

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """Nothing, ever."""
        message = "no idea"
        raise ValueError(message)


def test_plain_send_starts_and_follows_in_one_step() -> None:
    """A send that succeeds takes exactly one step, which also follows."""
    assert play(send()).plain_steps() == [Start(SMALL, follow=True)]


def test_failure_without_resilience_fails_the_request() -> None:
    """Without retries and fallbacks the last failure's reason ends the request."""
    assert play(send(), {"small": fails()}).plain_steps()[-1] == Fail("server_error")


def test_send_to_a_deployment_takes_its_least_outstanding_replica() -> None:
    """A deployment's name stands for the replica with the fewest attempts waiting and running."""
    targets = sample_targets((3, 1, 1, 1))
    host = Host(Decides(send("small")), targets, rng=np.random.default_rng(1))
    fleet = sample_fleet(targets, [2, 0, 1, 0, 0, 0])
    played = ScriptedRun().play(host, sample_view(sample_requests(1), targets), fleet)
    assert played.started() == ["small/1"]


def test_reject_turns_the_request_away() -> None:
    """A rejection makes no attempt and keeps its reason."""
    assert play(Decision.reject(reason="budget spent")).plain_steps() == [TurnAway("budget spent")]


def test_no_candidates_turns_the_request_away_unasked() -> None:
    """A request that no target may serve never reaches the policy."""
    host = Host(Raises(), TARGETS, rng=np.random.default_rng(1))
    fleet = sample_fleet(TARGETS)
    fleet.candidates = ()
    steps = list(host.steps(sample_view(sample_requests(1), TARGETS), fleet))
    assert steps == [TurnAway("no target permitted")]


class DefersOnce:
    """Puts a request off until t = 20 s, then sends it to whatever is first."""

    def __init__(self) -> None:
        """Has seen nothing."""
        self.seen: list[tuple[int, float, tuple[int, ...]]] = []

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A deferral first, then a send."""
        self.seen.append((request.index, request.now_s, fleet.candidates))
        if request.now_s < 20.0:
            return Decision.defer(20.0, reason="later")
        return Decision.send(fleet.candidate_targets()[0].name, reason="now")


def test_deferred_request_is_asked_again_with_its_own_view() -> None:
    """After a deferral the policy sees the same request and candidates at the later instant."""
    policy = DefersOnce()
    host = Host(policy, TARGETS, rng=np.random.default_rng(1))
    request, fleet = sample_view(sample_requests(4), TARGETS), sample_fleet(TARGETS)
    request.index, fleet.candidates = 2, (1, 3)
    steps = host.steps(request, fleet)
    assert steps.send(None) == Sleep(20.0)
    request.index, fleet.candidates = 3, (0,)
    assert steps.send(None) == Start(MEDIUM)
    assert policy.seen == [(2, 10.0, (1, 3)), (2, 20.0, (1, 3))]


@pytest.mark.parametrize(
    ("decision", "cause"),
    [
        (send("smal"), UnknownTargetError),
        (send("small", ("nowhere",)), UnknownTargetError),
        (send("frontier"), InvalidDecisionError),
        (Decision.race(("small", "frontier"), reason="test"), InvalidDecisionError),
        (Decision.hedge("small", "frontier", after_s=1, reason="test"), InvalidDecisionError),
        (Decision.cascade(("frontier",), verifier=Verifier(), reason="test"), InvalidDecisionError),
        (Decision.defer(10.0, reason="test"), InvalidDecisionError),
        (Decision.defer(float("nan"), reason="test"), InvalidDecisionError),
        ("small", InvalidDecisionError),
        (None, InvalidDecisionError),
    ],
)
def test_impossible_decision_fails_with_policy_request_and_cause(
    decision: object, cause: type[Exception]
) -> None:
    """What cannot be carried out names the policy and the request and chains why."""
    with pytest.raises(PolicyFailedError, match="'decides' failed at request 0") as caught:
        play(decision, candidates=(0, 1, 2))
    assert isinstance(caught.value.__cause__, cause)


def test_policy_that_raises_is_named_with_the_traceback_even_across_processes() -> None:
    """The error keeps policy, request and traceback when it is pickled."""
    host = Host(Raises(), TARGETS, rng=np.random.default_rng(1))
    request = sample_view(sample_requests(4), TARGETS)
    request.index = 3
    with pytest.raises(PolicyFailedError) as caught:
        next(host.steps(request, sample_fleet(TARGETS)))
    assert isinstance(caught.value.__cause__, ValueError)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(copy) == "policy 'raises' failed at request 3: ValueError: no idea"
    assert (copy.policy, copy.request_index) == ("raises", 3)
    assert "in route" in copy.trace
    assert copy.trace == "".join(format_exception(caught.value.__cause__))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Decision.cascade((), verifier=Verifier(), reason="x"),
        lambda: Decision.race((), reason="x"),
        lambda: Decision.race(("a", "a"), reason="x"),
        lambda: Decision.hedge("a", "a", after_s=1, reason="x"),
        lambda: Decision.hedge("a", "b", after_s=-1, reason="x"),
        lambda: Decision.hedge("a", "b", after_s=float("nan"), reason="x"),
        lambda: Verifier(false_accept_ratio=1.5),
        lambda: Verifier(false_reject_ratio=float("nan")),
        lambda: Verifier(latency_s=-1),
        lambda: Verifier(cost_usd=float("inf")),
    ],
)
def test_decisions_that_cannot_be_are_refused_when_made(make: object) -> None:
    """A decision object that exists can be carried out but for its names."""
    with pytest.raises(InvalidDecisionError):
        make()


def test_what_is_no_policy_is_refused() -> None:
    """An object with neither route nor steps cannot be hosted."""
    with pytest.raises(PolicyLoadError, match="neither route nor steps"):
        Host(object(), TARGETS, rng=np.random.default_rng(1))


def test_unknown_fallbacks_are_refused_when_hosting_begins() -> None:
    """A fallback that no deployment answers to is found before the run."""
    with pytest.raises(UnknownTargetError, match="nowhere"):
        Host(
            Decides(send()),
            TARGETS,
            rng=np.random.default_rng(1),
            resilience=Resilience(fallbacks={"small": ("nowhere",)}),
        )


class Learns:
    """Remembers what it hears, and fails on the third outcome."""

    def __init__(self) -> None:
        """Has heard nothing."""
        self.heard: list[str] = []

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the small target."""
        return send()

    def observe(self, outcome: Outcome) -> None:
        """Takes note of the target."""
        self.heard.append(outcome.target)
        if len(self.heard) > 2:
            raise KeyError(outcome.target)


def outcome(request_index: int) -> Outcome:
    """A completed attempt at the small target."""
    return Outcome(
        request_index=request_index,
        target="small",
        finished_s=1.0,
        completed=True,
        reason="",
        ttft_s=0.5,
        e2e_s=1.0,
        output_token_count=10,
    )


def test_learning_policies_hear_outcomes_and_others_do_not() -> None:
    """Outcomes reach `observe`, whose errors are the policy's; other policies are left alone."""
    policy = Learns()
    host = Host(policy, TARGETS, rng=np.random.default_rng(1))
    assert host.learns
    host.observe(outcome(0))
    host.observe(outcome(1))
    with pytest.raises(PolicyFailedError, match="failed at request 2"):
        host.observe(outcome(2))
    deaf = Host(make_policy("round_robin"), TARGETS, rng=np.random.default_rng(1))
    assert not deaf.learns
    deaf.observe(outcome(0))


def test_host_says_what_it_hosts() -> None:
    """Name and oracle flag come from the policy, unless a name is given."""
    host = Host(make_policy("oracle"), TARGETS, rng=np.random.default_rng(1))
    assert (host.name, host.oracle) == ("oracle", True)
    named = Host(Learns(), TARGETS, rng=np.random.default_rng(1), name="mine")
    assert (named.name, named.oracle) == ("mine", False)
    assert Host(Learns(), TARGETS, rng=np.random.default_rng(1)).name == "Learns"


def test_what_was_decided_is_returned_with_the_steps() -> None:
    """A request begins with its decision and the steps that carry it out."""
    host = Host(Decides(send()), TARGETS, rng=np.random.default_rng(1))
    view, fleet = sample_view(sample_requests(1), TARGETS), sample_fleet(TARGETS)
    decision, steps = host.begin(view, fleet)
    assert decision == send()
    assert isinstance(next(steps), Start)


def test_what_is_decided_after_a_deferral_is_returned_by_the_steps() -> None:
    """The steps of a deferral end in the later decision and its steps."""
    host = Host(DefersOnce(), TARGETS, rng=np.random.default_rng(1))
    view, fleet = sample_view(sample_requests(1), TARGETS), sample_fleet(TARGETS)
    decision, steps = host.begin(view, fleet)
    assert decision == Decision.defer(20.0, reason="later")
    assert next(steps) == Sleep(20.0)
    with pytest.raises(StopIteration) as ended:
        next(steps)
    later, steps = ended.value.value
    assert later == Decision.send("small", reason="now")
    assert next(steps) == Start(0)
