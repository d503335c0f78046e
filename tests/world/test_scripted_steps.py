"""Each step of a script at its instant: what is heard, written down and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from router.decision import Verifier
from router.steps import Await, Cancel, Fail, Finish, Follow, Sleep, TurnAway, Verify
from scripted_worlds import (
    COMPLETED,
    COUNT,
    FAILED,
    FIRST,
    OUTAGE,
    PATIENT,
    SURE,
    TIMER,
    logged,
    only,
    replies,
    start,
    world_of,
)
from simulator.world.journal import RequestState
from simulator.world.plan import Incident, Patience

if TYPE_CHECKING:
    pass


def test_a_wait_hears_of_what_it_asked_for_at_its_instant() -> None:
    """The first token as it is delivered, then the end; the answer is taken as the request's."""
    world = world_of(
        only(
            2,
            start(0),
            lambda made: Await((made[0],), interest=FIRST),
            lambda made: Await((made[0],)),
            lambda made: Finish(made[0]),
        )
    )
    assert replies(world) == [
        (21.5, (FIRST, 21.5, "", True)),
        (24.5, (COMPLETED, 24.5, "", True)),
    ]
    assert logged(world, 2) == [
        ("wait_first_token", 20.0, 2.0, -1.0, 0.0),
        ("wait", 21.5, 2.0, -1.0, 0.0),
        ("finish", 24.5, 2.0, -1.0, 0.0),
    ]
    journal = world.journal
    assert journal.state[2] == RequestState.COMPLETED
    assert (journal.final_s[2], journal.winner[2]) == (24.5, 2)
    assert journal.buffered.tolist() == [False, False, True, False, False, False]
    assert journal.winner.tolist() == list(range(COUNT))
    assert np.isnan(journal.final_s[[0, 1, 3]]).all()


def test_a_wait_ends_at_its_instant_and_several_handles_are_nobodys() -> None:
    """A timer's event, once; a wait for two attempts is logged without a number."""
    world = world_of(
        only(
            1,
            start(0),
            start(1),
            lambda made: Await(tuple(made), until_s=11.0),
            lambda made: Await(tuple(made), until_s=14.0),
            lambda made: Cancel(made[0]),
            lambda made: Finish(made[1]),
        )
    )
    assert replies(world) == [
        (11.0, (TIMER, 11.0, "", False)),
        (12.0, (COMPLETED, 12.0, "", True)),
        (12.0, None),
    ]
    assert logged(world, 1) == [
        ("wait", 10.0, -1.0, 11.0, 0.0),
        ("wait", 11.0, -1.0, 14.0, 0.0),
        ("cancel", 12.0, 1.0, -1.0, 0.0),
        ("finish", 12.0, 2.0, -1.0, 0.0),
    ]
    assert world.journal.given_up_s == {1: 12.0}
    assert world.journal.winner[1] == 2
    assert list(world.journal.attempt_kinds) == [0, 0, 1, 0, 0, 0, 0]


def test_a_request_that_fails_gives_its_attempts_up() -> None:
    """With the script's own words; what is still under way is given up then."""
    world = world_of(only(1, start(0), lambda _made: Sleep(11.0), lambda _made: Fail("enough")))
    assert replies(world) == [(11.0, None)]
    assert logged(world, 1) == [("sleep", 10.0, -1.0, 11.0, 0.0), ("fail", 11.0, -1.0, -1.0, 0.0)]
    journal = world.journal
    assert (journal.state[1], journal.final_s[1], journal.winner[1]) == (RequestState.FAILED, 11.0, -1)
    assert journal.reason_names()[journal.failure[1]] == "enough"
    assert (journal.given_up_s, journal.hung_up_on) == ({1: 11.0}, [])


def test_a_request_can_be_turned_away() -> None:
    """Rejected with that reason, at once, without an attempt."""
    world = world_of(only(1, lambda _made: TurnAway("not now")))
    journal = world.journal
    assert (journal.state[1], journal.final_s[1], journal.winner[1]) == (RequestState.REJECTED, 10.0, -1)
    assert journal.reason_names()[journal.reason[1]] == "not now"
    assert logged(world, 1) == [("turn_away", 10.0, -1.0, -1.0, 0.0)]
    assert len(journal.attempt_kinds) == COUNT - 1


@pytest.mark.parametrize(("target", "end_s", "verdict"), [(0, 14.5, True), (1, 12.0, False)])
def test_a_verdict_costs_money_now_and_is_told_later(target: int, end_s: float, verdict: bool) -> None:
    """Right answers are accepted, wrong ones are not; half a second after it was asked."""
    world = world_of(
        only(
            1,
            start(target),
            lambda made: Await((made[0],)),
            lambda made: Verify(made[0], SURE),
            lambda made: Verify(made[0], SURE),
            lambda made: Follow(made[0]),
        ),
        decision_usd=0.5,
    )
    assert replies(world)[1:] == [(end_s + 0.5, verdict), (end_s + 1.0, verdict)]
    said = "accepted" if verdict else "rejected"
    assert logged(world, 1)[1:3] == [("verify", end_s, 1.0, -1.0, 0.25), (said, end_s + 0.5, 1.0, -1.0, 0.0)]
    assert world.journal.routing_usd.tolist() == [0.5, 1.0, 0.5, 0.5, 0.5, 0.5]


def test_failures_while_nobody_waits_are_heard_in_their_order() -> None:
    """Two attempts fail by an outage while the script sleeps; the next waits hear one each, at once."""
    outage = Incident(**{**{name: getattr(OUTAGE, name) for name in OUTAGE.__slots__}, "at_s": 10.5})
    world = world_of(
        only(
            1,
            start(0),
            start(0),
            lambda _made: Sleep(13.0),
            lambda made: Await(tuple(made)),
            lambda made: Await(tuple(made)),
            lambda _made: Fail("both"),
        ),
        incidents=(outage,),
    )
    heard = [
        (at_s, reply.kind, reply.now_s, reply.reason)
        for at_s, reply in world._hosts[0].replies
        if hasattr(reply, "kind")
    ]
    assert [entry[:2] for entry in heard] == [(13.0, FAILED), (13.0, FAILED)]
    assert {entry[3] for entry in heard} == {"unavailable"}
    handles = [reply.handle for _at_s, reply in world._hosts[0].replies if hasattr(reply, "kind")]
    assert len(set(handles)) == 2
    assert world.journal.final_s[1] == 13.0
    assert world.journal.given_up_s == {}


def test_a_followed_failure_resumes_the_script() -> None:
    """With the failure; what it follows then is what answers."""
    outage = Incident(**{**{name: getattr(OUTAGE, name) for name in OUTAGE.__slots__}, "at_s": 10.5})
    world = world_of(only(1, start(0, follow=True), start(1, follow=True)), incidents=(outage,))
    assert len(replies(world)) == 1
    assert replies(world)[0][1][0] == FAILED
    assert world.journal.winner[1] == 2
    assert list(world.journal.attempt_kinds) == [0, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("first", "second", "followed", "end_s", "given_up"),
    [(1, 0, 0, 12.0, {2: 12.0}), (0, 1, 1, 12.0, {1: 12.0}), (0, 1, 0, 14.5, {})],
)
def test_of_two_attempts_the_followed_one_answers(
    first: int, second: int, followed: int, end_s: float, given_up: dict[int, float]
) -> None:
    """Whichever was started last; the other is given up at that instant if it is under way."""
    steps = (start(first), start(second), lambda made: Follow(made[followed]))
    world = world_of(only(1, *steps), patience=(PATIENT, Patience(timeout_s=9.0)))
    journal = world.journal
    assert (journal.winner[1], journal.final_s[1]) == (1 + followed, end_s)
    assert journal.given_up_s == given_up
    assert journal.state[1] == RequestState.COMPLETED
    assert not journal.buffered.any()


def test_an_event_that_comes_too_late_is_kept_for_the_next_wait() -> None:
    """Of two failures while the script slept the second is heard after a verdict and a new attempt."""
    outage = Incident(**{**{name: getattr(OUTAGE, name) for name in OUTAGE.__slots__}, "at_s": 10.5})
    world = world_of(
        only(
            1,
            start(1),
            start(0),
            start(0),
            lambda made: Await(tuple(made)),
            lambda made: Await(tuple(made)),
            lambda made: Await((made[0],), until_s=11.0),
            lambda made: Await((made[0],)),
            lambda made: Verify(made[0], SURE),
            lambda made: Finish(made[0]),
        ),
        incidents=(outage,),
    )
    heard = [(at_s, reply[0] if isinstance(reply, tuple) else reply) for at_s, reply in replies(world)]
    assert [kind for _at_s, kind in heard] == [FAILED, FAILED, TIMER, COMPLETED, False]
    assert [at_s for at_s, _kind in heard] == [10.75, 10.75, 11.0, 12.0, 12.5]
    assert world.journal.final_s[1] == 12.5


def test_a_timer_of_an_earlier_wait_wakes_nobody() -> None:
    """The answer came first: no later wait nor sleep ends when the first would have."""
    for then in (lambda _made: Sleep(20.0), lambda made: Await((made[0],), until_s=20.0)):
        world = world_of(
            only(
                1, start(1), lambda made: Await((made[0],), until_s=13.0), then, lambda made: Finish(made[0])
            )
        )
        assert [at_s for at_s, _reply in replies(world)] == [12.0, 20.0]
        assert world.journal.final_s[1] == 20.0


def test_a_client_that_hangs_up_ends_sleeps_and_verdicts() -> None:
    """What its router waited for is not told any more, to this request nor to the one asked again."""
    for step in (lambda _made: Sleep(14.0), lambda made: Verify(made[0], Verifier(latency_s=2.0))):
        world = world_of(
            only(1, start(1), lambda made: Await((made[0],)), step, lambda _made: Fail("late")),
            patience=(PATIENT, Patience(timeout_s=3.0)),
        )
        assert world.journal.state[1] == RequestState.TIMED_OUT
        assert world.journal.final_s[1] == 13.0
        assert len(replies(world)) == 1
        assert "accepted" not in {entry[0] for entry in logged(world, 1)}
        assert world.journal.given_up_s == {}


def test_giving_up_what_is_nobodys_changes_nothing() -> None:
    """A handle that no attempt has: written down without a number, and nothing is given up."""
    steps = (start(0), lambda made: Cancel(made[0] + 2**40), lambda made: Follow(made[0]))
    world = world_of(only(1, *steps))
    assert logged(world, 1) == [("cancel", 10.0, -1.0, -1.0, 0.0)]
    assert (world.journal.given_up_s, world.journal.winner[1]) == ({}, 1)
