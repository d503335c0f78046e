"""Hears of runs that are over and hands the published ones to the sinks, in a thread of its own."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wayfare.metrics.archive import FILE, read_recording
from wayfare.metrics.errors import MetricsError
from wayfare.metrics.sinks import stamped
from wayfare.storage.store import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wayfare.metrics.sinks import RunSamples, SampleSink
    from wayfare.storage.store import RunRecord, RunStore

LOG = logging.getLogger(__name__)
TAKEN, FAILED = "taken", "failed"
LABEL, NO = "publish", "false"
"""A run with this label of this value is not published."""


def is_published(record: RunRecord) -> bool:
    """Whether a run becomes series: single runs that succeeded, but for those that ask not to."""
    single = record.state is RunState.SUCCEEDED and record.replications == 0
    return single and record.labels.get(LABEL) != NO


@dataclass(frozen=True, slots=True)
class Outlet:
    """A sink, and whether runs that an earlier server has shown go to it again."""

    sink: SampleSink
    again: bool


class Publisher:
    """Listens to runs; `folder` holds their results, `view` may add families of its own.

    `count` is told whether a run was `taken` by a sink or has `failed` to be.
    """

    def __init__(
        self,
        folder: Path,
        outlets: Sequence[Outlet],
        view: Callable[[RunSamples], RunSamples],
        count: Callable[[str], None],
    ) -> None:
        """Waits for runs."""
        self._folder, self._outlets, self._view, self._count = folder, outlets, view, count
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publisher")

    def run_changed(self, record: RunRecord) -> None:
        """Publishes a run that is over, soon."""
        if is_published(record):
            sinks = [outlet.sink for outlet in self._outlets]
            self._thread.submit(self._publish, record, sinks)

    def restore(self, store: RunStore, most: int) -> None:
        """Shows the newest runs that an earlier server published, oldest first."""
        sinks = [outlet.sink for outlet in self._outlets if outlet.again]
        files = sorted(self._folder.glob(f"*/{FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)
        found: list[RunRecord] = []
        for file in files:
            record = store.get(file.parent.name)
            if record is not None and is_published(record):
                found.append(record)
            if len(found) == most:
                break
        for record in reversed(found):
            self._thread.submit(self._publish, record, sinks)

    def _publish(self, record: RunRecord, sinks: Sequence[SampleSink]) -> None:
        """Reads a run's recording and hands it on; what fails is logged and counted."""
        try:
            recording = read_recording(self._folder / record.run_id)
            samples = self._view(stamped(recording, record.run_id, record.finished_s or time.time()))
        except (MetricsError, OSError) as error:
            self._failed(record, error)
            return
        for sink in sinks:
            try:
                sink.take(samples)
                self._count(TAKEN)
            except (MetricsError, OSError) as error:
                self._failed(record, error)

    def _failed(self, record: RunRecord, error: Exception) -> None:
        """A run is not shown somewhere."""
        LOG.warning("run %s is not published: %s", record.run_id, error)
        self._count(FAILED)

    def exists(self, run_id: str) -> bool:
        """Whether a run's results are still there."""
        return (self._folder / run_id).is_dir()

    def stop(self) -> None:
        """Hears no more; what is being published may end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
