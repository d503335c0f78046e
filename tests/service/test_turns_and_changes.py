"""Who runs next, and who hears of it."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from wayfare.service.runs.changes import ChangeNotifier
from wayfare.service.runs.fair_queue import FairQueue
from wayfare.storage.store import RunRecord


def record(tenant, number):
    """A run of a tenant."""
    run_id = f"{tenant}{number}"
    return RunRecord(
        run_id=run_id, tenant=tenant, scenario="s", scenario_json="{}", policies=("p",), created_s=1.0
    )


@given(st.lists(st.sampled_from("abc"), max_size=30), st.data())
def test_turns_are_fair_and_lose_nobody(tenants, data):
    """Each run that was not dropped comes once, a tenant's in order, no tenant twice before another."""
    runs = [record(tenant, number) for number, tenant in enumerate(tenants)]
    dropped = data.draw(st.sets(st.sampled_from(range(len(runs))))) if runs else set()
    turns = FairQueue()
    for run in runs:
        turns.add(run)
    for number in dropped:
        turns.drop(runs[number])
    left = [run for number, run in enumerate(runs) if number not in dropped]
    taken = []
    while turns:
        waiting = {run.tenant for run in left if run not in taken}
        upcoming = [turns.take() for _ in waiting]
        assert {run.tenant for run in upcoming} == waiting
        taken += upcoming
    assert sorted(run.run_id for run in taken) == sorted(run.run_id for run in left)
    for tenant in "abc":
        assert [run for run in taken if run.tenant == tenant] == [r for r in left if r.tenant == tenant]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.sets(st.sampled_from("abc")))
def test_tenants_that_may_not_run_wait(tenants, resting):
    """Runs of tenants that may run come, all of them; the others' stay in their places."""
    runs = [record(tenant, number) for number, tenant in enumerate(tenants)]
    turns = FairQueue()
    for run in runs:
        turns.add(run)
    taken = []
    while (run := turns.take(lambda tenant: tenant not in resting)) is not None:
        taken.append(run)
    assert {run.tenant for run in taken}.isdisjoint(resting)
    left = []
    while (run := turns.take()) is not None:
        left.append(run)
    assert sorted(run.run_id for run in taken + left) == sorted(run.run_id for run in runs)
    assert [run for run in left if run.tenant == "a"] == [
        run for run in runs if run in left and run.tenant == "a"
    ]


def test_what_is_put_back_comes_first():
    """A run that could not run is its tenant's next."""
    turns = FairQueue()
    first, second = record("a", 1), record("a", 2)
    turns.add(first)
    turns.add(second)
    turns.put_back(turns.take())
    assert [turns.take(), turns.take(), turns.take()] == [first, second, None]


def test_everybody_who_waits_is_woken():
    """However many wait for a run, a change wakes them all."""

    async def use():
        changes = ChangeNotifier()
        come = []
        waits = [asyncio.ensure_future(changes.wait("x", lambda: bool(come))) for _ in range(100)]
        await asyncio.sleep(0)
        come.append(True)
        changes.notify("x")
        await asyncio.gather(*waits)
        return changes.waiting_count()

    assert asyncio.run(use()) == 0


def test_only_those_who_wait_for_it_are_woken():
    """A change wakes those who wait for that run, and nobody else looks."""
    looks = {"x": 0, "y": 0}
    come = {"x": False, "y": False}

    def look(name):
        looks[name] += 1
        return come[name]

    async def use():
        changes = ChangeNotifier()
        waits = [asyncio.ensure_future(changes.wait(name, lambda name=name: look(name))) for name in looks]
        await asyncio.sleep(0)
        come["x"] = True
        changes.notify("x")
        await waits[0]
        assert looks == {"x": 2, "y": 1}
        assert changes.waiting_count() == 1
        waits[1].cancel()
        await asyncio.gather(waits[1], return_exceptions=True)
        assert changes.waiting_count() == 0

    asyncio.run(use())
