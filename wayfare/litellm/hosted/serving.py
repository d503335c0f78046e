"""Hosts one router in this process: prepares what LiteLLM is imported under, then answers messages."""

from __future__ import annotations

import asyncio
import json
from traceback import format_exc
from typing import TYPE_CHECKING

import time_machine

from wayfare.litellm.hosted.order import Chance, VirtualClock, forbid_network, forbid_threads
from wayfare.litellm.hosted.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from wayfare.litellm.hosted.gateway import Gateway

PREPARED_S = 1_800_000_000.0
"""Unix time under which LiteLLM is imported: no run's own, so that nothing depends on when it was."""


class Host:
    """A process that is in order: no network, no threads, its own clock and chance; LiteLLM imported."""

    def __init__(self) -> None:
        """Puts the process in order for good, then imports."""
        self._told: list[str] = []
        forbid_network(self._told.append)
        forbid_threads()
        self._chance, self._clock = Chance(), VirtualClock()
        with time_machine.travel(PREPARED_S, tick=False):
            import litellm  # noqa: F401  (the import is what takes long)

            from wayfare.litellm.hosted import gateway  # noqa: F401  (as above)

    def answer(self, connection: Connection) -> None:
        """Hosts one router until the simulation hangs up; what is wrong is said, not raised."""
        try:
            self._serve(connection)
        except EOFError:
            return
        except Exception:  # noqa: BLE001  (told to the simulation, which fails the run)
            connection.send_bytes(json.dumps({"fatal": format_exc()}).encode())

    def _serve(self, connection: Connection) -> None:
        """Hosts one router.

        Raises:
            EOFError: the simulation hung up.
        """
        opening = json.loads(connection.recv_bytes())
        self._chance.begin(opening["seed"])
        epoch_s = opening["epoch_s"]
        with time_machine.travel(epoch_s, tick=False) as traveller:
            loop = VirtualLoop(lambda now_s: traveller.move_to(epoch_s + now_s))
            asyncio.set_event_loop(loop)
            self._clock.follow(loop.time)
            gateway = loop.run_until_complete(made(loop, opening))
            connection.send_bytes(json.dumps({"fatal": "".join(self._told)}).encode())
            while True:
                reply = gateway.act(json.loads(connection.recv_bytes()))
                reply["fatal"] = reply["fatal"] or "\n".join(self._told)
                connection.send_bytes(json.dumps(reply).encode())


async def made(loop: VirtualLoop, opening: dict[str, object]) -> Gateway:
    """The gateway, made inside its running loop."""
    from wayfare.litellm.hosted.gateway import Gateway

    return Gateway(loop, opening)
