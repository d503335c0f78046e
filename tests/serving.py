"""A service to test: a real process on loopback, and what is asked of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from wayfare.v1 import simulation_pb2 as pb

LONG = ("duration=30d",)
SHORT = ("duration=10m",)
TOKENS = {"red": "red-secret-token-1", "blue": "blue-secret-token-1"}


def command(*words):
    """Runs `wayfare`; what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "wayfare", *map(str, words)], capture_output=True, text=True, check=False
    )


class Service:
    """`wayfare serve` on a folder, on any port; what it logs goes to `log`, if that is given."""

    def __init__(self, folder, *options, log=None):
        command = [sys.executable, "-m", "wayfare", "serve", "--grpc-address", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [*command, "--store", str(folder), *options], stdout=subprocess.PIPE, stderr=log, text=True
        )
        line = self.process.stdout.readline()
        self.address = line.split()[-1] if line else ""

    def end(self, number=signal.SIGTERM):
        """Ends it by a signal; its exit code."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        if not self.process.stdout.closed:
            self.process.stdout.close()
        return self.process.wait(timeout=60)

    def __enter__(self):
        """The service itself."""
        return self

    def __exit__(self, *error):
        """Ends it, whatever happened."""
        self.end(signal.SIGKILL if error[0] else signal.SIGTERM)

    def processes(self):
        """Ids of all its processes."""
        return {self.process.pid, *descendants(self.process.pid)}


def descendants(pid):
    """Ids of a process's children, and theirs."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in map(int, (task / "children").read_text().split()):
            found |= {child, *descendants(child)}
    return found


def written_tokens(folder):
    """A file of tenants and their tokens."""
    path = folder / "tokens.yaml"
    path.write_text("".join(f"{name}: {token}\n" for name, token in TOKENS.items()))
    return path


def refused(call):
    """The error a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def fields_of(error):
    """Violations by field."""
    details = error_details_pb2.BadRequest()
    for packed in rpc_status.from_call(error).details:
        packed.Unpack(details)
    return {violation.field: violation.description for violation in details.field_violations}


def yaml_run(text, **more):
    """A run of a scenario text."""
    return pb.CreateRunRequest(scenario_yaml=text, **more)


def named_run(name, **more):
    """A run of a shipped scenario."""
    return pb.CreateRunRequest(scenario_name=name, **more)


def running(client, **more):
    """A long run that has begun."""
    run = client.create(named_run("support-desk-diurnal", settings=LONG, **more))
    return next(change.run for change in client.watch(run.run_id) if change.run.state == pb.Run.STATE_RUNNING)
