"""The process's standard streams, whatever state the caller left them in."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

STREAMS = ("stdin", "stdout", "stderr")
MODES = ("r", "w", "w")


def repair_streams() -> tuple[int, ...]:
    """Lets closed streams lead nowhere, and letters that an encoding lacks be escaped.

    Of closed streams Python makes `None`, and the next file that is opened would take their place.
    Returns file descriptors that stand for stdout and stderr, whatever becomes of those.
    """
    for number, (name, mode) in enumerate(zip(STREAMS, MODES, strict=True)):
        if not is_open(number):
            os.open(os.devnull, os.O_RDWR)
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    return tuple(os.dup(number) for number in (1, 2))


def is_open(number: int) -> bool:
    """Whether a file descriptor stands for something."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def has_readers(number: int) -> bool:
    """Whether what is written to a file descriptor may still be read; of a pipe the system knows."""
    poll = select.poll()
    poll.register(number, 0)
    return not any(event & (select.POLLERR | select.POLLHUP) for _file, event in poll.poll(0))


def drop_unwritable() -> None:
    """Lets streams whose text cannot be written lead nowhere, so that nothing is said of it at the end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
