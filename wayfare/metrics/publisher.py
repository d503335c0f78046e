"""Hears of runs that are over and hands the published ones to a sink, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING

from wayfare.metrics.archive import FILE, read_recording
from wayfare.metrics.errors import MetricsError, PushRejectedError, TooManySeriesError
from wayfare.metrics.sinks import stamped
from wayfare.storage.store import RunState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wayfare.metrics.sinks import RunSamples, SampleSink
    from wayfare.storage.store import RunRecord, RunStore

LOG = logging.getLogger(__name__)
TAKEN, FAILED = "taken", "failed"
MOST_SERIES = 20_000
FIRST_WAIT_S, MOST_WAIT_S = 1.0, 60.0
"""Between tries of a run that a sink may take later."""
LABEL, NO = "publish", "false"
"""A run with this label of this value is not published."""


def demand_few(samples: RunSamples) -> None:
    """Raises `TooManySeriesError` for a run that would flood a Prometheus."""
    if samples.series_count > MOST_SERIES:
        message = f"{samples.series_count:,} series; at most {MOST_SERIES:,} of a run are published"
        raise TooManySeriesError(message)


def is_published(record: RunRecord) -> bool:
    """Whether a run becomes series: single runs that succeeded, but for those that ask not to."""
    single = record.state is RunState.SUCCEEDED and record.replications == 0
    return single and record.labels.get(LABEL) != NO


class Publisher:
    """Listens to runs and hands the published ones to a sink, one after the other.

    `folder` holds their results, `view` may add families; `count` is told whether a run was `taken`
    or has `failed` to be. With a `mark`, a file of that name stands among a run's results until the run was
    taken or can never be: a sink that is away for a while, or a restart, delays a run and loses none.
    """

    def __init__(
        self,
        folder: Path,
        sink: SampleSink,
        view: Callable[[RunSamples], RunSamples],
        count: Callable[[str], None],
        mark: str = "",
    ) -> None:
        """Waits for runs."""
        self._folder, self._sink, self._view, self._count = folder, sink, view, count
        self._mark, self._stopping, self._behind = mark, threading.Event(), 0
        self._waiting: SimpleQueue[RunRecord | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)
        self._thread.start()

    @property
    def waiting_count(self) -> int:
        """Runs that are not handed on yet, the one under way included."""
        return self._waiting.qsize() + self._behind

    def run_changed(self, record: RunRecord) -> None:
        """Publishes a run that is over, soon."""
        if is_published(record):
            self._set_mark(record)
            self._waiting.put(record)

    def _set_mark(self, record: RunRecord) -> None:
        """Remembers that a run is to be published; on a full disk only as long as this server lives."""
        if self._mark:
            with suppress(OSError):
                (self._folder / record.run_id / self._mark).touch()

    def restore(self, store: RunStore, most: int) -> None:
        """Publishes the newest runs that an earlier server published, oldest first."""
        self._queue(store, f"*/{FILE}", most)

    def resume(self, store: RunStore) -> None:
        """Publishes the runs that an earlier server did not hand on, oldest first."""
        self._queue(store, f"*/{self._mark}", None)

    def _queue(self, store: RunStore, pattern: str, most: int | None) -> None:
        """Queues the newest published runs that have such a file, oldest first."""
        files = sorted(self._folder.glob(pattern), key=lambda file: file.stat().st_mtime, reverse=True)
        known = (store.get(file.parent.name) for file in files)
        found = (record for record in known if record is not None and is_published(record))
        for record in reversed(list(islice(found, most))):
            self._waiting.put(record)

    def _work(self) -> None:
        """Publishes what waits until it is told to stop."""
        while (record := self._waiting.get()) is not None:
            self._behind = 1
            outcome = self._handed_on(record)
            self._behind = 0
            if outcome:
                self._count(outcome)
                (self._folder / record.run_id / (self._mark or "no mark")).unlink(missing_ok=True)

    def _handed_on(self, record: RunRecord) -> str:
        """Whether a run was taken or failed to be; nothing where the server ends before either."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                self._publish(record)
            except PushRejectedError as error:
                LOG.warning("run %s is not published: %s", record.run_id, error)
                if not (self._mark and error.is_retryable):
                    return FAILED
            except (MetricsError, OSError) as error:
                LOG.warning("run %s is not published: %s", record.run_id, error)
                return FAILED
            except Exception:
                LOG.exception("run %s is not published", record.run_id)
                return FAILED
            else:
                return TAKEN
            if self._stopping.wait(wait_s):
                return ""
            wait_s = min(2.0 * wait_s, MOST_WAIT_S)

    def _publish(self, record: RunRecord) -> None:
        """Reads a run's recording and hands it on."""
        recording = read_recording(self._folder / record.run_id)
        samples = self._view(stamped(recording, record.run_id, record.finished_s or time.time()))
        demand_few(samples)
        self._sink.take(samples)

    def stop(self, patience_s: float) -> None:
        """Hears no more; waits so long for what is being published."""
        self._stopping.set()
        self._waiting.put(None)
        self._thread.join(patience_s)
