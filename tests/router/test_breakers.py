"""Circuit breakers: when they open, what they let through, and when they close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import BreakerRules, Decision, Host, Resilience
from router.host.breakers import BreakerState, CircuitBreakers
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun

if TYPE_CHECKING:
    from router import FleetView, RequestView

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
RULES = BreakerRules(failure_threshold=3, success_threshold=2, timeout_s=10.0, window_s=60.0)


def opened(rules: BreakerRules = RULES, at_s: float = 100.0) -> CircuitBreakers:
    """Two breakers, the first of which has just opened."""
    found = CircuitBreakers(2, rules)
    for _ in range(rules.failure_threshold):
        found.failed(0, at_s, "server_error")
    return found


def test_it_opens_with_enough_failures_in_a_row() -> None:
    """An answer between them begins the row anew; the other target is not concerned."""
    found = CircuitBreakers(2, RULES)
    for reason in ("server_error", "rate_limited", "", "connection_error", "timed_out"):
        found.failed(0, 100.0, reason) if reason else found.succeeded(0, 100.0)
        assert (found.state(0, 100.0), found.cooling_until_s) == (CLOSED, -np.inf)
    found.failed(0, 100.0, "unavailable")
    assert (found.state(0, 100.0), found.state(1, 100.0)) == (OPEN, CLOSED)
    assert found.healthy((0, 1), 109.999) == (1,)
    assert found.healthy((0, 1), 110.0) == (0, 1)


def test_a_target_that_finds_fault_with_a_request_has_answered() -> None:
    """Statuses that are not tried again end a row of failures."""
    found = CircuitBreakers(2, RULES)
    for reason in (
        "server_error",
        "server_error",
        "context_length",
        "server_error",
        "server_error",
        "refused",
    ):
        found.failed(0, 100.0, reason)
    found.failed(0, 100.0, "server_error")
    assert found.state(0, 100.0) is CLOSED


@pytest.mark.parametrize(("last_s", "state"), [(160.0, OPEN), (160.001, CLOSED)])
def test_failures_of_a_row_are_within_the_window(last_s: float, state: BreakerState) -> None:
    """One that is older counts no more."""
    found = CircuitBreakers(2, RULES)
    for now_s in (100.0, 130.0, last_s):
        found.failed(0, now_s, "server_error")
    assert found.state(0, last_s) is state


@pytest.mark.parametrize(("answers", "state"), [(6, CLOSED), (7, OPEN)])
def test_few_requests_open_nothing(answers: int, state: BreakerState) -> None:
    """Ten attempts must have ended within the window."""
    found = CircuitBreakers(2, BreakerRules(failure_threshold=3, minimum_requests=10))
    for _ in range(answers):
        found.succeeded(0, 100.0)
    for _ in range(3):
        found.failed(0, 101.0, "server_error")
    assert found.state(0, 101.0) is state


def test_half_open_lets_a_few_probes_through() -> None:
    """The next one waits for an answer, or for the timeout of one that never ends."""
    found = opened(BreakerRules(failure_threshold=3, success_threshold=3, timeout_s=10.0, probes=2))
    assert (found.state(0, 110.0), found.is_cooling(0, 110.0)) == (HALF_OPEN, False)
    found.began(0, 110.0)
    assert not found.is_cooling(0, 110.0)
    found.began(0, 111.0)
    assert found.is_cooling(0, 112.0)
    found.succeeded(0, 112.0, 110.0)
    assert not found.is_cooling(0, 112.0)
    found.began(0, 112.0)
    assert found.is_cooling(0, 120.999)
    assert not found.is_cooling(0, 121.0)


def test_it_closes_with_enough_answers_and_forgets() -> None:
    """Two answers close it; a failure afterwards is the first of a new row."""
    found = opened()
    found.began(0, 110.0)
    found.succeeded(0, 111.0, 110.0)
    assert (found.state(0, 111.0), found.cooling_until_s) == (HALF_OPEN, np.inf)
    found.began(0, 111.0)
    found.succeeded(0, 112.0, 111.0)
    assert (found.state(0, 112.0), found.cooling_until_s) == (CLOSED, -np.inf)
    for _ in range(2):
        found.failed(0, 112.0, "server_error")
    assert found.state(0, 112.0) is CLOSED


def test_a_failure_of_a_probe_opens_it_again() -> None:
    """For the whole timeout, and the answers before it count no more."""
    found = opened()
    found.succeeded(0, 111.0, 110.0)
    found.failed(0, 112.0, "server_error")
    assert (found.state(0, 121.999), found.state(0, 122.0)) == (OPEN, HALF_OPEN)
    found.succeeded(0, 123.0, 122.0)
    assert found.state(0, 123.0) is HALF_OPEN


def test_answers_of_attempts_from_before_close_nothing() -> None:
    """Neither while it is open nor while it is half open; failures do not prolong an open one."""
    found = opened()
    for now_s in (101.0, 111.0, 112.0, 113.0):
        found.succeeded(0, now_s, 99.0)
    assert found.state(0, 113.0) is HALF_OPEN
    found = opened()
    found.failed(0, 105.0, "server_error")
    assert found.state(0, 110.0) is HALF_OPEN


def test_trips_are_written_down() -> None:
    """From the first opening to the closing, reopenings included; infinite while it lasts."""
    found = opened()
    found.failed(0, 111.0, "server_error")
    assert [(trip.target, trip.at_s, trip.until_s) for trip in found.trips.trips] == [(0, 100.0, np.inf)]
    for now_s in (121.0, 122.0):
        found.succeeded(0, now_s, now_s)
    assert [(trip.target, trip.at_s, trip.until_s) for trip in found.trips.trips] == [(0, 100.0, 122.0)]


events = st.lists(
    st.tuples(st.sampled_from(["start", "answer", "server_error", "not_found"]), st.floats(0, 30)),
    max_size=60,
)


@given(happened=events)
def test_half_open_never_has_more_probes_than_it_may(happened: list[tuple[str, float]]) -> None:
    """When whoever starts asks first, no more than two probes are under way; closed ones are never away."""
    found = opened(BreakerRules(failure_threshold=3, success_threshold=3, timeout_s=10.0, probes=2), 0.0)
    now_s, under_way = 0.0, []
    for what, after_s in happened:
        now_s += after_s
        state = found.state(0, now_s)
        under_way = [at_s for at_s in under_way if now_s - at_s < 10.0]
        if what == "start" and not found.is_cooling(0, now_s):
            found.began(0, now_s)
            under_way.append(now_s)
        elif what == "answer" and under_way:
            found.succeeded(0, now_s, under_way.pop(0))
        elif what == "server_error" and under_way:
            under_way.pop(0)
            found.failed(0, now_s, what)
            assert found.state(0, now_s) is (OPEN if state is HALF_OPEN else found.state(0, now_s))
        if found.state(0, now_s) is HALF_OPEN:
            assert len(under_way) <= 2
        assert not (found.state(0, now_s) is CLOSED and found.is_cooling(0, now_s))


class Insists:
    """Sends everything to the small target."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """The send."""
        return Decision.send("small", reason="x")


def test_a_host_with_a_breaker_goes_elsewhere_and_probes() -> None:
    """Open: the fallback serves; half open: one probe goes through; closed after its answers."""
    targets = sample_targets()
    resilience = Resilience(
        default_fallbacks=("large",),
        breaker=BreakerRules(failure_threshold=2, success_threshold=1, timeout_s=10.0),
    )
    host = Host(Insists(), targets, rng=np.random.default_rng(1), resilience=resilience)
    assert host.counts_outcomes
    view, fleet = sample_view(sample_requests(9), targets), sample_fleet(targets)
    broken = {"small": (ScriptedAttempt(fails_with="server_error", ends_s=0.1),)}

    def asked(now_s: float, script: dict[str, tuple[ScriptedAttempt, ...]]) -> list[str]:
        view.now_s = now_s
        return ScriptedRun(script).play(host, view, fleet).started()

    assert [asked(now_s, broken) for now_s in (10.0, 11.0)] == [["small", "large"]] * 2
    assert asked(12.0, broken) == ["large"]
    assert asked(21.2, broken) == ["small", "large"]
    assert asked(22.0, {}) == ["large"]
    assert asked(31.4, {}) == ["small"]
    assert asked(31.4, {}) == ["large"]
    host.succeeded(0, 33.4, 31.4)
    assert [asked(33.5, {}) for _ in range(2)] == [["small"]] * 2
    (trip,) = host.trips
    assert (trip.target, trip.until_s) == (0, 33.4)
