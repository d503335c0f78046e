"""Policies that keep what belongs together in one place."""

from __future__ import annotations

from itertools import takewhile
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_runs import PolicyRun, stated
from router import InvalidPolicyParameterError, make_policy
from router.pipeline.prefixes import PrefixRecord
from router.testing.samples import sample_targets

TEN = sample_targets((0, 10, 0, 0))
KEYS = 3_000
NAMES = ["small", "medium", "large", "frontier"]


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


class NaiveRecord:
    """What was sent where, as whole prompts, and a search through all of them."""

    def __init__(self) -> None:
        """Nothing was sent."""
        self.sent: dict[str, list[tuple[int, ...]]] = {target.name: [] for target in TEN}

    def matched(self, name: str, prompt: tuple[int, ...]) -> int:
        """The longest beginning that the prompt shares with one sent there."""
        shared = [sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompt, old, strict=False)))
                  for old in self.sent[name]]  # fmt: skip
        return max(shared, default=0)

    def size(self, name: str) -> int:
        """Distinct beginnings of all prompts sent there."""
        return len({old[:end] for old in self.sent[name] for end in range(1, len(old) + 1)})


def named(words: tuple[int, ...]) -> tuple[int, ...]:
    """Blocks of these words: each name stands for all words up to its end."""
    return tuple(hash(words[:end]) for end in range(1, len(words) + 1))


@settings(deadline=None, max_examples=60)
@given(
    prompts=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6).map(tuple), max_size=40),
    threshold=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    loads=st.lists(st.integers(0, 3), min_size=10, max_size=10),
)
def test_the_longest_match_is_that_of_a_naive_search(prompts, threshold, loads) -> None:
    """Every prompt goes to the longest shared beginning above the threshold, else to the smallest record."""
    run, naive = PolicyRun("prefix_affinity", {"cache_threshold": threshold}, TEN), NaiveRecord()
    run.load(*loads)
    for words in prompts:
        order = {t.name: (-naive.matched(t.name, words), loads[t.index], t.index) for t in TEN}
        wanted = min(order, key=order.__getitem__)
        if -order[wanted][0] <= threshold * len(words):
            wanted = min(TEN, key=lambda t: (naive.size(t.name), loads[t.index], t.index)).name
        assert run.send(blocks=named(words)) == wanted
        naive.sent[wanted].append(words)


@pytest.mark.parametrize(("busy", "balanced"), [(64, False), (65, True), (130, False), (200, True)])
def test_uneven_loads_go_before_affinity(busy, balanced) -> None:
    """More than 64 apart and more than 1.5 times: both must hold for the least outstanding to be taken."""
    least = 0 if busy < 100 else 90
    run = PolicyRun("prefix_affinity", {}, TEN[:2])
    assert run.send(blocks=(1, 2)) == "medium/0"
    run.load(busy, least)
    assert run.send(blocks=(1, 2)) == ("medium/1" if balanced else "medium/0")


def test_old_blocks_are_dropped_ends_first() -> None:
    """After an interval only so many of a target's blocks are left: the latest, of a prompt its beginning."""
    record = PrefixRecord()
    record.note((1, 2, 3))
    record.note((1, 9))
    record.shrink(3)
    assert (record.matched((1, 2, 3)), record.matched((1, 9)), len(record)) == (2, 2, 3)
    run = PolicyRun("prefix_affinity", {"max_tree_blocks": 1, "cache_threshold": 0.5}, TEN[:2])
    run.send(0.0, blocks=(1, 2, 3))
    run.send(0.0, blocks=(7,))
    assert run.decide(59.0, blocks=(1, 2, 3)).reason == "prefix on record"
    assert run.decide(60.0, blocks=(1, 2, 3)).reason == "prefix is new"


def test_a_session_s_history_is_a_prefix_too() -> None:
    """Without blocks it goes where its session went, if most of it is history; else where there is room."""
    run = PolicyRun("prefix_affinity", {}, TEN[:3])
    run.load(1, 0, 0)
    assert run.send(session=4, prompt=100) == "medium/1"
    run.load(1, 5, 0)
    assert run.send(session=4, prompt=100, history=31) == "medium/1"
    assert run.send(session=4, prompt=100, history=30) == "medium/2"
    assert run.send(session=5, prompt=100, history=90) == "medium/2"


@settings(deadline=None, max_examples=80)
@given(
    usd=st.tuples(*[st.integers(1, 20).map(float)] * 4),
    cached=st.tuples(*[st.one_of(st.none(), st.just(0.5))] * 4),
    history=st.integers(0, 5_000), new=st.integers(1, 500), horizon=st.sampled_from([0.5, 4.0, 50.0]),
    wait_s=st.sampled_from([1.0, 300.0, 301.0]),
)  # fmt: skip
def test_a_session_moves_when_the_saving_exceeds_the_cold_prompt(
    usd, cached, history, new, horizon, wait_s
) -> None:
    """From the target it was placed at alone: by the saving of so many turns against one cold reading."""
    targets = stated(
        input_price_usd_per_mtok=usd,
        output_price_usd_per_mtok=(1.0,) * 4,
        cached_input_price_usd_per_mtok=cached,
    )
    run = PolicyRun("cache_regret", {"floor": 0.0, "horizon": horizon}, targets)
    run.fleet.candidates = (2,)
    run.send(0.0, session=3)
    run.fleet.candidates = (0, 1, 2, 3)
    warm = [new * usd[i] + history * (usd[i] if cached[i] is None else cached[i]) + 200 for i in range(4)]
    cold = [0.0 if cached[i] is None else history * (usd[i] - cached[i]) for i in range(4)]
    best = min(range(4), key=lambda i: warm[i])
    gain = horizon * (warm[2] - warm[best]) - cold[best]
    sent = run.send(wait_s, session=3, prompt=new + history, history=history)
    if wait_s > 300.0 or gain > 1e-3:
        assert warm[NAMES.index(sent)] == pytest.approx(warm[best])
    elif gain < -1e-3:
        assert sent == "large"


def test_a_warm_target_below_the_floor_is_left() -> None:
    """Where a harder turn cannot be answered well enough, warmth does not hold the session."""
    run = PolicyRun("cache_regret")
    assert run.send(session=1, difficulty=-3.0) == "small"
    assert run.send(session=1, difficulty=0.5) == "large"
    assert run.decide(session=1, difficulty=0.5).reason == "stays where it is warm"
    assert run.send(session=-1, difficulty=-3.0) == "small"
