"""Processes that run replications: they end with their parent, and never run the caller's script."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerContext, ForkServerProcess
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.popen_forkserver import Popen

PRELOADED = "simulator.experiment.comparison"
"""What the process that workers are forked from imports once."""


class PoolProcess(ForkServerProcess):
    """A process that does not import the caller's script.

    Others do, to find what it defines. Nothing of ours is defined there, and a script that calls
    `compare` without a main guard would start over in every process.
    """

    @staticmethod
    def _Popen(process_obj: PoolProcess) -> Popen:  # type: ignore[override]  # noqa: N802  (the standard library's name)
        """Starts the process."""
        with script_hidden():
            return ForkServerProcess._Popen(process_obj)  # noqa: SLF001  (what this takes the place of)


class WorkerContext(ForkServerContext):
    """Makes such processes."""

    Process: ClassVar[type[PoolProcess]] = PoolProcess


@contextmanager
def script_hidden() -> Iterator[None]:
    """Has an empty module in the place of the caller's script."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def worker_pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """So many workers. Where an error, or an interrupt, ends the block they are ended at once."""
    context = WorkerContext()
    context.set_forkserver_preload([PRELOADED])
    theirs, ours = context.Pipe(duplex=False)
    with theirs, ours:
        pool = ProcessPoolExecutor(count, context, initializer=live_by, initargs=(theirs,))
        try:
            yield pool
        except BaseException:  # an interrupt too: a busy worker has to end before the pool waits for it
            ours.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def live_by(lifeline: Connection) -> None:
    """Lets this process live as long as the other end of the pipe is open; a Ctrl-C is not for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=end_after, args=(lifeline,), daemon=True).start()


def end_after(lifeline: Connection) -> None:
    """Ends this process when the pipe's other end is closed, by hand or by the death of who held it."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)
