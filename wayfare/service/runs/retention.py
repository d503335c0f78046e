"""What is forgotten: results of finished runs and traces that are not needed, oldest first."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from wayfare.service.ports import RunWriter
    from wayfare.service.runs.folders import RunFolders
    from wayfare.service.runs.scheduler import Scheduler
    from wayfare.storage.store import RunRecord, RunStore

LOG = logging.getLogger(__name__)
SWEEP_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long runs that are over and traces are kept, and how many bytes of both."""

    age_s: float = inf
    size_bytes: float = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedItem:
    """Something that may be forgotten: a run by its id, or a trace's file."""

    ended_s: float
    path: Path
    run_id: str = ""


class Sweeper:
    """Forgets what is too old, and the oldest while there is too much; unfinished runs never."""

    def __init__(
        self,
        store: RunStore,
        writer: RunWriter,
        scheduler: Scheduler,
        folders: RunFolders,
        uploads: Path,
        retention: Retention,
    ) -> None:
        """Nothing forgotten."""
        self._store, self._writer, self._scheduler = store, writer, scheduler
        self._folders, self._uploads, self._retention = folders, uploads, retention

    async def sweep_forever(self) -> None:
        """Sweeps now and then; a disk in trouble does not end it."""
        while self._retention != Retention():
            try:
                await self.sweep(time.time())
            except Exception:
                LOG.exception("old runs could not be forgotten")
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self, now_s: float) -> None:
        """Forgets what is not to be kept at this instant."""
        needed = self._scheduler.unfinished()
        runs = [
            RetainedItem(ended_s=ended_s, path=self._folders.of(run_id), run_id=run_id)
            for run_id, ended_s in self._store.over()
        ]
        found = await asyncio.to_thread(lambda: [*runs, *traces(self._uploads, needed)])
        gone = await asyncio.to_thread(outdated, found, self._retention, now_s)
        await self._writer.remove([one.run_id for one in gone if one.run_id])
        for one in gone:
            await asyncio.to_thread(removed, one.path)


def traces(folder: Path, needed: Sequence[RunRecord]) -> Iterator[RetainedItem]:
    """Uploaded traces that no unfinished run names; those still coming in are hidden."""
    for path in folder.glob("*/[!.]*"):
        if not any(path.name in record.scenario_json for record in needed):
            yield RetainedItem(ended_s=path.stat().st_mtime, path=path)


def outdated(found: Sequence[RetainedItem], retention: Retention, now_s: float) -> list[RetainedItem]:
    """What is too old, and the oldest while the rest is too large."""
    gone, left_bytes = [], retention.size_bytes
    for one in sorted(found, key=lambda kept: kept.ended_s, reverse=True):
        left_bytes -= size_bytes(one.path)
        if now_s - one.ended_s > retention.age_s or left_bytes < 0.0:
            gone.append(one)
    return gone


def size_bytes(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; none where it is gone."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def removed(path: Path) -> None:
    """Removes a file or a folder, where it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
