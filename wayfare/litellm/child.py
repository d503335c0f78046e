"""The simulation's end of a hosted gateway: a process of its own, asked in lock-step over a pipe."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from wayfare.litellm.errors import HostedGatewayError
from wayfare.litellm.forker import Forker, can_fork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HOSTED = (sys.executable, "-m", "wayfare.litellm.hosted")
ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_MODE": "PRODUCTION",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}
"""All that the process knows of the environment, beside where programs and packages are."""
SHOWN_LINES = 15
PATIENCE_S = 5.0


class Process(Protocol):
    """A process that hosts, however it was started."""

    def wait(self, timeout_s: float) -> None:
        """Waits until it is over; kills it after the time given."""
        ...


class Child:
    """A child of this process."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        """Runs already."""
        self.popen = popen

    def wait(self, timeout_s: float) -> None:
        """Waits until it is over; kills it after the time given."""
        try:
            self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


class GatewayProcess:
    """A gateway in a process of its own; nothing happens in it but while it is asked."""

    def __init__(self, opening: Mapping[str, object], command: Sequence[str] | None = None) -> None:
        """Starts it and waits until it is ready; without a `command` as a fork, where there are forks.

        Raises:
            HostedGatewayError: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        self._folder = tempfile.TemporaryDirectory(prefix="wayfare-litellm-")
        self._words = (Path(self._folder.name) / "words").open("w+b")
        try:
            self._process = self._launched(command, theirs.fileno())
        except HostedGatewayError:
            self._release()
            raise
        finally:
            theirs.close()
        self._connection = Connection(ours.detach())
        try:
            self._exchange(opening)
        except HostedGatewayError:
            self.end()
            raise

    def ask(self, kind: str, request: int, now_s: float | None, **facts: object) -> dict[str, Any]:
        """What follows from a message: commands, and the request's next timer.

        Raises:
            HostedGatewayError: the gateway cannot go on.
        """
        return self._exchange({"kind": kind, "request": request, "now_s": now_s, **facts})

    def end(self) -> None:
        """Ends the process."""
        if self._connection.closed:
            return
        self._connection.close()
        self._process.wait(PATIENCE_S)
        self._release()

    def _launched(self, command: Sequence[str] | None, descriptor: int) -> Process:
        """The process: a fork, or one of its own where a command is given or nothing can be forked."""
        if command is None and can_fork:
            return forker().fork(self._folder.name, descriptor, self._words.fileno())
        return self._started(command or HOSTED, descriptor)

    def _release(self) -> None:
        """Lets go of the folder and the words."""
        self._words.close()
        self._folder.cleanup()

    def _started(self, command: Sequence[str], descriptor: int) -> Process:
        """A process of its own."""
        return Child(
            subprocess.Popen(  # noqa: S603  (our own module)
                (*command, str(descriptor)),
                pass_fds=(descriptor,),
                stdin=subprocess.DEVNULL,
                stdout=self._words,
                stderr=self._words,
                env=environment(),
                cwd=self._folder.name,
            )
        )

    def _exchange(self, message: Mapping[str, object]) -> dict[str, Any]:
        """The answer to a message."""
        try:
            self._connection.send_bytes(json.dumps(message).encode())
            reply = cast("dict[str, Any]", json.loads(self._connection.recv_bytes()))
        except (EOFError, OSError) as error:
            raise HostedGatewayError(f"the hosted gateway is gone:\n{self._last_words()}") from error
        if reply["fatal"]:
            raise HostedGatewayError(f"the hosted gateway cannot go on: {reply['fatal']}")
        return reply

    def _last_words(self) -> str:
        """The end of what the process printed."""
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-SHOWN_LINES:])


def environment() -> dict[str, str]:
    """The process's environment: no keys, no proxies, nothing of the user's but where things are."""
    packages = str(Path(__file__).resolve().parents[2])
    return {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": packages, **ENVIRONMENT}


_forkers: dict[int, Forker] = {}


def forker() -> Forker:
    """This process's own forker, started when it is first asked for; a fork of ours starts another."""
    ours = _forkers.get(os.getpid())
    if ours is None or not ours.is_alive():
        ours = _forkers[os.getpid()] = Forker(environment())
        atexit.register(ours.end)
    return ours
