"""Forks of a process that has imported LiteLLM: a gateway starts in a fraction of a second (Linux)."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from wayfare.litellm.errors import HostedGatewayError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORKING = (sys.executable, "-m", "wayfare.litellm.hosted")
LONGEST_MESSAGE_BYTES = 64
can_fork = sys.platform == "linux"
"""Whether gateways are forked here; elsewhere each is a process that imports LiteLLM itself."""


class Fork:
    """A forked process, which is not our child: known by its descriptor."""

    def __init__(self, process: int) -> None:
        """The process of that number, which may be over."""
        self._descriptor: int | None = None
        with suppress(ProcessLookupError):
            self._descriptor = os.pidfd_open(process)

    def wait(self, timeout_s: float) -> None:
        """Waits until it is over; kills it after the time given."""
        if self._descriptor is None:
            return
        if not select.select([self._descriptor], [], [], timeout_s)[0]:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            select.select([self._descriptor], [], [])
        os.close(self._descriptor)
        self._descriptor = None


class Forker:
    """The process that forks; it ends when this one does, or closes it."""

    def __init__(self, environment: Mapping[str, str], command: Sequence[str] = FORKING) -> None:
        """Starts it; LiteLLM is imported while this process goes on."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the process)
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            (*command, str(theirs.fileno()), "--forks"),
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=self._words,
            stderr=self._words,
            env=environment,
            cwd="/",
        )
        theirs.close()
        self._is_ready = False

    def fork(self, folder: str, connection: int, words: int) -> Fork:
        """A fork that hosts a gateway at the other end of a connection, with its words in a file.

        Raises:
            HostedGatewayError: the process that forks is gone.
        """
        try:
            self._is_ready = self._is_ready or bool(self._answer())
            socket.send_fds(self._control, [os.fsencode(folder)], [connection, words])
            return Fork(int(self._answer()))
        except OSError as error:
            raise HostedGatewayError(f"LiteLLM cannot be hosted:\n{self._last_words()}") from error

    def is_alive(self) -> bool:
        """Whether it can still fork."""
        return self._process.poll() is None

    def end(self) -> None:
        """Ends it; forks go on."""
        self._control.close()
        self._process.wait()
        self._words.close()

    def _answer(self) -> bytes:
        """The next answer; raises `EOFError`'s kind where there is none."""
        answer = self._control.recv(LONGEST_MESSAGE_BYTES)
        if not answer:
            raise ConnectionResetError("the process that forks is gone")
        return answer

    def _last_words(self) -> str:
        """What the process printed."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")[-2000:]
