"""Runs that are not over, as they stand: every change is numbered, kept and made known."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from wayfare.service.runs.changes import ChangeNotifier

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from wayfare.service.ports import RunWriter
    from wayfare.storage.store import RunListener, RunRecord, RunState


class UnfinishedRuns:
    """Runs that wait or run; one that is over stays until its end is on disk.

    Changes go to the writer, to listeners and to those who wait for them.
    """

    def __init__(self, writer: RunWriter, listeners: Sequence[RunListener]) -> None:
        """No run."""
        self._writer, self._listeners = writer, listeners
        self._runs: dict[str, RunRecord] = {}
        self._changes = ChangeNotifier()

    def find(self, run_id: str) -> RunRecord | None:
        """A run that is not over, or whose end is not on disk yet, as it stands."""
        return self._runs.get(run_id)

    def all(self) -> Sequence[RunRecord]:
        """Runs that wait or run."""
        return [record for record in self._runs.values() if not record.state.is_over]

    def add(self, record: RunRecord) -> None:
        """Takes up a run that the store has."""
        self._runs[record.run_id] = record
        self._notify(record)

    def change(self, record: RunRecord, *, keep: bool) -> RunRecord:
        """The record with the next sequence number, known to whoever listens; in the store with `keep`."""
        changed = self._numbered(record)
        if keep:
            self._writer.put(changed)
        self._notify(changed)
        return changed

    def settle(
        self, record: RunRecord, state: RunState, *, error: str = "", digest: str = ""
    ) -> asyncio.Future[RunRecord | None]:
        """Ends a run; done when that is on disk. Until then it stays here."""
        over = replace(record, state=state, error=error, digest=digest, finished_s=time.time())
        changed = self._numbered(over)
        written = self._writer.put(changed)
        written.add_done_callback(lambda _done: self._runs.pop(changed.run_id, None))
        self._notify(changed)
        return written

    def _numbered(self, record: RunRecord) -> RunRecord:
        """The record as it stands now, with the next sequence number.

        Numbers are milliseconds of wall time, so that they grow across restarts as well.
        """
        changed = replace(record, sequence=max(record.sequence + 1, int(time.time() * 1e3)))
        self._runs[record.run_id] = changed
        return changed

    def _notify(self, record: RunRecord) -> None:
        """Lets listeners and those who wait know."""
        for listener in self._listeners:
            listener.run_changed(record)
        self._changes.notify(record.run_id)

    def notify_all(self) -> None:
        """Lets everybody who waits look again."""
        self._changes.notify_all()

    async def wait_for_change(self, record: RunRecord, is_stopping: Callable[[], bool]) -> None:
        """Returns when a run is no longer as the record says, or the service ends."""
        await self._changes.wait(record.run_id, lambda: self._differs(record) or is_stopping())

    def _differs(self, record: RunRecord) -> bool:
        """Whether a run has changed."""
        live = self._runs.get(record.run_id)
        return live is None or live.sequence != record.sequence
