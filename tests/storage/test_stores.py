"""What every store promises."""

import sqlite3
from dataclasses import replace

import pytest

from wayfare.storage.memory import MemoryStore
from wayfare.storage.sqlite import NewerStoreError, SqliteStore
from wayfare.storage.store import RunRecord, RunState

ALL = list(RunState)
NEWEST = 2**62


def record(run_id, **changes):
    """A plain run with changes."""
    plain = RunRecord(
        run_id=run_id, tenant="a", scenario="s", scenario_json="{}", policies=("p",), created_s=1.0
    )
    return replace(plain, **changes)


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    """An empty store of either kind."""
    made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "runs.sqlite")
    yield made
    made.close()


def test_what_is_added_is_found(store):
    """A run is found by its id as it was added, numbered."""
    kept = store.add(record("x", labels={"k": "v"}, policies=("p", "q")))
    assert store.get("x") == kept
    assert kept.number == 1
    assert store.get("y") is None


def test_a_request_id_makes_one_run(store):
    """The same tenant and request id get the earlier run; another tenant gets its own."""
    first = store.add(record("x", request_id="r"))
    assert store.add(record("y", request_id="r")) == first
    assert store.get("y") is None
    assert store.add(record("z", request_id="r", tenant="b")).run_id == "z"
    assert store.add(record("v")).run_id == "v"
    assert store.add(record("w")).run_id == "w"


def test_changes_are_kept_and_removed_runs_stay_away(store):
    """`put` replaces a run; it does not bring a removed one back."""
    kept = store.add(record("x"))
    changed = replace(kept, state=RunState.SUCCEEDED, digest="d", finished_s=2.0)
    store.put(changed)
    assert store.get("x") == changed
    store.remove("x")
    store.put(changed)
    assert store.get("x") is None


def test_pages_are_newest_first_and_filtered(store):
    """Pages hold a tenant's own runs, newest first, by state and label, below a number."""
    for name in "uvwx":
        store.add(record(name, labels={"odd": str(name in "vx")}))
    store.add(record("foreign", tenant="b"))
    store.put(replace(store.get("v"), state=RunState.FAILED))
    assert [run.run_id for run in store.page("a", ALL, {}, NEWEST, 3)] == ["x", "w", "v"]
    assert [run.run_id for run in store.page("a", ALL, {}, store.get("w").number, 3)] == ["v", "u"]
    assert [run.run_id for run in store.page("a", [RunState.FAILED], {}, NEWEST, 9)] == ["v"]
    assert [run.run_id for run in store.page("a", ALL, {"odd": "True"}, NEWEST, 9)] == ["x", "v"]


def test_unfinished_runs_are_in_order(store):
    """Unfinished runs come in the order they were accepted and are counted by tenant."""
    for name in "xyz":
        store.add(record(name, tenant="b" if name == "z" else "a"))
    store.put(replace(store.get("x"), state=RunState.CANCELLED))
    assert [run.run_id for run in store.unfinished()] == ["y", "z"]
    assert store.waiting_count("a") == 1


def test_runs_outlive_the_store_object(tmp_path):
    """A file opened again holds what was added, and numbers go on after removed ones."""
    path = tmp_path / "runs.sqlite"
    store = SqliteStore(path)
    kept = store.add(record("x"))
    store.close()
    again = SqliteStore(path)
    assert again.get("x") == kept
    again.remove("x")
    assert again.add(record("y")).number == kept.number + 1
    again.close()


def test_rows_that_cannot_be_read_are_left_out(tmp_path, caplog):
    """A damaged row is logged and hides no other run."""
    path = tmp_path / "runs.sqlite"
    store = SqliteStore(path)
    store.add(record("x"))
    store.add(record("y"))
    with sqlite3.connect(path) as other:
        other.execute("UPDATE runs SET body = '{' WHERE run_id = 'x'")
    other.close()
    assert [run.run_id for run in store.unfinished()] == ["y"]
    assert "cannot be read" in caplog.text
    store.close()


def test_a_later_versions_file_is_refused(tmp_path):
    """A file that a later version wrote is left alone."""
    path = tmp_path / "runs.sqlite"
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(NewerStoreError, match="version 99"):
        SqliteStore(path)
