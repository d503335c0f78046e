"""Keeps a process in order: no network, no threads, no chance but the run's, no clock but the loop's."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK_EVENTS = frozenset(
    {
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
    }
)
"""Audit events of the network (docs.python.org/3/library/audit_events.html)."""
UUID_BITS = 128


class NetworkUsedError(RuntimeError):
    """Something tried to reach the network."""


def forbid_network(tell: Callable[[str], None]) -> None:
    """Refuses every use of the network, and tells of it: whoever tried may hide the refusal."""

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event in NETWORK_EVENTS:
            text = f"the network was used: {event} {arguments[-1]!r}"
            tell(text)
            raise NetworkUsedError(text)

    sys.addaudithook(refuse)


def forbid_threads() -> None:
    """Has executors and new threads do their work at once, in the thread that asks."""
    ThreadPoolExecutor.submit = submit_inline  # type: ignore[method-assign, assignment]
    threading.Thread.start = threading.Thread.run  # type: ignore[method-assign]


def submit_inline(
    _executor: ThreadPoolExecutor, /, fn: Callable[..., object], *args: object, **kwargs: object
) -> Future[object]:
    """The finished future of a function called now."""
    future: Future[object] = Future()
    try:
        future.set_result(fn(*args, **kwargs))
    except Exception as error:  # noqa: BLE001  (as an executor keeps it)
        future.set_exception(error)
    return future


class Chance:
    """Identifiers drawn from a seed, by a generator of their own: the module `random` is left alone."""

    def __init__(self) -> None:
        """Takes the place of `uuid4` everywhere; `begin` seeds it."""
        import fastuuid

        self._draws = Random(0)  # noqa: S311  (a simulation)
        uuid.uuid4 = fastuuid.uuid4 = self._drawn

    def begin(self, seed: int) -> None:
        """Begins anew, as the seed says."""
        self._draws.seed(seed)

    def _drawn(self) -> uuid.UUID:
        """The next identifier."""
        return uuid.UUID(int=self._draws.getrandbits(UUID_BITS), version=4)


class VirtualClock:
    """The monotonic clock, which follows a loop's; time-machine sets the others."""

    def __init__(self) -> None:
        """Takes the place of `time.monotonic`; stands at 0 until there is a loop."""
        self._now_s: Callable[[], float] = float
        time.monotonic = self._monotonic_s

    def follow(self, now_s: Callable[[], float]) -> None:
        """Shows a loop's time from now on."""
        self._now_s = now_s

    def _monotonic_s(self) -> float:
        """The time of the loop that is followed now."""
        return self._now_s()
