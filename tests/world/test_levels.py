"""Counts that jump, what is made of them, and the columns that a run writes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from router.host.failures import FailureReason
from simulator.kernel.codes import Reason
from simulator.world.fleet.held_capacity import HeldCapacity
from simulator.world.fleet.levels import CountOverTime
from simulator.world.fleet.pools import Pool, pool_utilizations, pools_of
from simulator.world.journal import STATE_NAMES, Journal
from simulator.world.plan import Incident, OverloadCurve
from simulator.world.requests.failures import REPORTED_NAMES, ROUTER_REASON_NAMES, reported
from simulator.world.requests.step_log import STEP_NAMES, LoggedStep, StepLog


def two_jumps() -> CountOverTime:
    """3 up to 10 s, 5 up to 30 s, then 1."""
    level = CountOverTime(3.0)
    level.change(10.0, 2.0)
    level.change(30.0, -4.0)
    return level


def test_a_level_has_its_new_count_at_the_instant_of_a_change() -> None:
    """Before, at and after each change, and in the order in which it was asked."""
    counts = two_jumps().at(np.array([31.0, 0.0, 9.999, 10.0, 29.0, 30.0]))
    assert counts.tolist() == [1.0, 3.0, 3.0, 5.0, 5.0, 1.0]
    assert CountOverTime(4.0).at(np.array([0.0, 7.0])).tolist() == [4.0, 4.0]


def test_a_level_integrates_between_edges() -> None:
    """3 x 10 + 5 x 10 up to 20 s, 5 x 10 + 1 x 5 up to 35 s; the mean is that over the span."""
    level = two_jumps()
    assert level.integral(np.array([0.0, 20.0, 35.0])).tolist() == [80.0, 55.0]
    assert level.integral(np.array([5.0, 8.0])).tolist() == [9.0]
    assert level.mean(5.0, 40.0) == pytest.approx((3 * 5 + 5 * 20 + 10) / 35.0)
    assert CountOverTime(0.3).mean(1.0, 2.0) == 0.3
    assert level.instants == (10.0, 30.0)
    assert (level.constant, CountOverTime(1.0).constant) == (False, True)


def test_presence_is_the_share_of_the_queues_there_can_be() -> None:
    """Of ten queues, of four, and of two that always were there."""
    presence = HeldCapacity(counts=(10, 4, 2), held=(two_jumps(), CountOverTime(3.0), CountOverTime(2.0)))
    np.testing.assert_allclose(presence.shares(0.0, 20.0), [0.4, 0.75, 1.0])
    edges_s = np.array([0.0, 20.0, 35.0])
    np.testing.assert_allclose(presence.share_seconds(0, edges_s), [8.0, 5.5])
    np.testing.assert_allclose(presence.share_seconds(1, edges_s), [15.0, 11.25])
    assert presence.share_seconds(2, edges_s).tolist() == [20.0, 15.0]


def test_pools_stand_one_after_the_other() -> None:
    """Of queues 4 to 10 the last two decode; a target without a decode pool has none."""
    entries = [
        SimpleNamespace(first_queue=0, queue_count=4, decode_count=0),
        SimpleNamespace(first_queue=4, queue_count=7, decode_count=2),
    ]
    targets = [SimpleNamespace(name="whole"), SimpleNamespace(name="split")]
    pools = pools_of(SimpleNamespace(targets=targets, target_plans=entries))
    assert pools == [
        Pool(name="split/prefill", first=4, end=9),
        Pool(name="split/decode", first=9, end=11),
    ]
    busy_s = 10.0 * np.arange(13)
    assert [pool.total(busy_s) for pool in pools] == [300.0, 190.0]
    shares = pool_utilizations(pools, busy_s, 200.0)
    assert shares == pytest.approx({"split/prefill": 300 / 1000, "split/decode": 190 / 400})


@pytest.mark.parametrize(
    ("running", "factor"), [(0, 1.0), (2, 1.0), (4, 1.0), (6, 1.5), (9, 2.25), (12, 3.0), (30, 3.0)]
)
def test_crowding_grows_evenly_from_its_share_on(running: int, factor: float) -> None:
    """Of twelve places four change nothing, all of them make calls three times as long, more no longer."""
    assert OverloadCurve(places=12, from_ratio=1 / 3, slowdown=3.0).factor(running) == pytest.approx(factor)


@pytest.mark.parametrize(("notice_s", "gives"), [(0.0, False), (0.001, True), (30.0, True)])
def test_an_incident_with_a_notice_gives_one(notice_s: float, gives: bool) -> None:
    """However short the notice is."""
    incident = Incident(
        kind="outage", label="a", at_s=1.0, duration_s=1.0, notice_s=notice_s, begins="", ends=""
    )
    assert incident.gives_notice is gives


def test_a_journal_begins_with_nothing_known() -> None:
    """The columns of three requests: their lengths, their types, and what stands for unknown."""
    journal = Journal(3)
    expected = {
        "state": (np.int8, [0, 0, 0]),
        "reason": (np.int32, [-1, -1, -1]),
        "failure": (np.int32, [-1, -1, -1]),
        "winner": (np.int64, [-1, -1, -1]),
        "buffered": (np.bool_, [False, False, False]),
        "arrival_s": (np.float64, [np.nan] * 3),
        "final_s": (np.float64, [np.nan] * 3),
        "routing_usd": (np.float64, [0.0, 0.0, 0.0]),
        "off_count": (np.int16, [0, 0, 0]),
        "decision_target": (np.int16, [-1, -1, -1]),
    }
    for name, (dtype, values) in expected.items():
        column = getattr(journal, name)
        assert column.dtype == dtype, name
        np.testing.assert_array_equal(column, values, err_msg=name)
    empty = [bytearray(), {}, [], {}, {}]
    kept = ("attempt_kinds", "cached_token_count", "hung_up_on", "given_up_s", "reasons")
    assert [getattr(journal, name) for name in kept] == empty


def test_reasons_are_numbered_as_they_come() -> None:
    """The same phrase keeps its number."""
    journal = Journal(1)
    assert [journal.reason_code(reason) for reason in ("b", "a", "b", "", "a")] == [0, 1, 0, 2, 1]
    assert journal.reason_names() == ["b", "a", ""]


def test_names_of_states_and_steps_are_those_of_records() -> None:
    """By code, as the tables of requests and steps show them."""
    assert STATE_NAMES == ("pending", "completed", "rejected", "timed_out", "failed", "unfinished")
    assert (
        *("wait", "wait_first_token", "sleep", "cancel", "verify", "accepted", "rejected"),
        *("finish", "fail", "turn_away"),
    ) == STEP_NAMES


def test_a_logged_step_says_only_what_was_said() -> None:
    """Without more a line concerns no attempt, ends at no time and costs nothing."""
    log = StepLog()
    log.note(7, 1.5, LoggedStep.FAIL)
    log.note(2**40, 2.5, LoggedStep.VERIFY, attempt=2**41, until_s=9.0, cost_usd=0.25)
    assert log.request.tolist() == [7, 2**40]
    assert log.at_s.tolist() == [1.5, 2.5]
    assert log.step.tolist() == [8, 4]
    assert log.attempt.tolist() == [-1, 2**41]
    assert np.isnan(log.until_s[0])
    assert log.until_s[1] == 9.0
    assert log.cost_usd.tolist() == [0.0, 0.25]


def test_every_reason_has_the_gateways_word_and_the_reports() -> None:
    """By the kernel's code; a policy's own words stay."""
    told = {
        Reason.NONE: ("", ""),
        Reason.QUEUE_FULL: (FailureReason.QUEUE_FULL, "queue_full"),
        Reason.TOO_LARGE: (FailureReason.TOO_LARGE, "too_large"),
        Reason.RATE_LIMIT: (FailureReason.RATE_LIMITED, "rate_limit"),
        Reason.OVERLOADED: (FailureReason.OVERLOADED, "overloaded"),
        Reason.SERVER_ERROR: (FailureReason.SERVER_ERROR, "server_error"),
        Reason.OUTAGE: (FailureReason.UNAVAILABLE, "outage"),
        Reason.CONTEXT_LENGTH: (FailureReason.CONTEXT_LENGTH, "context_length"),
        Reason.CONNECTION: (FailureReason.CONNECTION_ERROR, "connection"),
    }
    assert tuple(str(told[reason][0]) for reason in Reason) == ROUTER_REASON_NAMES
    assert tuple(told[reason][1] for reason in Reason) == REPORTED_NAMES
    assert [reported(str(word)) for word, _name in told.values()] == [name for _word, name in told.values()]
    assert reported("I would not") == "I would not"
