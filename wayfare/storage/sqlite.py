"""A store in one SQLite file: write-ahead log, every accepted run synced to disk."""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from wayfare.storage.migrations import NewerStoreError, checksum, migrate
from wayfare.storage.store import DamagedStoreError, RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    Row = tuple[int, int, str, str, str, str, bool]

LOG = logging.getLogger(__name__)
COLUMNS = "number, ordinal, run_id, tenant, state, body, crc32(CAST(body AS BLOB)) = checksum"
LISTED = COLUMNS.replace(
    "body,", "CASE WHEN json_valid(body) THEN json_set(body, '$.scenario_json', '') ELSE body END,", 1
)
"""The same without the scenario, which may be a thousand times as long as the rest."""
UNFINISHED = "state IN ('QUEUED', 'RUNNING')"
DAMAGED = "its record in the store is damaged; submit it again"
WRITER = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;"
READER = "PRAGMA query_only=ON; PRAGMA busy_timeout=5000;"


class SqliteStore:
    """Keeps runs in a file: one connection writes, another reads."""

    def __init__(self, path: Path) -> None:
        """Opens the file, made or migrated where needed.

        Raises:
            NewerStoreError: a later version wrote it.
            DamagedStoreError: pages of it are damaged.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._writer = path, opened(path)
        self._reader = reader_of(path)

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def add(self, record: RunRecord) -> RunRecord:
        """The record as kept, or the earlier one of that request id."""
        body = body_of(record)
        row = (record.run_id, record.tenant, record.request_id or None, record.state.value, body)
        known = self._known(record)
        if known is not None:
            return known
        made = self._writer.execute(
            "INSERT INTO runs (run_id, tenant, request_id, state, body, checksum, ordinal) "
            "SELECT ?, ?, ?, ?, ?, ?, coalesce(max(ordinal), 0) + 1 FROM runs WHERE tenant = ? "
            "RETURNING number, ordinal",
            (*row, checksum(body), record.tenant),
        )
        number, ordinal = made.fetchone()
        kept = replace(record, number=number, ordinal=ordinal)
        labels = [(name, value, kept.number) for name, value in record.labels.items()]
        self._writer.executemany("INSERT INTO labels (name, value, number) VALUES (?, ?, ?)", labels)
        return kept

    def _known(self, record: RunRecord) -> RunRecord | None:
        """The earlier run of a record's request id, as the writer sees it."""
        if not record.request_id:
            return None
        wanted = (record.tenant, record.request_id)
        return next(select(self._writer, "tenant = ? AND request_id = ?", *wanted), None)

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id, if there is one."""
        return next(select(self._reader, "run_id = ?", run_id), None)

    def asked(self, tenant: str, request_id: str) -> RunRecord | None:
        """The run that a tenant's request id made, if there is one."""
        return next(select(self._reader, "tenant = ? AND request_id = ?", tenant, request_id), None)

    def put(self, record: RunRecord) -> None:
        """Keeps a changed run."""
        body = body_of(record)
        row = (record.state.value, body, checksum(body), record.finished_s, record.run_id)
        change = "UPDATE runs SET state = ?, body = ?, checksum = ?, finished_s = ? WHERE run_id = ?"
        self._writer.execute(change, row)

    def remove(self, run_id: str) -> None:
        """Forgets a run."""
        self._writer.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))

    def page(
        self, tenant: str, states: Collection[RunState], labels: Mapping[str, str], before: int, size: int
    ) -> Sequence[RunRecord]:
        """A tenant's newest runs that meet the filters."""
        marks = ", ".join("?" * len(states))
        labelled = "AND number IN (SELECT number FROM labels WHERE name = ? AND value = ?) " * len(labels)
        condition = (
            f"tenant = ? AND ordinal < ? AND state IN ({marks}) {labelled}ORDER BY ordinal DESC LIMIT ?"
        )
        pairs = [text for pair in labels.items() for text in pair]
        named = [state.value for state in states]
        values = (tenant, before, *named, *pairs, size)
        with closing(reader_of(self._path)) as base:
            return list(select(base, condition, *values, columns=LISTED))

    def unfinished(self) -> Sequence[RunRecord]:
        """Runs that wait or run, in the order they were accepted."""
        return list(select(self._reader, f"{UNFINISHED} ORDER BY number"))

    def over(self) -> Sequence[tuple[str, float]]:
        """Ids of runs that are over and when they ended, oldest first."""
        question = "SELECT run_id, finished_s FROM runs WHERE finished_s IS NOT NULL ORDER BY finished_s"
        return self._reader.execute(question).fetchall()

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()
        self._writer.close()


def reader_of(path: Path) -> sqlite3.Connection:
    """A connection that reads, for the thread that opens it."""
    base = sqlite3.connect(path, isolation_level=None)
    base.executescript(READER)
    base.text_factory = lenient
    base.create_function("crc32", 1, checksum, deterministic=True)
    return base


def opened(path: Path) -> sqlite3.Connection:
    """The connection that writes; the file is whole and current."""
    demand_not_emptied(path)
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    base.text_factory = lenient
    try:
        base.executescript(WRITER)
        demand_whole(base)
        migrate(base, path)
    except sqlite3.DatabaseError as error:
        base.close()
        raise damaged(path, error) from error
    except NewerStoreError:
        base.close()
        raise
    return base


def demand_not_emptied(path: Path) -> None:
    """Raises `DamagedStoreError` for a file without a byte beside results: it held runs once."""
    if path.is_file() and not path.stat().st_size and any(path.parent.glob("runs/*")):
        raise DamagedStoreError(
            f"{path} is empty, and there are results beside it; restore a backup, or remove it to "
            "start with an empty store"
        )


def lenient(text: bytes) -> str:
    """Text that a damaged byte does not keep from being read: its checksum tells."""
    return text.decode(errors="replace")


def demand_whole(base: sqlite3.Connection) -> None:
    """Raises `sqlite3.DatabaseError` where pages of the file are damaged."""
    found = [str(complaint) for (complaint,) in base.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise sqlite3.DatabaseError("; ".join(found))


def damaged(path: Path, error: sqlite3.DatabaseError) -> Exception:
    """What a file that cannot be used is refused with; trouble of the disk stays what it is."""
    if isinstance(error, sqlite3.OperationalError):
        return OSError(f"{path} cannot be opened: {error}")
    return DamagedStoreError(
        f"{path} is damaged ({error}); restore a backup, or move it away to start with an empty "
        "store: results beside it stay, runs that were accepted and not run yet are in this file only"
    )


def select(
    base: sqlite3.Connection, condition: str, *values: object, columns: str = COLUMNS
) -> Iterator[RunRecord]:
    """Runs that meet a condition; one whose record is damaged is logged and comes as FAILED."""
    question = f"SELECT {columns} FROM runs WHERE {condition}"  # noqa: S608  (conditions are our own)
    for row in base.execute(question, values):
        yield record_of(row)


def body_of(record: RunRecord) -> str:
    """A record as text."""
    return json.dumps(asdict(record))


def record_of(row: Row) -> RunRecord:
    """A record from its row; FAILED with the reason where its text is not what was written."""
    number, ordinal, run_id, tenant, state, body, is_whole = row
    try:
        if is_whole:
            return replace(read(number, state, body), ordinal=ordinal)
    except (LookupError, ValueError, TypeError, AttributeError):
        LOG.exception("row %d of the store, run %s, cannot be read", number, run_id)
    else:
        LOG.error("row %d of the store, run %s, is not what was written", number, run_id)
    return RunRecord(
        run_id=run_id,
        tenant=tenant,
        scenario="",
        scenario_json="{}",
        policies=(),
        number=number,
        ordinal=ordinal,
        state=RunState.FAILED,
        created_s=0.0,
        error=DAMAGED,
    )


def read(number: int, state: str, body: str) -> RunRecord:
    """A record from its text."""
    data = json.loads(body)
    return RunRecord(
        **{**data, "state": RunState(state), "policies": tuple(data["policies"]), "number": number}
    )
