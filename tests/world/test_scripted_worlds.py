"""Clients, turns, learners, devices and samples around a scripted router: every instant is known."""

from __future__ import annotations

from math import nan
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from router.outcome import Outcome
from router.steps import Await, Fail, Finish, Sleep, Start
from scripted_worlds import (
    COUNT,
    HURRIED,
    OUTAGE,
    PATIENT,
    Script,
    World,
    only,
    start,
    world_of,
)
from simulator.world.fleet.offline_devices import ALL_DEVICES_OFFLINE
from simulator.world.journal import RequestState
from simulator.world.plan import Incident, Metering, OfflineSchedule, Patience, TargetPlan, TaskRule
from simulator.world.world import watched_requests

if TYPE_CHECKING:
    from collections.abc import Generator


def test_clients_hang_up_ask_again_and_give_up() -> None:
    """After 1.5 s each of three times, 0.25 s between them; what they waited for is given up."""
    world = world_of(only(1, start(0, follow=True)), patience=(PATIENT, HURRIED))
    journal = world.journal
    asked = [(index, now_s) for index, now_s, _candidates in world._hosts[0].asked if index == 1]
    assert asked == [(1, 10.0), (1, 11.75), (1, 13.5)]
    assert (journal.state[1], journal.final_s[1]) == (RequestState.TIMED_OUT, 15.0)
    assert journal.hung_up_on[:3] == [1, 2, 3]
    assert journal.given_up_s == {1: 11.5, 2: 13.25, 3: 15.0} | {
        number: at_s for number, at_s in journal.given_up_s.items() if number > 3
    }
    assert journal.arrival_s[1] == 10.0
    assert list(journal.attempt_kinds)[:5] == [0, 0, 1, 1, 0]


def test_clients_that_are_answered_in_time_are_settled_at_that_instant() -> None:
    """2 s after they asked; those without a timeout settle themselves."""
    hurried = Patience(timeout_s=2.5)
    world = world_of(only(-1), patience=(PATIENT, hurried))
    assert world.journal.final_s[[1, 3, 5]].tolist() == [12.0, 32.0, 52.0]
    assert (world.journal.state[[1, 3, 5]] == RequestState.COMPLETED).all()
    assert np.isnan(world.journal.final_s[[0, 2, 4]]).all()
    assert (world.journal.hung_up_on, world.journal.given_up_s) == ([], {})


def test_tries_are_counted_by_target_over_all_that_was_asked() -> None:
    """The first at a target is try 0, also after others elsewhere, and a client's retry goes on counting."""
    tries: list[tuple[int, int]] = []

    def script(index: int) -> Generator[object, object, None]:
        if index != 1:
            yield Start(1, follow=True)
            return
        for target in (0, 1, 0):
            yield Start(target)
        yield Sleep(99.0)

    original = World.run

    def run(self: World) -> object:
        submission = self._executor.submission
        send = submission.submit

        def submit(request: int, target: int, kind: int, number: int, now_s: float) -> int:
            if request == 1:
                tries.append((target, number))
            return send(request, target, kind, number, now_s)

        submission.submit = submit
        return original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "run", run)
        world_of(script, patience=(PATIENT, Patience(timeout_s=1.0, retries=1)))
    assert tries == [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (0, 3)]


def test_a_decisions_time_delays_attempts_that_leave_at_once() -> None:
    """Not those that the same request starts later; the money is the request's."""
    world = world_of(
        only(1, start(1), lambda made: Await((made[0],)), start(1, follow=True)), decision_latency_s=0.125
    )
    ready_s = world.ledger["ready_s"].tolist()
    assert ready_s[:4] == [0.125, 10.125, 12.125, 20.125]
    assert world.journal.routing_usd.tolist() == [0.0] * COUNT


def test_requests_that_nobody_may_serve_are_turned_away() -> None:
    """With the reason of their set, at their arrival, without asking the router."""
    world = world_of(only(-1), set_code=np.array([0, 1, 0, 0, 1, 0], np.int32))
    journal = world.journal
    assert (journal.state == RequestState.REJECTED).tolist() == [False, True, False, False, True, False]
    assert journal.final_s[[1, 4]].tolist() == [10.0, 40.0]
    assert {journal.reason_names()[code] for code in journal.reason[[1, 4]]} == {"nobody may"}
    assert [index for index, _now_s, _candidates in world._hosts[0].asked] == [0, 2, 3, 5]
    assert journal.arrival_s.tolist() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]


TURNS = {
    "arrival_s": np.array([0.0, nan, nan, 5.0, nan, nan]),
    "next_request": np.array([1, 2, -1, 4, 5, -1]),
    "think_s": np.array([0.0, 3.0, 50.0, 0.0, 7.0, 46.0]),
    "stream_code": np.array([0, 0, 0, 1, 1, 1]),
}


def test_turns_follow_after_their_thought_and_within_the_duration() -> None:
    """Each 2 s after the one before and its own thought; what would come at 60 s or later does not."""
    arrival_s = world_of(only(-1), load=TURNS).journal.arrival_s
    np.testing.assert_array_equal(arrival_s, [0.0, 5.0, 57.0, 5.0, 14.0, nan])
    later = world_of(only(-1), load=TURNS, duration_s=57.0).journal.arrival_s
    np.testing.assert_array_equal(later, [0.0, 5.0, nan, 5.0, 14.0, nan])


def test_an_agents_task_ends_where_a_call_does_not_complete() -> None:
    """The first stream's conversation goes on after a failure, the second's task does not."""
    rules = (None, TaskRule(every_call=False))

    def fails(_index: int) -> Generator[object, object, None]:
        yield Fail("no")

    arrival_s = world_of(fails, load=TURNS, task_rules=rules).journal.arrival_s
    np.testing.assert_array_equal(arrival_s, [0.0, 3.0, 53.0, 5.0, nan, nan])
    good = world_of(only(-1), load=TURNS, task_rules=rules).journal.arrival_s
    np.testing.assert_array_equal(good, [0.0, 5.0, 57.0, 5.0, 14.0, nan])


def test_learners_hear_of_every_end_and_rules_of_successes() -> None:
    """From the request's arrival: a first token after 1.5 s, the end after 4.5 s; failures without either."""
    outage = Incident(**{**{name: getattr(OUTAGE, name) for name in OUTAGE.__slots__}, "at_s": 20.5})
    script = lambda index: only(index, start(0, follow=True))(index)
    world = world_of(script, learns=True, counts=True, incidents=(outage,))
    host = world._hosts[0]
    found = {outcome.request_index: outcome for outcome in host.outcomes}
    assert found[1] == Outcome(
        request_index=1,
        target="slow",
        finished_s=14.5,
        completed=True,
        reason="",
        ttft_s=1.5,
        e2e_s=4.5,
        output_token_count=4,
        started_s=10.0,
        prompt_token_count=int(world.plan.workload.input_token_count[1]),
    )
    lost = found[2]
    assert (lost.completed, lost.reason, lost.output_token_count) == (False, "unavailable", 0)
    assert lost.e2e_s == lost.finished_s - 20.0
    assert np.isnan(lost.ttft_s)
    assert host.successes == [(0, at_s) for at_s in (4.5, 14.5, 34.5, 44.5, 54.5)]
    quiet = world_of(script, learns=True)
    assert (len(quiet._hosts[0].outcomes), quiet._hosts[0].successes) == (COUNT, [])
    counting = world_of(script, counts=True)
    assert (counting._hosts[0].outcomes, len(counting._hosts[0].successes)) == ([], COUNT)


def test_devices_that_are_off_are_no_candidates() -> None:
    """From 5 to 25 s; where only they are allowed nobody is asked, and the reason says so."""
    absence = OfflineSchedule(label="slow", share=0.0, mean_s=1.0, from_s=(5.0, 45.0), to_s=(25.0, 50.0))
    plan = world_of(only(-1)).plan
    own = TargetPlan(
        **{name: getattr(plan.target_plans[0], name) for name in TargetPlan.__slots__ if name != "absence"},
        absence=absence,
    )
    world = world_of(
        only(-1),
        target_plans=(own, plan.target_plans[1]),
        candidate_sets=((0, 1), (0,)),
        set_code=np.array([0, 0, 1, 0, 0, 1], np.int32),
        warmup_s=20.0,
    )
    asked = [(index, candidates) for index, _now_s, candidates in world._hosts[0].asked]
    assert asked == [(0, (0, 1)), (1, (1,)), (3, (0, 1)), (4, (0, 1)), (5, (0,))]
    journal = world.journal
    assert journal.off_count.tolist() == [0, 1, 1, 0, 0, 0]
    assert (journal.state[2], journal.final_s[2]) == (RequestState.REJECTED, 20.0)
    assert journal.reason_names()[journal.reason[2]] == ALL_DEVICES_OFFLINE
    assert (world.absences.asked, world.absences.missed) == ({0: 4}, {0: 1})


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, [0, 0, 0, 0, 0, 0]),
        ({"patience": (PATIENT, HURRIED)}, [0, 1, 0, 1, 0, 1]),
        ({"load": TURNS}, [1, 1, 0, 1, 1, 0]),
        ({"load": {"next_request": np.array([-1, 0, -1, -1, -1, -1])}}, [0, 1, 0, 0, 0, 0]),
    ],
)
def test_ends_are_told_at_once_only_where_something_follows(
    changes: dict[str, object], flags: list[int]
) -> None:
    """A client's timeout, or a next turn; everything where outcomes are heard."""
    if "load" in changes:
        changes = {**changes, "load": {**changes["load"], "arrival_s": np.full(COUNT, nan)}}
    world = world_of(only(-1), **changes)
    silent = SimpleNamespace(learns=False, counts_outcomes=False, takes_feedback=False)
    assert list(watched_requests(world.plan, silent)) == flags
    for heard in ({"learns": True}, {"counts_outcomes": True}):
        listening = SimpleNamespace(**{**vars(silent), **heard})
        assert list(watched_requests(world.plan, listening)) == [1] * COUNT


def test_samples_show_what_runs_at_each_step_and_in_the_window() -> None:
    """An attempt of 4 s from 0.25 s on and one of 2 s from 1 s on, in a window from 2 s to 4 s."""
    world = world_of(
        lambda index: only(index, start(index, follow=True))(index),
        load={"arrival_s": np.array([0.0, 1.0, nan, nan, nan, nan])},
        warmup_s=2.0,
        duration_s=4.0,
        telemetry_step_s=0.5,
    )
    telemetry = world.telemetry
    np.testing.assert_array_equal(telemetry.t_s, np.arange(9) / 2.0)
    assert telemetry.gauges["running"].tolist() == [[0, 0], *[[1, 0]] * 2, *[[1, 1]] * 3, *[[1, 0]] * 3]
    assert telemetry.gauges["waiting"].sum() == 0
    slow_s, quick_s = np.clip(telemetry.t_s - 0.25, 0.0, 4.0), np.clip(telemetry.t_s - 1.0, 0.0, 2.0)
    np.testing.assert_allclose(telemetry.busy_s, np.stack([slow_s, quick_s], axis=1))
    np.testing.assert_allclose(telemetry.window_busy_s(), [2.0, 1.0])
    assert (len(telemetry.read_from), len(telemetry.read_to)) == (2, 1)
    assert telemetry.most_running(world.replicas).tolist() == [1.0, 1.0]
    samples = telemetry.samples("presence", world.replicas)
    assert (samples.presence, samples.replicas, samples.pool_names) == ("presence", {}, ())


def test_a_router_sees_as_late_as_it_is_told() -> None:
    """Copies are renewed every 4 s, those of the second instance 2 s later; without that they are live."""
    seen: list[tuple[int, float, list[int], float]] = []

    def looks(world: World, index: int) -> Generator[object, object, None]:
        fleet = world._views._fleets[index % len(world._views._fleets)]
        seen.append((index, world._clock.now, fleet.running.tolist(), fleet.seen_s))
        yield Start(index % 2, follow=True)

    found: list[World] = []
    original = World.run

    def run(self: World) -> object:
        found.append(self)
        return original(self)

    arrivals = {"load": {"arrival_s": np.array([0.5, 1.0, 3.0, 3.5, 4.25, 6.25])}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "run", run)
        world_of(lambda index: looks(found[-1], index), staleness_s=4.0, router_instances=2, **arrivals)
        late, seen = seen, []
        world_of(lambda index: looks(found[-1], index), **arrivals)
    assert late == [
        (0, 0.5, [0, 0], 0.0),
        (1, 1.0, [0, 0], 0.0),
        (2, 3.0, [0, 0], 0.0),
        (3, 3.5, [1, 1], 2.0),
        (4, 4.25, [2, 1], 4.0),
        (5, 6.25, [2, 0], 6.0),
    ]
    live = [[0, 0], [1, 0], [1, 0], [2, 0], [2, 1], [2, 0]]
    assert [running for _index, _now_s, running, _seen_s in seen] == live


def test_the_first_decision_is_written_down() -> None:
    """Its reason and its target; -1 where it names none, or none of the fleet."""
    named = {0: "slow", 1: "quick", 2: "nobody"}

    def decide(index: int) -> object:
        target = {"target": named[index]} if index in named else {}
        again = world._hosts[0].asked[-1][1] > 10.0 * index
        if index == 4:
            return None
        return SimpleNamespace(reason="again" if again else f"reason {index}", **target)

    def script(_index: int) -> Generator[object, object, None]:
        yield Start(0, follow=True)

    found: list[World] = []
    original = World.run

    def run(self: World) -> object:
        nonlocal world
        world = self
        found.append(self)
        return original(self)

    world: Any
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "run", run)
        world_of(script, decide, patience=(HURRIED, HURRIED))
    journal = world.journal
    assert journal.decision_target.tolist() == [0, 1, -1, -1, -1, -1]
    names = [journal.reason_names()[code] if code >= 0 else None for code in journal.reason]
    assert names == ["reason 0", "reason 1", "reason 2", "reason 3", None, "reason 5"]


METERED = {
    "session": np.array([1, 1, 2, 2, 3, 3]),
    "turn": np.array([0, 1, 0, 1, 0, 1]),
    "history_token_count": np.array([0, 5, 0, 5, -1, -1]),
    "window_output_token_count": np.full(COUNT, 9),
    "input_token_count": np.array([10, 20, 30, 40, 50, 60]),
    "prefix_offset": np.array([0, 0, 0, 0, 0, 1, 2]),
    "prefix_block": np.array([8, 8]),
    "prefix_tokens": np.array([32, 32]),
}


def test_apis_that_answered_keep_the_prompt() -> None:
    """The one whose answer was taken, of two that were asked: what comes next finds there what it repeats."""
    plans = world_of(only(-1)).plan.target_plans
    metered = tuple(
        TargetPlan(
            **{name: getattr(plan, name) for name in TargetPlan.__slots__ if name != "metering"},
            metering=Metering(lifetime_s=100.0),
        )
        for plan in plans
    )

    def script(index: int) -> Generator[object, object, None]:
        slow = yield Start(0)
        quick = yield Start(1)
        yield Await((slow, quick))
        if index == 0:
            yield Await((slow,))
        yield Finish(slow if index == 0 else quick)

    changes = {"load": METERED, "target_plans": metered, "repeats_prefix": np.ones(COUNT, np.bool_)}
    world = world_of(script, **changes)
    assert world.journal.cached_token_count == {2: 5, 7: 5, 11: 32}
    silent = SimpleNamespace(learns=False, counts_outcomes=False, takes_feedback=False)
    assert list(watched_requests(world.plan, silent)) == [0, 0, 0, 0, 1, 1]
    unmetered = world_of(script, load=METERED)
    assert unmetered.journal.cached_token_count == {}
    assert list(watched_requests(unmetered.plan, silent)) == [0] * COUNT
    forgetful = world_of(script, **{**changes, "repeats_prefix": np.zeros(COUNT, np.bool_)})
    assert forgetful.journal.cached_token_count == {}


@pytest.mark.parametrize("fails", [False, True])
def test_an_observer_hears_of_the_run_however_it_ends(fails: bool) -> None:
    """At the first arrival and at the end, with what has arrived by then."""
    heard: list[tuple[object, ...]] = []

    class Watching:
        def begin(self, total_s: float, label: str) -> None:
            heard.append(("begin", total_s, label))

        def advance(self, now_s: float, arrived: int) -> None:
            heard.append(("advance", now_s, arrived))

        def end(self) -> None:
            heard.append(("end",))

    def script(index: int) -> Generator[object, object, None]:
        if fails and index == 3:
            raise ZeroDivisionError
        yield Start(1, follow=True)

    plan, host = world_of(only(-1)).plan, Script(script)
    host.world = world = World(plan, host, Watching())
    if fails:
        with pytest.raises(ZeroDivisionError):
            world.run()
    else:
        assert world.run()["number"].tolist() == list(range(COUNT))
    ended = [] if fails else [("advance", 100.0, COUNT)]
    assert heard == [("begin", 100.0, "script"), ("advance", 0.0, 0), *ended, ("end",)]


@pytest.mark.parametrize(("backoff_s", "winner"), [(1000.0, -1), (1.0, 2)])
def test_who_has_hung_up_has_no_answer_until_it_asks_again(backoff_s: float, winner: int) -> None:
    """What it asked for before counts no more."""
    script = only(1, start(0, follow=True))
    clients = (PATIENT, Patience(timeout_s=1.5, retries=1, backoff_s=backoff_s))
    assert world_of(script, patience=clients).journal.winner[1] == winner


def test_a_router_that_stops_asking_leaves_its_request_open() -> None:
    """Its client's timer finds nobody to hang up on, and nobody asks again."""
    world = world_of(only(1, start(0)), patience=(PATIENT, HURRIED))
    assert [index for index, _now_s, _candidates in world._hosts[0].asked].count(1) == 1
    assert world.journal.state[1] == RequestState.PENDING
    assert np.isnan(world.journal.final_s[1])
