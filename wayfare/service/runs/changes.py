"""Who waits for which run to change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wayfare.service.processes import wake

if TYPE_CHECKING:
    from collections.abc import Callable


AT_ONCE = 4
PAUSE_S = 0.004


class ChangeNotifier:
    """Wakes those who wait for a run, and only those."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    async def wait(self, run_id: str, has_come: Callable[[], bool]) -> None:
        """Returns when it has come; looks again whenever the run changes."""
        while not has_come():
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(run_id, set()).add(waiter)
            try:
                await waiter
            finally:
                self._forget(run_id, waiter)

    def _forget(self, run_id: str, waiter: asyncio.Future[None]) -> None:
        """Drops one who waits no more."""
        left = self._waiting.get(run_id, set())
        left.discard(waiter)
        if not left:
            self._waiting.pop(run_id, None)

    def notify(self, run_id: str) -> None:
        """A run changed; many who wait are woken a few at a time, so that other calls come between."""
        for number, waiter in enumerate(self._waiting.get(run_id, ())):
            if number < AT_ONCE:
                wake(waiter)
            else:
                waiter.get_loop().call_later(number // AT_ONCE * PAUSE_S, wake, waiter)

    def notify_all(self) -> None:
        """Something changed for all who wait."""
        for run_id in list(self._waiting):
            self.notify(run_id)

    def waiting_count(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))
