"""A store in one SQLite file: write-ahead log, every accepted run synced to disk."""

from __future__ import annotations

import json
import logging
import sqlite3
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from wayfare.storage.store import RunRecord, RunState, has_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

LOG = logging.getLogger(__name__)
MIGRATIONS = (
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL UNIQUE,
        tenant TEXT NOT NULL,
        request_id TEXT,
        state TEXT NOT NULL,
        body TEXT NOT NULL
    );
    CREATE UNIQUE INDEX by_request ON runs (tenant, request_id) WHERE request_id IS NOT NULL;
    CREATE INDEX by_state ON runs (state, tenant);
    """,
)
"""Each brings the file from the version before to its own; `user_version` says which it has."""
UNFINISHED = "state IN ('QUEUED', 'RUNNING')"


class NewerStoreError(Exception):
    """The file was written by a later version."""


class SqliteStore:
    """Keeps runs in a file; used from one thread."""

    def __init__(self, path: Path) -> None:
        """Opens the file, made or migrated where needed.

        Raises:
            NewerStoreError: a later version wrote it.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;"
        )
        self._migrate(path)

    def _migrate(self, path: Path) -> None:
        """Applies what is missing."""
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            message = f"{path} has version {version}; this Wayfare knows versions up to {len(MIGRATIONS)}"
            raise NewerStoreError(message)
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._base.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")

    def add(self, record: RunRecord) -> RunRecord:
        """The record as kept, or the earlier one of that request id."""
        row = (record.run_id, record.tenant, record.request_id or None, record.state.value, body_of(record))
        try:
            made = self._base.execute(
                "INSERT INTO runs (run_id, tenant, request_id, state, body) VALUES (?, ?, ?, ?, ?)", row
            )
        except sqlite3.IntegrityError:
            found = self._select("tenant = ? AND request_id = ?", record.tenant, record.request_id)
            return next(found)
        return replace(record, number=made.lastrowid or 0)

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id, if there is one."""
        return next(self._select("run_id = ?", run_id), None)

    def put(self, record: RunRecord) -> None:
        """Keeps a changed run."""
        row = (record.state.value, body_of(record), record.run_id)
        self._base.execute("UPDATE runs SET state = ?, body = ? WHERE run_id = ?", row)

    def remove(self, run_id: str) -> None:
        """Forgets a run."""
        self._base.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))

    def page(
        self, tenant: str, states: Collection[RunState], labels: Mapping[str, str], before: int, size: int
    ) -> Sequence[RunRecord]:
        """A tenant's newest runs that meet the filters."""
        rows = self._select("tenant = ? AND number < ? ORDER BY number DESC", tenant, before)
        found: list[RunRecord] = []
        for record in rows:
            if len(found) == size:
                break
            if record.state in states and has_labels(record, labels):
                found.append(record)
        return found

    def unfinished(self) -> Sequence[RunRecord]:
        """Runs that wait or run, in the order they were accepted."""
        return list(self._select(f"{UNFINISHED} ORDER BY number"))

    def waiting_count(self, tenant: str) -> int:
        """How many of a tenant's runs wait or run."""
        question = f"SELECT count(*) FROM runs WHERE {UNFINISHED} AND tenant = ?"  # noqa: S608  (a constant)
        (count,) = self._base.execute(question, (tenant,)).fetchone()
        return int(count)

    def close(self) -> None:
        """Closes the file."""
        self._base.close()

    def _select(self, condition: str, *values: object) -> Iterator[RunRecord]:
        """Runs that meet a condition; a row that cannot be read is logged and left out."""
        question = f"SELECT number, body FROM runs WHERE {condition}"  # noqa: S608  (conditions are our own)
        for number, body in self._base.execute(question, values):
            try:
                yield record_of(number, body)
            except (ValueError, TypeError):
                LOG.exception("row %d of the store cannot be read; left out", number)


def body_of(record: RunRecord) -> str:
    """A record as text."""
    return json.dumps(asdict(record))


def record_of(number: int, body: str) -> RunRecord:
    """A record from its text."""
    data = json.loads(body)
    state, policies = RunState(data.pop("state")), tuple(data.pop("policies"))
    return RunRecord(**{**data, "state": state, "policies": policies, "number": number})
