"""The host's steps for every kind of decision, against scripted outcomes."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from traceback import format_exception
from typing import TYPE_CHECKING

import numpy as np
import pytest

from router import (
    NO_RESILIENCE,
    Decision,
    FleetView,
    Host,
    InvalidDecisionError,
    Outcome,
    PolicyFailedError,
    PolicyLoadError,
    RequestView,
    Resilience,
    Target,
    UnknownTargetError,
    Verifier,
    make_policy,
)
from router.steps import (
    AttemptKind,
    Await,
    Cancel,
    EventKind,
    Fail,
    Finish,
    Follow,
    Sleep,
    Start,
    TurnAway,
    Verify,
)
from router.testing.rehearsal import Rehearsal, Scripted
from router.testing.specimens import specimen_fleet, specimen_requests, specimen_targets, specimen_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.host.progress import JitterSource

TARGETS = specimen_targets()
SMALL, MEDIUM, LARGE, FRONTIER = range(4)
PROGRESS = EventKind.FIRST_TOKEN | EventKind.COMPLETED


@dataclass
class Decides:
    """A policy that gives the same decision each time."""

    decision: object
    name: str = "decides"

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """The decision."""
        return self.decision  # type: ignore[return-value]


@dataclass
class Raises:
    """A policy that fails."""

    name: str = "raises"

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """Nothing, ever."""
        message = "no idea"
        raise ValueError(message)


def play(
    decision: object,
    scripts: Mapping[str, Sequence[Scripted]] | None = None,
    *,
    resilience: Resilience = NO_RESILIENCE,
    targets: tuple[Target, ...] = TARGETS,
    candidates: tuple[int, ...] | None = None,
    jitter_u: JitterSource = lambda _request, _target, _try: 0.0,
) -> Rehearsal:
    """One request played through a policy that takes this decision."""
    host = Host(
        Decides(decision), targets, rng=np.random.default_rng(1), resilience=resilience, jitter_u=jitter_u
    )
    fleet = specimen_fleet(targets)
    fleet.candidates = candidates or fleet.candidates
    return Rehearsal(scripts or {}).play(host, specimen_view(specimen_requests(4), targets), fleet)


def fails(reason: str = "server_error", **script: float) -> tuple[Scripted, ...]:
    """A target at which every attempt fails after a tenth of a second, before any token."""
    return (Scripted(fails_with=reason, ends_s=0.1, **script),)


def send(target: str = "small", fallbacks: tuple[str, ...] = ()) -> Decision:
    """A plain send."""
    return Decision.send(target, reason="test", fallbacks=fallbacks)


def test_plain_send_starts_and_follows_in_one_step() -> None:
    """A send that succeeds takes exactly one step, which also follows."""
    assert play(send()).plain_steps() == [Start(SMALL, follow=True)]


def test_failure_without_resilience_fails_the_request() -> None:
    """Without retries and fallbacks the last failure's reason ends the request."""
    assert play(send(), {"small": fails()}).plain_steps()[-1] == Fail("server_error")


def test_send_to_a_deployment_takes_its_least_outstanding_replica() -> None:
    """A deployment's name stands for the replica with the fewest attempts waiting and running."""
    targets = specimen_targets((3, 1, 1, 1))
    host = Host(Decides(send("small")), targets, rng=np.random.default_rng(1))
    fleet = specimen_fleet(targets, [2, 0, 1, 0, 0, 0])
    played = Rehearsal().play(host, specimen_view(specimen_requests(1), targets), fleet)
    assert played.started() == ["small/1"]


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
    script = {"small": (*fails(), Scripted())}
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
    targets = specimen_targets((2, 1, 1, 1))
    resilience = Resilience(retries=1)
    played = play(send("small/0"), {"small/0": fails()}, resilience=resilience, targets=targets)
    assert played.started() == ["small/0", "small/1"]
    assert not any(isinstance(step, Sleep) for step in played.plain_steps())


def test_retries_prefer_targets_not_yet_tried() -> None:
    """Three replicas of a model are each tried before one is tried twice."""
    targets = specimen_targets((3, 1, 1, 1))
    scripts = {f"small/{number}": fails() for number in range(3)}
    played = play(send("small/1"), scripts, resilience=Resilience(retries=3, cooldown_s=0.0), targets=targets)
    assert sorted(played.started()[:3]) == ["small/0", "small/1", "small/2"]
    assert played.started()[3] != played.started()[2]


def test_retries_stay_among_permitted_targets() -> None:
    """A replica that constraints exclude is never retried on."""
    targets = specimen_targets((3, 1, 1, 1))
    resilience = Resilience(retries=3, cooldown_s=0.0)
    scripts = {"small/0": fails()}
    played = play(send("small/0"), scripts, resilience=resilience, targets=targets, candidates=(0, 3))
    assert set(played.started()) == {"small/0"}


def test_failure_after_the_first_token_is_final() -> None:
    """What the caller already saw the beginning of is not silently tried again."""
    broken = (Scripted(first_token_s=0.2, ends_s=1.0, fails_with="server_error"),)
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


def test_cascade_stops_at_the_first_accepted_answer() -> None:
    """An accepted answer is the request's, and later stages are never started."""
    verifier = Verifier(latency_s=0.25)
    played = play(Decision.cascade(("small", "frontier"), verifier=verifier, reason="test"))
    assert played.plain_steps() == [Start(SMALL), Await((0,)), Verify(0, verifier), Finish(0)]


def test_cascade_escalates_until_the_last_stage_which_is_followed() -> None:
    """Refused answers escalate; the last stage streams to the caller and is not verified."""
    verifier = Verifier()
    wrong = (Scripted(right=False),)
    decision = Decision.cascade(("small", "medium", "frontier"), verifier=verifier, reason="test")
    played = play(decision, {"small": wrong, "medium": wrong, "frontier": wrong})
    assert played.plain_steps() == [
        Start(SMALL),
        Await((0,)),
        Verify(0, verifier),
        Start(MEDIUM, AttemptKind.ESCALATION),
        Await((1,)),
        Verify(1, verifier),
        Start(FRONTIER, AttemptKind.ESCALATION),
        Follow(2),
    ]
    assert played.answer == 2


def test_cascade_escalates_past_a_failed_stage_without_judging_it() -> None:
    """There is nothing to verify in a failure."""
    decision = Decision.cascade(("small", "frontier"), verifier=Verifier(), reason="test")
    played = play(decision, {"small": fails()})
    assert played.started() == ["small", "frontier"]
    assert not any(isinstance(step, Verify) for step in played.plain_steps())


def test_cascade_keeps_the_refused_answer_when_the_last_stage_fails() -> None:
    """A refused answer is better than none."""
    decision = Decision.cascade(("small", "frontier"), verifier=Verifier(), reason="test")
    played = play(decision, {"small": (Scripted(right=False),), "frontier": fails()})
    assert played.plain_steps()[-1] == Finish(0)


def test_cascade_fails_when_the_last_stage_breaks_off_in_mid_answer() -> None:
    """An earlier answer cannot follow the beginning of another one."""
    broken = (Scripted(first_token_s=0.1, ends_s=1.0, fails_with="server_error"),)
    decision = Decision.cascade(("small", "frontier"), verifier=Verifier(), reason="test")
    played = play(decision, {"small": (Scripted(right=False),), "frontier": broken})
    assert played.plain_steps()[-1] == Fail("server_error")


def test_cascade_without_any_answer_falls_back() -> None:
    """When all stages failed, the last one's fallbacks are tried."""
    resilience = Resilience(fallbacks={"frontier": ("large",)}, cooldown_s=0.0)
    decision = Decision.cascade(("small", "frontier"), verifier=Verifier(), reason="test")
    played = play(decision, {"small": fails(), "frontier": fails()}, resilience=resilience)
    assert played.started() == ["small", "frontier", "large"]


def hedge(after_s: float) -> Decision:
    """A hedge from small to large."""
    return Decision.hedge("small", "large", after_s=after_s, reason="test")


def test_hedge_starts_no_backup_when_the_first_token_is_in_time() -> None:
    """A prompt first token makes the hedge a plain send."""
    played = play(hedge(1.0), {"small": (Scripted(first_token_s=0.9),)})
    assert played.plain_steps() == [Start(SMALL), Await((0,), PROGRESS, 11.0), Follow(0)]


def test_hedge_cancels_the_loser_at_the_winner_first_token() -> None:
    """The first token decides, and the other attempt is given up at that instant."""
    played = play(hedge(1.0), {"small": (Scripted(first_token_s=5.0, ends_s=9.0),)})
    assert played.plain_steps() == [
        Start(SMALL),
        Await((0,), PROGRESS, 11.0),
        Start(LARGE, AttemptKind.HEDGE),
        Await((0, 1), PROGRESS),
        Cancel(0),
        Follow(1),
    ]
    cancelled_s = next(now_s for now_s, step in played.steps if isinstance(step, Cancel))
    assert cancelled_s == pytest.approx(11.5)


def test_hedge_keeps_the_original_when_it_wins_after_all() -> None:
    """The backup is cancelled when the original has the first token."""
    slow = {"small": (Scripted(first_token_s=1.2, ends_s=9.0),)}
    assert play(hedge(1.0), slow).plain_steps()[-2:] == [Cancel(1), Follow(0)]


def test_hedge_starts_the_backup_at_once_when_the_original_fails() -> None:
    """There is no point in waiting for a failed attempt's first token."""
    played = play(hedge(1.0), {"small": fails()})
    assert Start(LARGE, AttemptKind.FALLBACK) in played.plain_steps()
    assert played.now_s == pytest.approx(12.1)
    assert played.state == "completed"


def test_hedge_goes_on_with_the_other_when_one_fails() -> None:
    """A failure of either attempt leaves the race to the other."""
    scripts = {
        "small": (Scripted(first_token_s=9.0, ends_s=3.0, fails_with="unavailable"),),
        "large": (Scripted(first_token_s=4.0, ends_s=8.0),),
    }
    played = play(hedge(1.0), scripts)
    assert (played.state, played.answer) == ("completed", 1)
    assert not any(isinstance(step, Cancel) for step in played.plain_steps())


def test_hedge_recovers_when_both_fail() -> None:
    """Fallbacks of the attempt that failed last follow when none is left."""
    resilience = Resilience(default_fallbacks=("frontier",), cooldown_s=0.0)
    played = play(hedge(1.0), {"small": fails(), "large": fails()}, resilience=resilience)
    assert played.started() == ["small", "large", "frontier"]


def test_race_follows_the_first_and_cancels_the_rest() -> None:
    """All start together, and the first token wins."""
    scripts = {"medium": (Scripted(first_token_s=0.1),)}
    played = play(Decision.race(("small", "medium", "large"), reason="test"), scripts)
    assert played.plain_steps() == [
        Start(SMALL),
        Start(MEDIUM, AttemptKind.HEDGE),
        Start(LARGE, AttemptKind.HEDGE),
        Await((0, 1, 2), PROGRESS),
        Cancel(0),
        Cancel(2),
        Follow(1),
    ]


def test_race_finishes_with_an_answer_that_comes_whole() -> None:
    """An attempt that completes without a first token of its own ends the race as well."""
    whole = (Scripted(first_token_s=0.2, ends_s=0.2),)
    played = play(Decision.race(("small", "medium"), reason="test"), {"small": whole})
    assert played.plain_steps()[-2:] == [Cancel(1), Finish(0)]


def test_winner_that_breaks_off_fails_the_request() -> None:
    """After the winner's first token there is no way back to the loser."""
    broken = (Scripted(first_token_s=0.1, ends_s=1.0, fails_with="server_error"),)
    played = play(Decision.race(("small", "medium"), reason="test"), {"small": broken})
    assert played.plain_steps()[-1] == Fail("server_error")


def test_reject_turns_the_request_away() -> None:
    """A rejection makes no attempt and keeps its reason."""
    assert play(Decision.reject(reason="budget spent")).plain_steps() == [TurnAway("budget spent")]


def test_no_candidates_turns_the_request_away_unasked() -> None:
    """A request that no target may serve never reaches the policy."""
    host = Host(Raises(), TARGETS, rng=np.random.default_rng(1))
    fleet = specimen_fleet(TARGETS)
    fleet.candidates = ()
    steps = list(host.steps(specimen_view(specimen_requests(1), TARGETS), fleet))
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
    request, fleet = specimen_view(specimen_requests(4), TARGETS), specimen_fleet(TARGETS)
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
    request = specimen_view(specimen_requests(4), TARGETS)
    request.index = 3
    with pytest.raises(PolicyFailedError) as caught:
        next(host.steps(request, specimen_fleet(TARGETS)))
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
        make()  # type: ignore[operator]


def test_what_is_no_policy_is_refused() -> None:
    """An object with neither route nor steps cannot be hosted."""
    with pytest.raises(PolicyLoadError, match="neither route nor steps"):
        Host(object(), TARGETS, rng=np.random.default_rng(1))  # type: ignore[arg-type]


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
    view, fleet = specimen_view(specimen_requests(1), TARGETS), specimen_fleet(TARGETS)
    decision, steps = host.begin(view, fleet)
    assert decision == send()
    assert isinstance(next(steps), Start)


def test_what_is_decided_after_a_deferral_is_returned_by_the_steps() -> None:
    """The steps of a deferral end in the later decision and its steps."""
    host = Host(DefersOnce(), TARGETS, rng=np.random.default_rng(1))
    view, fleet = specimen_view(specimen_requests(1), TARGETS), specimen_fleet(TARGETS)
    decision, steps = host.begin(view, fleet)
    assert decision == Decision.defer(20.0, reason="later")
    assert next(steps) == Sleep(20.0)
    with pytest.raises(StopIteration) as ended:
        next(steps)
    later, steps = ended.value.value
    assert later == Decision.send("small", reason="now")
    assert next(steps) == Start(0)
