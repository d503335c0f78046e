"""Hosts one router: `python -m wayfare.litellm.hosted FILENO`, with `--forks` one in each fork."""

from __future__ import annotations

import random
import socket
import sys
from multiprocessing.connection import Connection

from wayfare.litellm.hosted.forks import serve_forks
from wayfare.litellm.hosted.serving import Host

FORKS = "--forks"


def main() -> None:
    """Does what the arguments say."""
    number = int(sys.argv[1])
    if FORKS in sys.argv:
        serve_forks(socket.socket(fileno=number))
    else:
        Host().answer(Connection(number))


if __name__ == "__main__":
    random.seed(0)
    main()
