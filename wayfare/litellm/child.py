"""The simulation's end of a hosted gateway: a process of its own, asked in lock-step over a pipe."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from wayfare.litellm.errors import HostedGatewayError

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


class GatewayProcess:
    """A gateway in a process of its own; nothing happens in it but while it is asked."""

    def __init__(self, opening: Mapping[str, object], command: Sequence[str] = HOSTED) -> None:
        """Starts it and waits until it is ready.

        Raises:
            HostedGatewayError: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        self._folder = tempfile.TemporaryDirectory(prefix="wayfare-litellm-")
        self._words = (Path(self._folder.name) / "words").open("w+b")
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            (*command, str(theirs.fileno())),
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=self._words,
            stderr=self._words,
            env=environment(),
            cwd=self._folder.name,
        )
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
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()
        self._folder.cleanup()

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
