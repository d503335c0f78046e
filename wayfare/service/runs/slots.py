"""Bounded slots and a fair queue: each run in a process of its own, tenants in turn."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wayfare.service.runs.changes import ChangeNotifier
from wayfare.service.runs.job import DiskFull, Job, JobFailed, JobSucceeded, Progress, idle, run_job, sync
from wayfare.service.runs.processes import ChildProcess, start_process
from wayfare.service.runs.queue import FairQueue
from wayfare.storage.store import RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path
    from typing import Protocol

    from wayfare.service.intake.quotas import RunLimits
    from wayfare.service.runs.writer import StoreWriter
    from wayfare.storage.reserve import DiskReserve

    class RunListener(Protocol):
        """Hears of every change of every run; must be quick and must not raise."""

        def run_changed(self, record: RunRecord) -> None:
            """A run stands so."""
            ...


LOG = logging.getLogger(__name__)
POLITE_S = 2.0
MOST_INTERRUPTIONS = 3
ROOM_AGAIN_S = 5.0
MOST_WITHOUT_ROOM = 5
"""How often the results of a run may find no room on the disk."""
SERVICE_ENDED = "the service ended while it ran"
PROCESS_DIED = "its process was killed"
AGAIN = "submit it again, or with rerun_if_interrupted"


@dataclass(slots=True)
class RunningJob:
    """A running process."""

    worker: ChildProcess
    record: RunRecord
    folder: Path
    has_begun: bool = False
    cancelled: bool = False
    overdue: bool = False
    timer: asyncio.TimerHandle | None = None


class RunScheduler:
    """Runs what is submitted, within limits; every change goes to writer and listeners.

    While the disk has no room for more, nothing begins.
    """

    def __init__(
        self,
        writer: StoreWriter,
        folder: Path,
        limits: RunLimits,
        reserve: DiskReserve,
        listeners: Sequence[RunListener] = (),
    ) -> None:
        """Nothing runs."""
        self._writer, self._folder, self._limits, self._listeners = writer, folder, limits, listeners
        self._reserve, self._without_room, self.is_paused = reserve, Counter[str](), False
        self._turns = FairQueue()
        self._children: dict[str, RunningJob] = {}
        self._starting: dict[str, str] = {}
        self._keeping: set[str] = set()
        self._live: dict[str, RunRecord] = {}
        self._changes = ChangeNotifier()
        self._empty = asyncio.Event()
        self._timers: set[asyncio.Task[None]] = set()
        self.is_stopping = False

    async def start(self, unfinished: Sequence[RunRecord]) -> None:
        """Warms the process that runs are forked from, and takes up what an earlier server left."""
        first = await asyncio.to_thread(start_process, idle)
        await asyncio.to_thread(first.process.join)
        first.pipe.close()
        for left in self._folder.glob(".staging-*"):
            shutil.rmtree(left, ignore_errors=True)
        for record in unfinished:
            self._resume(record)

    def _resume(self, record: RunRecord) -> None:
        """Queues what waited, settles what ran."""
        if record.state.is_over:
            self._settle(record, record.state, error=record.error)
        elif (self.results(record.run_id) / "digest").is_file():
            digest = (self.results(record.run_id) / "digest").read_text(encoding="utf-8")
            self._settle(record, RunState.SUCCEEDED, digest=digest)
        elif record.state is RunState.QUEUED:
            self.submit(record)
        else:
            self._interrupted(record, SERVICE_ENDED)

    def _interrupted(self, record: RunRecord, reason: str) -> None:
        """Queues a run again that wants it and was not interrupted too often; else it failed."""
        count = record.interruption_count + 1
        if record.rerun_if_interrupted and count < MOST_INTERRUPTIONS:
            again = replace(record, state=RunState.QUEUED, started_s=None, interruption_count=count)
            self.submit(self._change(again, keep=True))
        else:
            often = f"{reason}; interrupted {count} times" if record.rerun_if_interrupted else reason
            self._settle(record, RunState.FAILED, error=f"{often}; {AGAIN}")

    def results(self, run_id: str) -> Path:
        """The folder of a run's results."""
        return self._folder / run_id

    def live(self, run_id: str) -> RunRecord | None:
        """A run that is not over, or whose end is not on disk yet, as it stands."""
        return self._live.get(run_id)

    def unfinished(self) -> Sequence[RunRecord]:
        """Runs that wait or run."""
        return [record for record in self._live.values() if not record.state.is_over]

    def submit(self, record: RunRecord) -> None:
        """Queues an accepted run."""
        self._live[record.run_id] = record
        self._notify(record)
        self._turns.add(record)
        self._pump()

    def _pump(self) -> None:
        """Starts runs while there are slots and there is room for results."""
        while not self.is_stopping and self._taken() < self._limits.slots and self._has_room():
            record = self._turns.take(self._may_run)
            if record is None:
                return
            self._starting[record.run_id] = record.tenant
            self._in_background(self._begin(record))

    def _may_run(self, tenant: str) -> bool:
        """Whether a tenant has a slot left of those it may have."""
        running = [child.record.tenant for child in self._children.values()]
        return [*running, *self._starting.values()].count(tenant) < self._limits.slots_per_tenant

    def _has_room(self) -> bool:
        """Whether the disk has room for more results; without it, looks again later."""
        if not self._turns:
            return True
        has_room = self._reserve.has_room()
        if self.is_paused == has_room:
            LOG.error("the disk is nearly full: queued runs %s", "go on" if has_room else "wait for room")
        self.is_paused = not has_room
        if has_room:
            self._reserve.ensure()
        else:
            asyncio.get_running_loop().call_later(ROOM_AGAIN_S, self._pump)
        return has_room

    def _taken(self) -> int:
        """Slots that are not free."""
        return len(self._children) + len(self._starting)

    async def _begin(self, record: RunRecord) -> None:
        """Starts a run's process, off the event loop: a fork takes long on a busy machine."""
        folder = self._folder / f".staging-{record.run_id}-{time.monotonic_ns()}"
        job = Job(
            scenario_json=record.scenario_json,
            policies=record.policies,
            replications=record.replications,
            confidence=record.confidence,
            folder=str(folder),
            most_bytes=self._limits.memory_bytes,
        )
        try:
            self._started(record, await asyncio.to_thread(start_process, run_job, job), folder)
        except OSError as error:
            self._interrupted(record, str(error))
        finally:
            self._starting.pop(record.run_id, None)
            self._freed()

    def _started(self, record: RunRecord, worker: ChildProcess, folder: Path) -> None:
        """Notes that a run runs, unless it was cancelled or the service ends."""
        live = self._live.get(record.run_id)
        if live is None or live.state.is_over or self.is_stopping:
            worker.end()
            return
        running = self._change(replace(record, state=RunState.RUNNING, started_s=time.time()), keep=True)
        child = RunningJob(worker, running, folder)
        self._children[record.run_id] = child
        loop = asyncio.get_running_loop()
        child.timer = loop.call_later(self._limits.wall_s, self._stop_overdue, child)
        loop.add_reader(worker.pipe.fileno(), self._read_messages, child)

    def _stop_overdue(self, child: RunningJob) -> None:
        """Ends a run that takes longer than any may."""
        child.overdue = True
        child.worker.process.kill()

    def _read_messages(self, child: RunningJob) -> None:
        """Takes what a process says, or that it is gone."""
        try:
            message = child.worker.pipe.recv()
        except (EOFError, OSError):
            message = None
        if isinstance(message, Progress):
            child.has_begun = True
            child.record = self._change(progressed(child.record, message), keep=False)
            return
        asyncio.get_running_loop().remove_reader(child.worker.pipe.fileno())
        child.worker.pipe.close()
        if child.timer is not None:
            child.timer.cancel()
        del self._children[child.record.run_id]
        self._end(child, message)
        self._freed()

    def _freed(self) -> None:
        """A slot may be free."""
        self._pump()
        if not self._taken() and not self._keeping:
            self._empty.set()

    def _end(self, child: RunningJob, message: JobSucceeded | JobFailed | DiskFull | None) -> None:
        """Settles a run whose process is done, or gone."""
        if isinstance(message, JobSucceeded):
            self._keeping.add(child.record.run_id)
            self._in_background(self._keep(child, message.digest))
            return
        shutil.rmtree(child.folder, ignore_errors=True)
        if child.cancelled:
            self._settle(child.record, RunState.CANCELLED, error="cancelled while it ran")
        elif isinstance(message, DiskFull):
            self._wait_for_room(child.record)
        elif isinstance(message, JobFailed):
            self._settle(child.record, RunState.FAILED, error=message.error)
        elif child.overdue:
            self._settle(child.record, RunState.FAILED, error=self._overdue_text(child.record))
        elif self.is_stopping:
            self._requeued(child.record)
        else:
            self._interrupted(child.record, PROCESS_DIED)

    def _overdue_text(self, record: RunRecord) -> str:
        """What is said of a run that took too long."""
        return (
            f"RESOURCE_EXHAUSTED: it ran for {self._limits.wall_s:g} s, longer than a run may; "
            f"it was to simulate about {record.request_count:,} requests"
        )

    def _requeued(self, record: RunRecord) -> RunRecord:
        """A run that ran waits again."""
        return self._change(replace(record, state=RunState.QUEUED, started_s=None), keep=True)

    def _wait_for_room(self, record: RunRecord) -> None:
        """Lets a run whose results found no room wait, first of its tenant's, unless that came too often."""
        self._without_room[record.run_id] += 1
        if self._without_room[record.run_id] >= MOST_WITHOUT_ROOM:
            del self._without_room[record.run_id]
            text = f"RESOURCE_EXHAUSTED: {MOST_WITHOUT_ROOM} times the disk had no room for its results"
            self._settle(record, RunState.FAILED, error=text)
            return
        again = self._requeued(record)
        asyncio.get_running_loop().call_later(ROOM_AGAIN_S, self._try_again, again)

    def _try_again(self, record: RunRecord) -> None:
        """Queues a run that waited for room, if it still waits."""
        live = self._live.get(record.run_id)
        if live is not None and live.state is RunState.QUEUED:
            self._turns.put_back(live)
            self._pump()

    async def _keep(self, child: RunningJob, digest: str) -> None:
        """Puts the results in their place, whole and on the disk, and says that the run succeeded."""
        run_id = child.record.run_id
        try:
            await asyncio.to_thread(put_in_place, child.folder, self.results(run_id))
        except OSError as error:
            shutil.rmtree(child.folder, ignore_errors=True)
            self._settle(child.record, RunState.FAILED, error=f"the results cannot be kept: {error.strerror}")
        else:
            done = replace(child.record, progress_ratio=1.0)
            self._settle(done, RunState.SUCCEEDED, digest=digest)
        self._without_room.pop(run_id, None)
        self._keeping.discard(run_id)
        self._freed()

    def _settle(
        self, record: RunRecord, state: RunState, *, error: str = "", digest: str = ""
    ) -> asyncio.Future[RunRecord | None]:
        """A run is over; done when that is on disk. Until then it stays among the live ones."""
        over = replace(record, state=state, error=error, digest=digest, finished_s=time.time())
        changed = self._numbered(over)
        written = self._writer.put(changed)
        written.add_done_callback(lambda _done: self._live.pop(changed.run_id, None))
        self._notify(changed)
        return written

    def _change(self, record: RunRecord, *, keep: bool) -> RunRecord:
        """The record with the next sequence number, passed to the listeners."""
        changed = self._numbered(record)
        if keep:
            self._writer.put(changed)
        self._notify(changed)
        return changed

    def _numbered(self, record: RunRecord) -> RunRecord:
        """The record as the live one, with the next sequence number.

        Numbers are milliseconds of wall time, so that they grow across restarts as well.
        """
        changed = replace(record, sequence=max(record.sequence + 1, int(time.time() * 1e3)))
        self._live[record.run_id] = changed
        return changed

    def _notify(self, record: RunRecord) -> None:
        """Tells listeners and those who wait."""
        for listener in self._listeners:
            listener.run_changed(record)
        self._changes.tell(record.run_id)

    async def wait_for_change(self, record: RunRecord) -> None:
        """Returns when a run is no longer as the record says, or the service ends."""
        await self._changes.wait(record.run_id, lambda: self._differs(record) or self.is_stopping)

    def watcher_count(self) -> int:
        """How many wait for a change."""
        return self._changes.waiting_count()

    def _differs(self, record: RunRecord) -> bool:
        """Whether a run has changed."""
        live = self._live.get(record.run_id)
        return live is None or live.sequence != record.sequence

    async def cancel(self, record: RunRecord) -> RunRecord:
        """Stops a run: at once where it waits, else politely, and by force two seconds later."""
        child = self._children.get(record.run_id)
        if record.run_id in self._keeping:
            return self._live[record.run_id]
        if child is None:
            self._turns.drop(record)
            written = self._settle(record, RunState.CANCELLED, error="cancelled while it waited")
            stopped = self._live[record.run_id]
            await written
            return stopped
        if not child.cancelled:
            child.cancelled = True
            self._stop_child(child)
        return child.record

    def _stop_child(self, child: RunningJob) -> None:
        """Asks a process to stop; one that has not begun is killed."""
        if child.has_begun:
            child.worker.interrupt()
            self._in_background(self._insist(child))
        else:
            child.worker.process.kill()

    async def _insist(self, child: RunningJob) -> None:
        """Kills what did not stop when asked."""
        await asyncio.sleep(POLITE_S)
        if child.worker.process.is_alive():
            child.worker.process.kill()

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        """Lets a coroutine run, held until it is done."""
        task = asyncio.ensure_future(work)
        self._timers.add(task)
        task.add_done_callback(self._timers.discard)

    async def stop(self) -> None:
        """Stops every process; what ran waits again, for the next server to take up."""
        self.is_stopping = True
        self._changes.notify_all()
        for child in self._children.values():
            child.worker.process.kill()
        while self._taken() or self._keeping:
            self._empty.clear()
            await self._empty.wait()
        self._changes.notify_all()


def put_in_place(made: Path, target: Path) -> None:
    """Moves a folder that is on the disk; the move is as well when this returns."""
    made.rename(target)
    sync(target.parent)


def progressed(record: RunRecord, progress: Progress) -> RunRecord:
    """A record with progress."""
    return replace(
        record,
        progress_ratio=max(progress.ratio, record.progress_ratio),
        simulated_s=progress.simulated_s,
        arrived_count=progress.arrived_count,
    )
