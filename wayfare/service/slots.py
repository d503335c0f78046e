"""Bounded slots and a fair queue: each run in a process of its own, tenants in turn."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import TYPE_CHECKING

from wayfare.service.job import Done, Failed, Job, Progress, idle, run_job
from wayfare.storage.store import RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path
    from typing import Protocol

    from wayfare.storage.store import RunStore

    class RunListener(Protocol):
        """Hears of every change of every run; must be quick and must not raise."""

        def run_changed(self, record: RunRecord) -> None:
            """A run stands so."""
            ...


POLITE_S = 2.0
INTERRUPTED = "the service ended while it ran; submit it again, or with rerun_if_interrupted"


@dataclass(slots=True)
class Child:
    """A running process."""

    process: ForkServerProcess
    pipe: Connection
    record: RunRecord
    folder: Path
    cancelled: bool = False


class Slots:
    """Runs what is submitted, at most `slots` at once; every change goes to store and listeners."""

    def __init__(
        self, store: RunStore, folder: Path, slots: int, listeners: Sequence[RunListener] = ()
    ) -> None:
        """Nothing runs."""
        self._store, self._folder, self._slots, self._listeners = store, folder, slots, listeners
        self._queues: OrderedDict[str, deque[RunRecord]] = OrderedDict()
        self._children: dict[str, Child] = {}
        self._live: dict[str, RunRecord] = {}
        self._changed = asyncio.Condition()
        self._stopping = False
        self._timers: set[asyncio.Task[None]] = set()
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["wayfare.service.forked"])

    async def start(self) -> None:
        """Warms the process that runs are forked from, and takes up what an earlier server left."""
        first = self._context.Process(target=idle, daemon=True)
        first.start()
        await asyncio.to_thread(first.join)
        for left in self._folder.glob(".staging-*"):
            shutil.rmtree(left, ignore_errors=True)
        for record in self._store.unfinished():
            self._resume(record)

    def _resume(self, record: RunRecord) -> None:
        """Queues what waited, settles what ran."""
        if record.state is RunState.QUEUED:
            self.submit(record)
        elif (self.results(record.run_id) / "digest").is_file():
            digest = (self.results(record.run_id) / "digest").read_text(encoding="utf-8")
            self._settle(record, RunState.SUCCEEDED, digest=digest)
        elif record.rerun_if_interrupted:
            self.submit(self._change(replace(record, state=RunState.QUEUED, started_s=None), keep=True))
        else:
            self._settle(record, RunState.FAILED, error=INTERRUPTED)

    def results(self, run_id: str) -> Path:
        """The folder of a run's results."""
        return self._folder / run_id

    def current(self, record: RunRecord) -> RunRecord:
        """A run as it stands, progress included."""
        return self._live.get(record.run_id, record)

    def submit(self, record: RunRecord) -> None:
        """Queues an accepted run."""
        self._live[record.run_id] = record
        for listener in self._listeners:
            listener.run_changed(record)
        self._queues.setdefault(record.tenant, deque()).append(record)
        self._pump()

    def _pump(self) -> None:
        """Starts runs while there are slots, a tenant after the other."""
        while self._queues and len(self._children) < self._slots and not self._stopping:
            tenant, queue = self._queues.popitem(last=False)
            record = queue.popleft()
            if queue:
                self._queues[tenant] = queue
            self._begin(record)

    def _begin(self, record: RunRecord) -> None:
        """Starts a run's process."""
        folder = self._folder / f".staging-{record.run_id}-{time.monotonic_ns()}"
        job = Job(
            scenario_json=record.scenario_json,
            policies=record.policies,
            replications=record.replications,
            confidence=record.confidence,
            folder=str(folder),
        )
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=run_job, args=(theirs, job), daemon=True)
        process.start()
        theirs.close()
        running = self._change(replace(record, state=RunState.RUNNING, started_s=time.time()), keep=True)
        child = Child(process, ours, running, folder)
        self._children[record.run_id] = child
        asyncio.get_running_loop().add_reader(ours.fileno(), self._hear, child)

    def _hear(self, child: Child) -> None:
        """Takes what a process says, or that it is gone."""
        try:
            message = child.pipe.recv()
        except (EOFError, OSError):
            message = Failed("the run's process died")
        if isinstance(message, Progress):
            child.record = self._change(progressed(child.record, message), keep=False)
            return
        asyncio.get_running_loop().remove_reader(child.pipe.fileno())
        child.pipe.close()
        del self._children[child.record.run_id]
        self._end(child, message)
        self._pump()

    def _end(self, child: Child, message: Done | Failed) -> None:
        """Settles a run whose process is done."""
        if isinstance(message, Done):
            self._keep(child, message.digest)
        elif self._stopping:
            shutil.rmtree(child.folder, ignore_errors=True)
            self._change(replace(child.record, state=RunState.QUEUED, started_s=None), keep=True)
        else:
            shutil.rmtree(child.folder, ignore_errors=True)
            state = RunState.CANCELLED if child.cancelled else RunState.FAILED
            error = "cancelled while it ran" if child.cancelled else message.error
            self._settle(child.record, state, error=error)

    def _keep(self, child: Child, digest: str) -> None:
        """Puts the results in their place, whole, and says that the run succeeded."""
        try:
            (child.folder / "digest").write_text(digest, encoding="utf-8")
            child.folder.rename(self.results(child.record.run_id))
        except OSError as error:
            self._settle(child.record, RunState.FAILED, error=f"the results cannot be kept: {error}")
            return
        done = replace(child.record, progress_ratio=1.0)
        self._settle(done, RunState.SUCCEEDED, digest=digest)

    def _settle(self, record: RunRecord, state: RunState, *, error: str = "", digest: str = "") -> None:
        """A run is over."""
        over = replace(record, state=state, error=error, digest=digest, finished_s=time.time())
        self._change(over, keep=True)
        self._live.pop(record.run_id, None)

    def _change(self, record: RunRecord, *, keep: bool) -> RunRecord:
        """The record with the next sequence number, told to whoever listens.

        Numbers are milliseconds of wall time, so that they grow across restarts as well.
        """
        changed = replace(record, sequence=max(record.sequence + 1, int(time.time() * 1e3)))
        self._live[record.run_id] = changed
        if keep:
            self._store.put(changed)
        for listener in self._listeners:
            listener.run_changed(changed)
        self._in_background(self._tell())
        return changed

    async def _tell(self) -> None:
        """Wakes whoever waits for a change."""
        async with self._changed:
            self._changed.notify_all()

    async def wait_for_change(self, record: RunRecord) -> None:
        """Returns when a run is no longer as the record says."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._differs(record) or self._stopping)

    def _differs(self, record: RunRecord) -> bool:
        """Whether a run has changed."""
        live = self._live.get(record.run_id)
        return live is None or live.sequence != record.sequence

    def cancel(self, record: RunRecord) -> RunRecord:
        """Stops a run: at once where it waits, else politely, and by force two seconds later."""
        child = self._children.get(record.run_id)
        if child is None:
            return self._cancel_waiting(record)
        if not child.cancelled:
            child.cancelled = True
            interrupt(child.process)
            self._in_background(self._insist(child))
        return child.record

    def _cancel_waiting(self, record: RunRecord) -> RunRecord:
        """Takes a run out of the queue."""
        queue = self._queues.get(record.tenant, deque())
        for waiting in queue:
            if waiting.run_id == record.run_id:
                queue.remove(waiting)
                break
        if not queue:
            self._queues.pop(record.tenant, None)
        self._settle(record, RunState.CANCELLED, error="cancelled while it waited")
        return self._store.get(record.run_id) or record

    async def _insist(self, child: Child) -> None:
        """Kills what did not stop when asked."""
        await asyncio.sleep(POLITE_S)
        if child.process.is_alive():
            child.process.kill()

    def _in_background(self, work: object) -> None:
        """Lets a coroutine run, held until it is done."""
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._timers.add(task)
        task.add_done_callback(self._timers.discard)

    async def stop(self) -> None:
        """Stops every process; what ran waits again, for the next server to take up."""
        self._stopping = True
        for child in self._children.values():
            child.process.kill()
        async with self._changed:
            await self._changed.wait_for(lambda: not self._children)
            self._changed.notify_all()


def progressed(record: RunRecord, said: Progress) -> RunRecord:
    """A record with progress."""
    return replace(
        record,
        progress_ratio=max(said.ratio, record.progress_ratio),
        simulated_s=said.simulated_s,
        arrived_count=said.arrived_count,
    )


def interrupt(process: ForkServerProcess) -> None:
    """Asks a process to stop."""
    with suppress(ProcessLookupError):
        if process.pid is not None:
            os.kill(process.pid, signal.SIGINT)
