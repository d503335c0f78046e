"""Processes that do the work: forked from one that has all of it loaded, each with a pipe."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess

PRELOADED = "wayfare.service.forked"
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload([PRELOADED])


@dataclass(slots=True)
class ChildProcess:
    """A process and our end of its pipe."""

    process: ForkServerProcess
    pipe: Connection

    def interrupt(self) -> None:
        """Asks it to stop."""
        with suppress(ProcessLookupError):
            if self.process.pid is not None:
                os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        """Ends it at once, and our end of the pipe."""
        self.process.kill()
        self.pipe.close()


def start_process(work: Callable[..., None], *arguments: object) -> ChildProcess:
    """A process that calls `work` with its end of the pipe and the arguments.

    Raises:
        OSError: no process can be started.
    """
    ours, theirs = CONTEXT.Pipe()
    try:
        process = CONTEXT.Process(target=work, args=(theirs, *arguments), daemon=True)
        process.start()
    except (OSError, EOFError) as error:
        ours.close()
        message = f"no process can be started: {error}"
        raise OSError(message) from error
    finally:
        theirs.close()
    return ChildProcess(process, ours)


async def received(pipe: Connection) -> object:
    """The next message.

    Raises:
        EOFError: the process is gone.
        OSError: likewise.
    """
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(pipe.fileno(), wake, ready)
    try:
        await ready
    finally:
        loop.remove_reader(pipe.fileno())
    return pipe.recv()


def limit_memory(spare_bytes: int) -> None:
    """Lets this process take so much more memory and no more, where the system tells what it has."""
    sizes = Path("/proc/self/statm")
    if sizes.exists():
        held_bytes = int(sizes.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (held_bytes + spare_bytes, hard))


def wake(woken: asyncio.Future[None]) -> None:
    """Lets one who waits go on."""
    if not woken.done():
        woken.set_result(None)
