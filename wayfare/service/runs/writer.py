"""Writes to the store off the event loop: all that wait are one transaction, synced once."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wayfare.storage.reserve import DiskReserve
    from wayfare.storage.store import RunRecord, RunStore

    Write = Callable[[], RunRecord | None]

LOG = logging.getLogger(__name__)
AGAIN_S = 1.0
FULL = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_CANTOPEN,
)
"""What SQLite says where the disk has no room, by what it was about to write."""


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """A write, who waits for it, and whether it is tried until it can be kept."""

    write: Write
    done: asyncio.Future[RunRecord | None]
    is_lasting: bool
    is_new: bool


class StoreWriter:
    """Keeps the order in which it was asked.

    Accepting or removing a run fails where it cannot be kept. A change of an accepted run waits
    until it can: a full disk delays what the store knows and loses nothing. Changes and removals take
    the disk's reserve where it is full, new runs never.
    """

    def __init__(self, store: RunStore, reserve: DiskReserve | None = None) -> None:
        """Nothing waits."""
        self._store, self._reserve = store, reserve
        self._waiting: list[PendingWrite] = []
        self._work: asyncio.Task[None] | None = None
        self._is_closing = False

    async def add(self, record: RunRecord) -> RunRecord:
        """The record as the store keeps it, on disk; the earlier one of its request id.

        Raises:
            sqlite3.Error: it cannot be kept.
        """
        kept = await self._submit(lambda: self._store.add(record), is_lasting=False, is_new=True)
        return kept or record

    def put(self, record: RunRecord) -> asyncio.Future[RunRecord | None]:
        """Done when a changed run is on disk."""
        return self._submit(lambda: self._store.put(record), is_lasting=True)

    async def remove(self, run_ids: Sequence[str]) -> None:
        """Forgets runs.

        Raises:
            sqlite3.Error: the store cannot be written.
        """
        for waited in [self._submit(forgetting(self._store, one), is_lasting=False) for one in run_ids]:
            await waited

    def _submit(
        self, write: Write, *, is_lasting: bool, is_new: bool = False
    ) -> asyncio.Future[RunRecord | None]:
        """Done when it is written."""
        done: asyncio.Future[RunRecord | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(PendingWrite(write, done, is_lasting, is_new))
        if self._work is None or self._work.done():
            self._work = asyncio.ensure_future(self._write_all())
        return done

    async def _write_all(self) -> None:
        """Writes until nothing waits, or what is left cannot be kept and the service ends."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                found = await asyncio.to_thread(self._written, batch)
            except Exception as error:  # noqa: BLE001  (passed to those who wait)
                await self._failed(batch, error)
                continue
            for one, record in zip(batch, found, strict=True):
                if not one.done.done():
                    one.done.set_result(record)

    def _written(self, batch: Sequence[PendingWrite]) -> list[RunRecord | None]:
        """What each write gave, all of them kept."""
        with self._store.together():
            return [one.write() for one in batch]

    async def _failed(self, batch: Sequence[PendingWrite], error: Exception) -> None:
        """Reports the error once; what lasts is tried again, a moment later."""
        if is_full(error) and self._reserve is not None and self._reserve.release():
            LOG.error("the disk is full; part of the reserved space is freed until there is room again")
            self._waiting[:0] = [one for one in batch if not one.is_new]
            batch = [one for one in batch if one.is_new]
        for one in batch:
            if not one.is_lasting and not one.done.done():
                one.done.set_exception(error)
        lasting = [one for one in batch if one.is_lasting]
        if not lasting:
            return
        LOG.error("the store cannot be written, %d changes wait: %s", len(lasting), error)
        if self._is_closing:
            return
        self._waiting[:0] = lasting
        await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        """Writes what waits, trying once."""
        self._is_closing = True
        if self._work is not None:
            await self._work


def is_full(error: Exception) -> bool:
    """Whether the store could not be written for want of room."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) in FULL


def forgetting(store: RunStore, run_id: str) -> Write:
    """A write that forgets a run."""

    def forget() -> None:
        store.remove(run_id)

    return forget
