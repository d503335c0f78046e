"""Hosts a router until the simulation hangs up: `python -m wayfare.litellm.hosted FILENO`."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from multiprocessing.connection import Connection
from traceback import format_exc

import time_machine

from wayfare.litellm.hosted.gateway import Gateway
from wayfare.litellm.hosted.order import control_chance, control_clock, forbid_network, forbid_threads
from wayfare.litellm.hosted.virtual_loop import VirtualLoop


def main() -> None:
    """Reads the opening, then answers messages one by one; what is wrong is said, not raised."""
    connection = Connection(int(sys.argv[1]))
    try:
        serve(connection)
    except EOFError:
        return
    except Exception:  # noqa: BLE001  (told to the simulation, which fails the run)
        connection.send_bytes(json.dumps({"fatal": format_exc()}).encode())


def serve(connection: Connection) -> None:
    """Hosts one router.

    Raises:
        EOFError: the simulation hung up.
    """
    opening = json.loads(connection.recv_bytes())
    told: list[str] = []
    forbid_network(told.append)
    control_chance(opening["seed"])
    epoch_s = opening["epoch_s"]
    with time_machine.travel(epoch_s, tick=False) as traveller:
        loop = VirtualLoop(lambda now_s: traveller.move_to(epoch_s + now_s))
        asyncio.set_event_loop(loop)
        control_clock(loop.time)
        forbid_threads()
        gateway = loop.run_until_complete(made(loop, opening))
        connection.send_bytes(json.dumps({"fatal": "".join(told)}).encode())
        while True:
            reply = gateway.act(json.loads(connection.recv_bytes()))
            reply["fatal"] = reply["fatal"] or "\n".join(told)
            connection.send_bytes(json.dumps(reply).encode())


async def made(loop: VirtualLoop, opening: dict[str, object]) -> Gateway:
    """The gateway, made inside its running loop."""
    return Gateway(loop, opening)


if __name__ == "__main__":
    random.seed(0)
    main()
