"""Decisions of several attempts: cascades, hedges and races against scripted outcomes."""

from __future__ import annotations

import pytest

from hosted_decisions import FRONTIER, LARGE, MEDIUM, SMALL, fails, play
from router import (
    Decision,
    Resilience,
    Verifier,
)
from router.steps import (
    AttemptKind,
    Await,
    Cancel,
    EventKind,
    Fail,
    Finish,
    Follow,
    Start,
    Verify,
)
from router.testing.scripted_run import ScriptedAttempt

PROGRESS = EventKind.FIRST_TOKEN | EventKind.COMPLETED


def test_cascade_stops_at_the_first_accepted_answer() -> None:
    """An accepted answer is the request's, and later stages are never started."""
    verifier = Verifier(latency_s=0.25)
    played = play(Decision.cascade(("small", "frontier"), verifier=verifier, reason="test"))
    assert played.plain_steps() == [Start(SMALL), Await((0,)), Verify(0, verifier), Finish(0)]


def test_cascade_escalates_until_the_last_stage_which_is_followed() -> None:
    """Refused answers escalate; the last stage streams to the caller and is not verified."""
    verifier = Verifier()
    wrong = (ScriptedAttempt(right=False),)
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
    played = play(decision, {"small": (ScriptedAttempt(right=False),), "frontier": fails()})
    assert played.plain_steps()[-1] == Finish(0)


def test_cascade_fails_when_the_last_stage_breaks_off_in_mid_answer() -> None:
    """An earlier answer cannot follow the beginning of another one."""
    broken = (ScriptedAttempt(first_token_s=0.1, ends_s=1.0, fails_with="server_error"),)
    decision = Decision.cascade(("small", "frontier"), verifier=Verifier(), reason="test")
    played = play(decision, {"small": (ScriptedAttempt(right=False),), "frontier": broken})
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
    played = play(hedge(1.0), {"small": (ScriptedAttempt(first_token_s=0.9),)})
    assert played.plain_steps() == [Start(SMALL), Await((0,), PROGRESS, 11.0), Follow(0)]


def test_hedge_cancels_the_loser_at_the_winner_first_token() -> None:
    """The first token decides, and the other attempt is given up at that instant."""
    played = play(hedge(1.0), {"small": (ScriptedAttempt(first_token_s=5.0, ends_s=9.0),)})
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
    slow = {"small": (ScriptedAttempt(first_token_s=1.2, ends_s=9.0),)}
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
        "small": (ScriptedAttempt(first_token_s=9.0, ends_s=3.0, fails_with="unavailable"),),
        "large": (ScriptedAttempt(first_token_s=4.0, ends_s=8.0),),
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
    scripts = {"medium": (ScriptedAttempt(first_token_s=0.1),)}
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
    whole = (ScriptedAttempt(first_token_s=0.2, ends_s=0.2),)
    played = play(Decision.race(("small", "medium"), reason="test"), {"small": whole})
    assert played.plain_steps()[-2:] == [Cancel(1), Finish(0)]


def test_winner_that_breaks_off_fails_the_request() -> None:
    """After the winner's first token there is no way back to the loser."""
    broken = (ScriptedAttempt(first_token_s=0.1, ends_s=1.0, fails_with="server_error"),)
    played = play(Decision.race(("small", "medium"), reason="test"), {"small": broken})
    assert played.plain_steps()[-1] == Fail("server_error")
