"""How the store's file came to be as it is: each step brings it from one version to the next."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

RUNS = """
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
"""
LABELS_AND_CHECKSUMS = """
    CREATE TABLE labels (
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        number INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        PRIMARY KEY (name, value, number)
    ) WITHOUT ROWID;
    CREATE INDEX labels_of ON labels (number);
    INSERT INTO labels (name, value, number)
        SELECT label.key, label.value, runs.number
        FROM runs, json_each(CASE WHEN json_valid(body) THEN body ELSE '{}' END, '$.labels') AS label;
    ALTER TABLE runs ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN finished_s REAL;
    UPDATE runs SET checksum = crc32(body);
    UPDATE runs SET finished_s = json_extract(body, '$.finished_s') WHERE json_valid(body);
    CREATE INDEX by_end ON runs (finished_s) WHERE finished_s IS NOT NULL;
    CREATE INDEX by_tenant ON runs (tenant, number);
"""
ORDINALS = """
    ALTER TABLE runs ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
    UPDATE runs SET ordinal = ranked.place FROM (
        SELECT number, row_number() OVER (PARTITION BY tenant ORDER BY number) AS place FROM runs
    ) AS ranked WHERE ranked.number = runs.number;
    CREATE INDEX by_ordinal ON runs (tenant, ordinal);
"""
MIGRATIONS = (RUNS, LABELS_AND_CHECKSUMS, ORDINALS)
"""Each brings the file from the version before to its own; `user_version` says which it has."""


class NewerStoreError(Exception):
    """The file was written by a later version."""


def migrate(base: sqlite3.Connection, path: Path) -> None:
    """Applies what is missing, each step whole or not at all.

    Raises:
        NewerStoreError: a later version wrote the file.
    """
    base.create_function("crc32", 1, checksum, deterministic=True)
    (version,) = base.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        message = f"{path} has version {version}; this Wayfare knows versions up to {len(MIGRATIONS)}"
        raise NewerStoreError(message)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        base.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")


def checksum(text: str | bytes) -> int:
    """The checksum that shows whether a row's text is damaged."""
    return zlib.crc32(text.encode() if isinstance(text, str) else text)
