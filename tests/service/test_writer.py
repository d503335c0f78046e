"""What writing off the event loop promises."""

import asyncio
import sqlite3
from contextlib import contextmanager
from dataclasses import replace

import pytest

from wayfare.service.runs.writer import StoreWriter
from wayfare.storage.memory import MemoryStore
from wayfare.storage.sqlite import SqliteStore
from wayfare.storage.store import RunRecord, RunState


def record(run_id, **changes):
    """A plain run with changes."""
    plain = RunRecord(
        run_id=run_id, tenant="a", scenario="s", scenario_json="{}", policies=("p",), created_s=1.0
    )
    return replace(plain, **changes)


class CountingStore(MemoryStore):
    """A store that counts transactions and fails as often as it is told to."""

    def __init__(self, failures=0):
        super().__init__()
        self.transactions, self.failures = 0, failures

    @contextmanager
    def together(self):
        """Counts, and fails for a while."""
        self.transactions += 1
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database or disk is full")
        yield


def test_what_waits_is_one_transaction():
    """A thousand runs accepted at once take a few transactions, and each gets its own number."""

    async def accept(writer):
        return await asyncio.gather(*(writer.add(record(str(number))) for number in range(1000)))

    store = CountingStore()
    kept = asyncio.run(accept(StoreWriter(store)))
    assert sorted(run.number for run in kept) == list(range(1, 1001))
    assert store.transactions < 10


def test_duplicates_at_once_are_one_run():
    """Accepting the same request id many times at once gives everybody the same run."""

    async def accept(writer):
        same = (writer.add(record(str(number), request_id="r")) for number in range(50))
        return await asyncio.gather(*same)

    kept = asyncio.run(accept(StoreWriter(MemoryStore())))
    assert len({run.run_id for run in kept}) == 1


def test_a_full_disk_refuses_new_runs_and_keeps_changes(monkeypatch):
    """While nothing can be written new runs fail; the change of an accepted one is kept later."""
    monkeypatch.setattr("wayfare.service.runs.writer.AGAIN_S", 0.0)
    store = CountingStore()
    store.add(record("x"))

    async def use(writer):
        store.failures = 3
        changed = writer.put(record("x", state=RunState.FAILED))
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await writer.add(record("y"))
        await changed

    asyncio.run(use(StoreWriter(store)))
    assert store.get("x").state is RunState.FAILED
    assert store.get("y") is None
    assert store.failures == 0


def test_sqlite_out_of_pages_refuses_and_goes_on(tmp_path):
    """A store whose disk is full refuses a run, holds what it held, and accepts when there is room."""
    store = SqliteStore(tmp_path / "runs.sqlite")
    large = "x" * 100_000

    async def use(writer):
        await writer.add(record("x"))
        (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
        store._writer.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone()
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await writer.add(record("y", scenario_json=large))
        assert store.get("x") is not None
        store._writer.execute("PRAGMA max_page_count = 1000000").fetchone()
        await writer.add(record("y", scenario_json=large))

    asyncio.run(use(StoreWriter(store)))
    assert store.get("y").scenario_json == large
    store.close()


def test_closing_writes_what_waits():
    """What was changed just before the end is kept."""
    store = MemoryStore()
    store.add(record("x"))

    async def use(writer):
        changed = writer.put(record("x", state=RunState.CANCELLED))
        await writer.close()
        assert changed.done()

    asyncio.run(use(StoreWriter(store)))
    assert store.get("x").state is RunState.CANCELLED
