"""A process that has imported LiteLLM and made no router: every router is hosted in a fork of it."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from multiprocessing.connection import Connection

from wayfare.litellm.hosted.serving import Host

LONGEST_MESSAGE_BYTES = 4096
READY = b"ready"


def serve_forks(control: socket.socket) -> None:
    """Forks a host for each message on `control` until it is closed.

    A message is the folder to work in, with the descriptors of the host's connection and of the file for
    what it prints; the answer is the fork's process id. Nothing but the main thread may run here: a fork
    has no other (`forbid_threads` sees to it).
    """
    host = Host()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(READY)
    while True:
        folder, descriptors, _flags, _address = socket.recv_fds(control, LONGEST_MESSAGE_BYTES, 2)
        if not folder:
            return
        process = os.fork()
        if not process:
            control.close()
            host_in_fork(host, os.fsdecode(folder), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(str(process).encode())


def host_in_fork(host: Host, folder: str, connection: int, words: int) -> None:
    """Hosts one router in this fork, then ends it."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.chdir(folder)
        os.dup2(words, 1)
        os.dup2(words, 2)
        host.answer(Connection(connection))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)
