"""What every store promises."""

import sqlite3
import zlib
from dataclasses import replace

import pytest

from wayfare.storage.lock import StoreInUseError, locked
from wayfare.storage.memory import MemoryStore
from wayfare.storage.migrations import MIGRATIONS, NewerStoreError
from wayfare.storage.sqlite import SqliteStore
from wayfare.storage.store import DamagedStoreError, RunRecord, RunState

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
    """A run is found by its id as it was added, numbered among all and among its tenant's."""
    kept = store.add(record("x", labels={"k": "v"}, policies=("p", "q")))
    assert store.get("x") == kept
    assert (kept.number, kept.ordinal) == (1, 1)
    store.add(record("foreign", tenant="b"))
    assert (store.add(record("z")).number, store.get("z").ordinal) == (3, 2)
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
    """Pages hold a tenant's own runs, newest first, by state and label, below an ordinal."""
    for name in "uvwx":
        store.add(record(name, labels={"odd": str(name in "vx")}))
    store.add(record("foreign", tenant="b"))
    store.put(replace(store.get("v"), state=RunState.FAILED))
    assert [run.run_id for run in store.page("a", ALL, {}, NEWEST, 3)] == ["x", "w", "v"]
    assert [run.run_id for run in store.page("a", ALL, {}, store.get("w").ordinal, 3)] == ["v", "u"]
    assert [run.run_id for run in store.page("a", [RunState.FAILED], {}, NEWEST, 9)] == ["v"]
    assert [run.run_id for run in store.page("a", ALL, {"odd": "True"}, NEWEST, 9)] == ["x", "v"]


def test_pages_leave_scenarios_out(store):
    """A listed run is the run without its scenario, which stays in the store."""
    kept = store.add(record("x", scenario_json='{"a": 1}', labels={"k": "v"}))
    assert list(store.page("a", ALL, {}, NEWEST, 1)) == [replace(kept, scenario_json="")]
    assert store.get("x").scenario_json == '{"a": 1}'


def test_unfinished_runs_are_in_order(store):
    """Unfinished runs come in the order they were accepted."""
    for name in "xyz":
        store.add(record(name, tenant="b" if name == "z" else "a"))
    store.put(replace(store.get("x"), state=RunState.CANCELLED))
    assert [run.run_id for run in store.unfinished()] == ["y", "z"]


def test_runs_that_are_over_are_oldest_first(store):
    """Runs that are over come with the instant they ended, oldest first; others do not."""
    for name, ended_s in (("x", 9.0), ("y", 3.0), ("z", None)):
        kept = store.add(record(name))
        state = RunState.QUEUED if ended_s is None else RunState.FAILED
        store.put(replace(kept, state=state, finished_s=ended_s))
    assert [tuple(one) for one in store.over()] == [("y", 3.0), ("x", 9.0)]


def test_a_request_id_is_found(store):
    """The run of a tenant's request id is found, and nobody else's."""
    kept = store.add(record("x", request_id="r"))
    assert store.asked("a", "r") == kept
    assert store.asked("b", "r") is None
    assert store.asked("a", "s") is None


def test_labels_must_all_be_there(store):
    """A page by two labels holds runs that carry both; those of a removed run are gone."""
    store.add(record("x", labels={"a": "1", "b": "2"}))
    store.add(record("y", labels={"a": "1"}))
    assert [run.run_id for run in store.page("a", ALL, {"a": "1", "b": "2"}, NEWEST, 9)] == ["x"]
    store.remove("x")
    assert [run.run_id for run in store.page("a", ALL, {"a": "1"}, NEWEST, 9)] == ["y"]


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


def add_twice(store):
    """Adds one run twice in one transaction."""
    with store.together():
        store.add(record("x"))
        store.add(record("x"))


def test_writes_together_are_all_or_none(tmp_path):
    """A write that fails takes the others of its transaction with it."""
    store = SqliteStore(tmp_path / "runs.sqlite")
    with pytest.raises(sqlite3.IntegrityError):
        add_twice(store)
    assert store.get("x") is None
    with store.together():
        store.add(record("y"))
    assert store.get("y") is not None
    store.close()


@pytest.mark.parametrize("body", ["{", "{}", '{"state": "QUEUED"}', '{"policies": 3}'])
@pytest.mark.parametrize("is_sealed", [False, True])
def test_rows_that_cannot_be_read_have_failed(tmp_path, caplog, body, is_sealed):
    """A damaged row is an accepted run that failed and says why; it hides no other run."""
    path = tmp_path / "runs.sqlite"
    store = SqliteStore(path)
    store.add(record("x"))
    store.add(record("y"))
    with sqlite3.connect(path) as other:
        other.execute("UPDATE runs SET body = ? WHERE run_id = 'x'", [body])
        if is_sealed:
            other.execute("UPDATE runs SET checksum = ? WHERE run_id = 'x'", [zlib.crc32(body.encode())])
    other.close()
    found = store.unfinished()
    assert [(run.run_id, run.state) for run in found] == [("x", RunState.FAILED), ("y", RunState.QUEUED)]
    assert "damaged" in found[0].error
    assert "run x" in caplog.text
    store.close()


def pages_of(path):
    """Bytes of a closed store's file, its log written back."""
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    return bytearray(path.read_bytes())


def a_full_store(path):
    """A closed store with a hundred runs."""
    store = SqliteStore(path)
    with store.together():
        for number in range(100):
            store.add(record(f"run-{number:03}", scenario_json="x" * 500))
    store.close()
    return pages_of(path)


def test_damaged_pages_are_refused_or_told(tmp_path):
    """Whatever page is overwritten, a store either refuses to open or holds every run."""
    path = tmp_path / "runs.sqlite"
    whole = a_full_store(path)
    outcomes = set()
    for start in range(0, len(whole), 4096):
        damaged = bytearray(whole)
        damaged[start : start + 4096] = b"\xa5" * 4096
        path.write_bytes(damaged)
        outcomes.add(opened_or_refused(path))
    assert "refused" in outcomes
    assert outcomes <= {"refused", 100}


def test_flipped_bytes_are_told(tmp_path):
    """A byte flipped within a record is not taken for what was written."""
    path = tmp_path / "runs.sqlite"
    whole = a_full_store(path)
    whole[whole.index(b"x" * 500) + 250] ^= 1
    path.write_bytes(whole)
    store = SqliteStore(path)
    assert [run.state for run in store.unfinished()].count(RunState.FAILED) == 1
    store.close()


def test_bytes_that_are_no_text_are_told(tmp_path):
    """A byte that is no UTF-8 makes its run FAILED, in pages too, and hides no other."""
    path = tmp_path / "runs.sqlite"
    whole = a_full_store(path)
    whole[whole.index(b"x" * 500) + 250] = 0xFF
    path.write_bytes(whole)
    store = SqliteStore(path)
    for found in (store.unfinished(), store.page("a", ALL, {}, NEWEST, 500)):
        assert ([run.state for run in found].count(RunState.FAILED), len(found)) == (1, 100)
    store.close()


def test_an_emptied_file_is_refused(tmp_path):
    """A file without a byte is new where there is nothing beside it, and damaged beside results."""
    path = tmp_path / "runs.sqlite"
    path.touch()
    SqliteStore(path).close()
    path.write_bytes(b"")
    (tmp_path / "runs" / "abc").mkdir(parents=True)
    with pytest.raises(DamagedStoreError, match="is empty, and there are results beside it"):
        SqliteStore(path)


def opened_or_refused(path):
    """How many runs a store's file still tells of."""
    try:
        store = SqliteStore(path)
    except DamagedStoreError as error:
        return "refused" if "damaged" in str(error) else str(error)
    count = len(store.unfinished())
    store.close()
    return count


def test_a_file_of_version_1_is_brought_up_to_date(tmp_path):
    """Runs and labels of the first version are all there in the newest, with what it lacked."""
    path = tmp_path / "runs.sqlite"
    body = (
        '{"run_id": "old", "tenant": "a", "scenario": "s", "scenario_json": "{}", "policies": ["p"], '
        '"replications": 0, "confidence": 0.95, "labels": {"k": "v"}, "request_id": "r", '
        '"rerun_if_interrupted": true, "number": 0, "state": "SUCCEEDED", "sequence": 7, '
        '"created_s": 1.0, "started_s": 2.0, "finished_s": 3.0, "progress_ratio": 1.0, '
        '"simulated_s": 5.0, "arrived_count": 6, "error": "", "digest": "d"}'
    )
    with sqlite3.connect(path) as base:
        base.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        insert = "INSERT INTO runs (run_id, tenant, request_id, state, body) VALUES (?, 'a', ?, ?, ?)"
        base.execute(insert, ["old", "r", "SUCCEEDED", body])
        base.execute(insert, ["broken", None, "QUEUED", "{"])
    base.close()
    store = SqliteStore(path)
    old = store.get("old")
    assert (old.digest, old.labels, old.finished_s, old.sequence) == ("d", {"k": "v"}, 3.0, 7)
    assert (old.request_count, old.interruption_count) == (0, 0)
    assert [run.run_id for run in store.page("a", ALL, {"k": "v"}, NEWEST, 9)] == ["old"]
    assert store.asked("a", "r").run_id == "old"
    assert [tuple(one) for one in store.over()] == [("old", 3.0)]
    assert [run.state for run in store.unfinished()] == [RunState.FAILED]
    store.close()
    with sqlite3.connect(path) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    base.close()


def test_one_server_at_a_time(tmp_path):
    """A folder that is held is refused to another, and free again afterwards."""
    with locked(tmp_path), pytest.raises(StoreInUseError, match="another server"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_later_versions_file_is_refused(tmp_path):
    """A file that a later version wrote is left alone."""
    path = tmp_path / "runs.sqlite"
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(NewerStoreError, match="version 99"):
        SqliteStore(path)
