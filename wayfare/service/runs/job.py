"""What a run's own process does: simulate, write the results, say how far it is."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import duckdb

from catalogs import load_catalog
from simulator import compare, load_scenario, simulate
from simulator.kernel.machine_code.warm import is_warm, warm_kernel
from wayfare.metrics.archive import write_recording
from wayfare.metrics.recording import recorded
from wayfare.results.writing import write_json, write_tables
from wayfare.service.runs.processes import limit_memory
from wayfare.service.runs.windows import TIMELINE, write_windows

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from simulator import Scenario

    P = ParamSpec("P")

T = TypeVar("T")
REPORT_EVERY_S = 0.2
NICENESS = 5
OOM_SCORE_ADJ = "800"
"""How much sooner than others the system ends the process when memory runs out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run's work; a comparison where `replications` is not 0."""

    scenario_json: str
    policies: tuple[str, ...]
    replications: int
    confidence: float
    folder: str
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    ratio: float
    simulated_s: float
    arrived_count: int


@dataclass(frozen=True, slots=True)
class JobSucceeded:
    """The results are written."""

    digest: str


@dataclass(frozen=True, slots=True)
class JobFailed:
    """There are none."""

    error: str


@dataclass(frozen=True, slots=True)
class DiskFull:
    """There are none: the disk is full. The run may be tried again when there is room."""


class ProgressReporter:
    """An observer that reports to the server, now and then; ends the process when the server is gone."""

    def __init__(self, pipe: Connection) -> None:
        """Nothing said."""
        self._pipe = pipe
        self._sent_s = 0.0
        self._total_s = 1.0
        self._reached = Progress(0.0, 0.0, 0)

    def begin(self, total_s: float, label: str) -> None:  # noqa: ARG002  (an observer's signature)
        """Notes how long the run is."""
        self._total_s = max(total_s, 1e-9)

    def advance(self, now_s: float, arrived: int) -> None:
        """Reports how far the run is, unless it just did."""
        self._reached = Progress(min(now_s / self._total_s, 1.0), now_s, arrived)
        if time.monotonic() - self._sent_s >= REPORT_EVERY_S:
            self._sent_s = time.monotonic()
            self.send_message(self._reached)

    def end(self) -> None:
        """Tells how far the run came."""
        self.send_message(self._reached)

    def send_message(self, message: Progress | JobSucceeded | JobFailed | DiskFull) -> None:
        """Sends a message."""
        try:
            self._pipe.send(message)
        except OSError:
            os._exit(1)


class LazyFuture(Future[T]):
    """A future that does its work when it is asked for the result, here."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Nothing done."""
        super().__init__()
        self._work = work

    def result(self, timeout: float | None = None) -> T:  # noqa: ARG002  (a future's signature)
        """Does the work."""
        return self._work()


class InlineExecutor(Executor):
    """Runs tasks one after the other in this process: a run has one slot."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The task, not begun."""
        return LazyFuture(lambda: fn(*args, **kwargs))


def lower_priority() -> None:
    """Lets the server go first, for the processor and when memory runs out."""
    os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE_ADJ, encoding="ascii")


def run_job(pipe: Connection, job: Job) -> None:
    """Does the work and says how it ended; an interrupt ends the process in silence."""
    speaker = ProgressReporter(pipe)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        lower_priority()
        limit_memory(job.most_bytes)
        speaker.send_message(JobSucceeded(execute(job, speaker)))
    except KeyboardInterrupt:
        os._exit(1)
    except MemoryError:
        speaker.send_message(
            JobFailed(f"RESOURCE_EXHAUSTED: the run needs more memory than {job.most_bytes:,} bytes")
        )
    except Exception as error:  # noqa: BLE001  (whatever a run raises is how it failed)
        speaker.send_message(DiskFull() if is_full(error) else JobFailed(f"{type(error).__name__}: {error}"))


def is_full(error: Exception) -> bool:
    """Whether results could not be written for want of room; DuckDB tells it in words."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, duckdb.Error) and os.strerror(errno.ENOSPC) in str(error)


def execute(job: Job, speaker: ProgressReporter) -> str:
    """Writes the results, on the disk when this returns; the digest of what was found."""
    scenario = load_scenario(json.loads(job.scenario_json))
    folder = Path(job.folder)
    folder.mkdir(parents=True)
    speaker.send_message(Progress(0.0, 0.0, 0))
    work = execute_comparison if job.replications else execute_run
    digest = work(job, scenario, folder, speaker)
    (folder / "digest").write_text(digest, encoding="utf-8")
    sync_folder(folder)
    return digest


def sync_folder(folder: Path) -> None:
    """Waits until a folder and the files in it are on the disk."""
    for path in (*folder.iterdir(), folder):
        sync(path)


def sync(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def execute_run(job: Job, scenario: Scenario, folder: Path, speaker: ProgressReporter) -> str:
    """A single run's results."""
    result = simulate(scenario, job.policies[0], observer=speaker)
    write_json(result.report.to_dict(), folder / "report.json")
    timeline = result.timeline
    tables = {"requests.parquet": result.requests, TIMELINE: timeline}
    write_tables({folder / name: columns for name, columns in tables.items()})
    write_windows(timeline, folder)
    write_recording(recorded(scenario, result), folder)
    return result.report.digest


def execute_comparison(job: Job, scenario: Scenario, folder: Path, speaker: ProgressReporter) -> str:
    """A comparison's results."""
    found = compare(
        scenario,
        job.policies,
        replications=job.replications,
        confidence=job.confidence,
        executor=InlineExecutor(),
        observer=speaker,
    )
    write_json(found.to_dict(), folder / "comparison.json")
    return found.reports[0].digest


def preload() -> None:
    """Loads kernel and catalog where processes are forked from, so that no run waits for them."""
    if is_warm():
        warm_kernel()
    load_catalog()


def idle(pipe: Connection) -> None:
    """Does nothing: a process that shows that more can be started."""
    pipe.close()
