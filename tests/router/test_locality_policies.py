"""Policies that keep what belongs together in one place."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_runs import PolicyRun
from router import InvalidPolicyParameterError, make_policy
from router.testing.samples import sample_targets

TEN = sample_targets((0, 10, 0, 0))
KEYS = 3_000


def placed(run: PolicyRun, count: int = KEYS) -> list[str]:
    """Where sessions 0 to count go."""
    return [run.send(session=session) for session in range(count)]


def test_a_target_s_leaving_moves_its_own_keys_only() -> None:
    """About a tenth of the sessions move, all of them those of the target that left; back they return."""
    run = PolicyRun("consistent_hash", {"load_factor": None}, TEN)
    before = placed(run)
    run.fleet.candidates = tuple(index for index in range(10) if index != 4)
    after = placed(run)
    moved = [old for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {"medium/4"}
    assert len(moved) == before.count("medium/4")
    assert 0.05 < len(moved) / KEYS < 0.16
    run.fleet.candidates = tuple(range(10))
    assert placed(run) == before


def test_a_target_that_joins_takes_keys_and_gives_none_to_others() -> None:
    """Of nine targets become ten: whoever moves goes to the tenth."""
    nine, ten = (PolicyRun("consistent_hash", {"load_factor": None}, targets) for targets in (TEN[:9], TEN))
    pairs = list(zip(placed(nine), placed(ten), strict=True))
    moved = [new for old, new in pairs if old != new]
    assert set(moved) == {"medium/9"}
    assert 0.05 < len(moved) / KEYS < 0.16


@settings(deadline=None, max_examples=60)
@given(
    loads=st.lists(st.integers(0, 30), min_size=10, max_size=10),
    factor=st.sampled_from([1.0, 1.25, 2.0]),
    candidates=st.sets(st.integers(0, 9), min_size=1),
)
def test_no_target_beyond_the_bound_is_sent_to(loads, factor, candidates) -> None:
    """Below ceil(factor (total + 1) / n) outstanding, whatever the session; n counts candidates."""
    run = PolicyRun("consistent_hash", {"load_factor": factor}, TEN)
    run.fleet.candidates = tuple(sorted(candidates))
    run.load(*loads)
    most = ceil(factor * (sum(loads[index] for index in candidates) + 1) / len(candidates))
    for name in placed(run, 30):
        index = int(name.removeprefix("medium/"))
        assert index in candidates
        assert loads[index] < most


def test_a_full_target_s_keys_go_on_to_the_next_and_come_back() -> None:
    """A session whose target is full goes elsewhere, to the same target each time; then home again."""
    run = PolicyRun("consistent_hash", {}, TEN)
    home = run.send(session=7)
    loads = [0] * 10
    loads[int(home.removeprefix("medium/"))] = 50
    run.load(*loads)
    away = {run.send(session=7) for _ in range(3)}
    assert len(away) == 1
    assert away != {home}
    run.load(*[0] * 10)
    assert run.send(session=7) == home


def test_what_is_hashed_is_what_was_asked_for() -> None:
    """Tenants, first blocks and sessions keep their target; what has none is spread by its number."""

    def distinct(key: str, **facts: object) -> int:
        run = PolicyRun("consistent_hash", {"key": key}, TEN)
        return len({run.send(**facts) for _ in range(200)})

    assert distinct("tenant", tenant="a") == distinct("prefix", blocks=(5, 6)) == 1
    assert distinct("session", session=3) == 1
    assert distinct("session", tenant="a") == distinct("prefix", session=3) == 10
    by_tenant = PolicyRun("consistent_hash", {"key": "tenant"}, TEN)
    assert len({by_tenant.send(tenant=str(number)) for number in range(200)}) == 10
    by_prefix = PolicyRun("consistent_hash", {"key": "prefix"}, TEN)
    assert len({by_prefix.send(blocks=(number, 1)) for number in range(200)}) == 10
    assert by_prefix.send(blocks=(8, 1)) == by_prefix.send(blocks=(8, 2))


def test_more_places_on_the_ring_spread_keys_more_evenly() -> None:
    """With 200 places a target the spread of shares is below that with 2."""
    spread = {}
    for vnodes in (2, 200):
        names = placed(PolicyRun("consistent_hash", {"vnodes": vnodes, "load_factor": None}, TEN))
        spread[vnodes] = float(np.std([names.count(target.name) for target in TEN]))
    assert spread[200] < 0.4 * spread[2]
    with pytest.raises(InvalidPolicyParameterError) as refused:
        make_policy("consistent_hash", {"vnodes": 0, "load_factor": 0.5})
    assert len(refused.value.problems) == 2


def test_a_session_stays_whatever_the_load() -> None:
    """It is placed with the least outstanding and stays there when that is the busiest."""
    run = PolicyRun("session_stickiness")
    run.load(2, 0, 1, 3)
    assert (run.send(session=1), run.decide(session=1).reason) == ("medium", "same as its session")
    run.load(0, 9, 5, 5)
    assert run.send(session=1) == "medium"
    assert run.send(session=2) == "small"
    assert run.decide(session=-1).reason == "placed anew"


def test_a_session_is_forgotten_after_its_time() -> None:
    """600 s after its latest request it is still known, a moment later no more; each request renews it."""
    run = PolicyRun("session_stickiness")
    run.load(0, 1, 1, 1)
    assert run.send(0.0, session=1) == "small"
    run.load(5, 0, 1, 1)
    assert [run.send(at_s, session=1) for at_s in (600.0, 1_200.0)] == ["small", "small"]
    assert run.send(1_800.1, session=1) == "medium"


def test_a_session_leaves_where_it_failed_or_may_not_go() -> None:
    """A failed attempt at its target, and its target's absence, place it anew; others' failures do not."""
    run = PolicyRun("session_stickiness")
    run.load(0, 1, 2, 3)
    assert run.send(session=1) == "small"
    run.hear("frontier", reason="server_error")
    run.load(9, 1, 2, 3)
    assert run.send(session=1) == "small"
    run.hear("small")
    assert run.send(session=1) == "small"
    run.hear("small", reason="server_error")
    assert run.send(session=1) == "medium"
    run.fleet.candidates = (0, 2, 3)
    assert run.send(session=1) == "large"
    run.fleet.candidates = (0, 1, 2, 3)
    assert run.send(session=1) == "large"


def test_sessions_may_be_placed_by_cost() -> None:
    """The cheapest candidate takes them, however busy."""
    run = PolicyRun("session_stickiness", {"inner": "cheapest"})
    run.fleet.candidates = (1, 2, 3)
    run.load(0, 9, 0, 0)
    assert run.send(session=1) == "medium"
    assert run.send() == "medium"
