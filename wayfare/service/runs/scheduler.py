"""Bounded slots and a fair queue: each run in a process of its own, tenants in turn."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wayfare.service.processes import ChildProcess, start_process
from wayfare.service.runs.fair_queue import FairQueue
from wayfare.service.runs.job import DiskFull, Job, JobFailed, JobSucceeded, Progress, idle, run_job
from wayfare.service.runs.unfinished import UnfinishedRuns
from wayfare.storage.store import RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path

    from wayfare.service.limits import RunLimits
    from wayfare.service.ports import RunWriter
    from wayfare.service.runs.folders import RunFolders
    from wayfare.storage.reserve import DiskReserve
    from wayfare.storage.store import RunListener


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
class RunProcess:
    """A running process."""

    worker: ChildProcess
    record: RunRecord
    folder: Path
    has_begun: bool = False
    cancelled: bool = False
    overdue: bool = False
    timer: asyncio.TimerHandle | None = None


class Scheduler:
    """Runs what is submitted, within limits; every change goes to writer and listeners.

    While the disk has no room for more, nothing begins.
    """

    def __init__(
        self,
        writer: RunWriter,
        folders: RunFolders,
        limits: RunLimits,
        reserve: DiskReserve,
        listeners: Sequence[RunListener] = (),
    ) -> None:
        """Nothing runs."""
        self._folders, self._limits, self._runs = folders, limits, UnfinishedRuns(writer, listeners)
        self._reserve, self._without_room, self.is_paused = reserve, Counter[str](), False
        self._queue = FairQueue()
        self._processes: dict[str, RunProcess] = {}
        self._starting: dict[str, str] = {}
        self._keeping: set[str] = set()
        self._empty = asyncio.Event()
        self._timers: set[asyncio.Task[None]] = set()
        self.is_stopping = False

    async def start(self, unfinished: Sequence[RunRecord]) -> None:
        """Warms the process that runs are forked from, and takes up what an earlier server left."""
        first = await asyncio.to_thread(start_process, idle)
        await asyncio.to_thread(first.process.join)
        first.pipe.close()
        self._folders.remove_unfinished()
        for record in unfinished:
            self._resume(record)

    def _resume(self, record: RunRecord) -> None:
        """Queues what waited, settles what ran."""
        if record.state.is_over:
            self._runs.settle(record, record.state, error=record.error)
        elif (digest := self._folders.digest(record.run_id)) is not None:
            self._runs.settle(record, RunState.SUCCEEDED, digest=digest)
        elif record.state is RunState.QUEUED:
            self.submit(record)
        else:
            self._interrupted(record, SERVICE_ENDED)

    def _interrupted(self, record: RunRecord, reason: str) -> None:
        """Queues a run again that wants it and was not interrupted too often; else it failed."""
        count = record.interruption_count + 1
        if record.rerun_if_interrupted and count < MOST_INTERRUPTIONS:
            again = replace(record, state=RunState.QUEUED, started_s=None, interruption_count=count)
            self.submit(self._runs.change(again, keep=True))
        else:
            often = f"{reason}; interrupted {count} times" if record.rerun_if_interrupted else reason
            self._runs.settle(record, RunState.FAILED, error=f"{often}; {AGAIN}")

    def live(self, run_id: str) -> RunRecord | None:
        """A run that is not over, or whose end is not on disk yet, as it stands."""
        return self._runs.find(run_id)

    def unfinished(self) -> Sequence[RunRecord]:
        """Runs that wait or run."""
        return self._runs.all()

    def submit(self, record: RunRecord) -> None:
        """Queues an accepted run."""
        self._runs.add(record)
        self._queue.add(record)
        self._start_next()

    def _start_next(self) -> None:
        """Starts runs while there are slots and there is room for results."""
        while not self.is_stopping and self._taken() < self._limits.slots and self._has_room():
            record = self._queue.take(self._may_run)
            if record is None:
                return
            self._starting[record.run_id] = record.tenant
            self._in_background(self._begin(record))

    def _may_run(self, tenant: str) -> bool:
        """Whether a tenant has a slot left of those it may have."""
        running = [process.record.tenant for process in self._processes.values()]
        return [*running, *self._starting.values()].count(tenant) < self._limits.slots_per_tenant

    def _has_room(self) -> bool:
        """Whether the disk has room for more results; without it, looks again later."""
        if not self._queue:
            return True
        has_room = self._reserve.has_room()
        if self.is_paused == has_room:
            LOG.error("the disk is nearly full: queued runs %s", "go on" if has_room else "wait for room")
        self.is_paused = not has_room
        if has_room:
            self._reserve.ensure()
        else:
            asyncio.get_running_loop().call_later(ROOM_AGAIN_S, self._start_next)
        return has_room

    def _taken(self) -> int:
        """Slots that are not free."""
        return len(self._processes) + len(self._starting)

    async def _begin(self, record: RunRecord) -> None:
        """Starts a run's process, off the event loop: a fork takes long on a busy machine."""
        folder = self._folders.staging(record.run_id)
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
        live = self._runs.find(record.run_id)
        if live is None or live.state.is_over or self.is_stopping:
            worker.end()
            return
        running = self._runs.change(replace(record, state=RunState.RUNNING, started_s=time.time()), keep=True)
        process = RunProcess(worker, running, folder)
        self._processes[record.run_id] = process
        loop = asyncio.get_running_loop()
        process.timer = loop.call_later(self._limits.wall_s, self._stop_overdue, process)
        loop.add_reader(worker.pipe.fileno(), self._receive, process)

    def _stop_overdue(self, process: RunProcess) -> None:
        """Ends a run that takes longer than any may."""
        process.overdue = True
        process.worker.process.kill()

    def _receive(self, process: RunProcess) -> None:
        """Takes what a process says, or that it is gone."""
        try:
            message = process.worker.pipe.recv()
        except (EOFError, OSError):
            message = None
        if isinstance(message, Progress):
            process.has_begun = True
            process.record = self._runs.change(progressed(process.record, message), keep=False)
            return
        asyncio.get_running_loop().remove_reader(process.worker.pipe.fileno())
        process.worker.pipe.close()
        if process.timer is not None:
            process.timer.cancel()
        del self._processes[process.record.run_id]
        self._end(process, message)
        self._freed()

    def _freed(self) -> None:
        """A slot may be free."""
        self._start_next()
        if not self._taken() and not self._keeping:
            self._empty.set()

    def _end(self, process: RunProcess, message: JobSucceeded | JobFailed | DiskFull | None) -> None:
        """Settles a run whose process is done, or gone."""
        if isinstance(message, JobSucceeded):
            self._keeping.add(process.record.run_id)
            self._in_background(self._keep(process, message.digest))
            return
        shutil.rmtree(process.folder, ignore_errors=True)
        if process.cancelled:
            self._runs.settle(process.record, RunState.CANCELLED, error="cancelled while it ran")
        elif isinstance(message, DiskFull):
            self._wait_for_room(process.record)
        elif isinstance(message, JobFailed):
            self._runs.settle(process.record, RunState.FAILED, error=message.error)
        elif process.overdue:
            self._runs.settle(process.record, RunState.FAILED, error=self._overdue_text(process.record))
        elif self.is_stopping:
            self._requeued(process.record)
        else:
            self._interrupted(process.record, PROCESS_DIED)

    def _overdue_text(self, record: RunRecord) -> str:
        """What is said of a run that took too long."""
        return (
            f"RESOURCE_EXHAUSTED: it ran for {self._limits.wall_s:g} s, longer than a run may; "
            f"it was to simulate about {record.request_count:,} requests"
        )

    def _requeued(self, record: RunRecord) -> RunRecord:
        """A run that ran waits again."""
        return self._runs.change(replace(record, state=RunState.QUEUED, started_s=None), keep=True)

    def _wait_for_room(self, record: RunRecord) -> None:
        """Lets a run whose results found no room wait, first of its tenant's, unless that came too often."""
        self._without_room[record.run_id] += 1
        if self._without_room[record.run_id] >= MOST_WITHOUT_ROOM:
            del self._without_room[record.run_id]
            text = f"RESOURCE_EXHAUSTED: {MOST_WITHOUT_ROOM} times the disk had no room for its results"
            self._runs.settle(record, RunState.FAILED, error=text)
            return
        again = self._requeued(record)
        asyncio.get_running_loop().call_later(ROOM_AGAIN_S, self._try_again, again)

    def _try_again(self, record: RunRecord) -> None:
        """Queues a run that waited for room, if it still waits."""
        live = self._runs.find(record.run_id)
        if live is not None and live.state is RunState.QUEUED:
            self._queue.put_back(live)
            self._start_next()

    async def _keep(self, process: RunProcess, digest: str) -> None:
        """Puts the results in their place, whole and on the disk, and says that the run succeeded."""
        run_id = process.record.run_id
        try:
            await asyncio.to_thread(self._folders.keep, process.folder, run_id)
        except OSError as error:
            shutil.rmtree(process.folder, ignore_errors=True)
            self._runs.settle(
                process.record, RunState.FAILED, error=f"the results cannot be kept: {error.strerror}"
            )
        else:
            done = replace(process.record, progress_ratio=1.0)
            self._runs.settle(done, RunState.SUCCEEDED, digest=digest)
        self._without_room.pop(run_id, None)
        self._keeping.discard(run_id)
        self._freed()

    async def wait_for_change(self, record: RunRecord) -> None:
        """Returns when a run is no longer as the record says, or the service ends."""
        await self._runs.wait_for_change(record, lambda: self.is_stopping)

    async def cancel(self, record: RunRecord) -> RunRecord:
        """Stops a run: at once where it waits, else politely, and by force two seconds later."""
        process = self._processes.get(record.run_id)
        if record.run_id in self._keeping:
            return self._runs.find(record.run_id) or record
        if process is None:
            self._queue.drop(record)
            written = self._runs.settle(record, RunState.CANCELLED, error="cancelled while it waited")
            stopped = self._runs.find(record.run_id)
            await written
            return stopped or record
        if not process.cancelled:
            process.cancelled = True
            self._stop_process(process)
        return process.record

    def _stop_process(self, process: RunProcess) -> None:
        """Asks a process to stop; one that has not begun is killed."""
        if process.has_begun:
            process.worker.interrupt()
            self._in_background(self._insist(process))
        else:
            process.worker.process.kill()

    async def _insist(self, process: RunProcess) -> None:
        """Kills what did not stop when asked."""
        await asyncio.sleep(POLITE_S)
        if process.worker.process.is_alive():
            process.worker.process.kill()

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        """Lets a coroutine run, held until it is done."""
        task = asyncio.ensure_future(work)
        self._timers.add(task)
        task.add_done_callback(self._timers.discard)

    async def stop(self) -> None:
        """Stops every process; what ran waits again, for the next server to take up."""
        self.is_stopping = True
        self._runs.notify_all()
        for process in self._processes.values():
            process.worker.process.kill()
        while self._taken() or self._keeping:
            self._empty.clear()
            await self._empty.wait()
        self._runs.notify_all()


def progressed(record: RunRecord, reached: Progress) -> RunRecord:
    """A record with progress."""
    return replace(
        record,
        progress_ratio=max(reached.ratio, record.progress_ratio),
        simulated_s=reached.simulated_s,
        arrived_count=reached.arrived_count,
    )
