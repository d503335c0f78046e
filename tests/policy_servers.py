"""Serves policies on loopback, one port each, for tests: `python policy_servers.py SPEC …`.

Prints one line `SPEC ADDRESS` for each; ends with its standard input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from functools import partial

import grpc

from router.registry import make_policy
from wayfare.policy_server import PolicyServicer
from wayfare.v1 import policy_pb2_grpc


class PolicyServers:
    """A process that serves policies."""

    def __init__(self, *specs: str) -> None:
        command = [sys.executable, __file__, *specs]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addresses = dict(self.process.stdout.readline().split() for _ in specs)

    def end(self) -> None:
        """Ends it, if it lives."""
        self.process.kill()
        self.process.communicate()


async def serve(specs: list[str]) -> None:
    """Serves until nobody listens."""
    servers = []
    for spec in specs:
        server = grpc.aio.server()
        servicer = PolicyServicer(partial(make_policy, spec))
        policy_pb2_grpc.add_PolicyServiceServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        servers.append(server)
        sys.stdout.write(f"{spec} grpc://127.0.0.1:{port}\n")
        sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
