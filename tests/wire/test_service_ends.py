"""What stays when a service ends, starts again, has no room, or has lost its callers."""

import subprocess
import sys
import threading

import grpc
import pytest

from serving import SHORT, Service, named_run, refused, running, yaml_run
from wayfare.client import Client
from wayfare.v1 import simulation_pb2 as pb


def test_a_service_that_ends_tells_its_watchers(tmp_path):
    """At SIGTERM open watches end UNAVAILABLE with where to go on; what ran and waited runs at the next
    start, and a client that watches does not notice.
    """  # fmt: skip
    with Service(tmp_path, "--slots", "1") as service, Client(service.address) as client:
        busy = client.create(named_run("support-desk-diurnal", settings=("duration=1d",)))
        next(one for one in client.watch(busy.run_id) if one.run.state == pb.Run.STATE_RUNNING)
        waiting = client.create(named_run("frontier-only", settings=SHORT))
        stream = client.stub.WatchRun(pb.WatchRunRequest(run_id=waiting.run_id))
        seen = next(stream).run.sequence
        assert service.end() == 0
        error = refused(lambda: list(stream))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert f"after_sequence {seen}" in error.details()
    with Service(tmp_path) as service, Client(service.address) as client:
        request = pb.WatchRunRequest(run_id=waiting.run_id, after_sequence=seen)
        assert list(client.stub.WatchRun(request))[-1].run.state == pb.Run.STATE_SUCCEEDED
        assert client.report(busy.run_id)["requests"]["arrived"] > 0
        command = [sys.executable, "-m", "wayfare", "serve", "--store", str(tmp_path)]
        other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert other.returncode == 2
    assert "another server works on" in other.stderr


def test_a_damaged_store_is_not_served(tmp_path):
    """A service whose store is damaged ends at once and says what to do."""
    (tmp_path / "runs.sqlite").write_bytes(b"\xa5" * 50_000)
    command = [sys.executable, "-m", "wayfare", "serve", "--grpc-address", "127.0.0.1:0"]
    done = subprocess.run([*command, "--store", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is damaged" in done.stderr
    assert "restore a backup" in done.stderr


def test_options_come_from_a_file(tmp_path):
    """`--config` gives options; one that does not exist is named."""
    config = tmp_path / "serve.yaml"
    config.write_text("slots: 3\nmost-runs: 7\nspeed: 9\n")
    done = subprocess.run(
        [sys.executable, "-m", "wayfare", "serve", "--config", str(config)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "speed; a map of options is needed" in done.stderr


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount here: a full disk is not tested")
    if done.returncode:
        pytest.skip(f"may not mount a small disk, so a full one is not tested: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607  (as mount)


def test_a_full_disk_loses_no_accepted_run(small_disk):
    """On a full disk new runs are refused and accepted ones wait; what is over can be deleted, and all
    that was accepted succeeds when there is room.
    """  # fmt: skip
    config = small_disk.parent / "serve.yaml"
    config.write_text("slots: 1\n")
    options = ("--config", str(config))
    with Service(small_disk, *options) as service, Client(service.address) as client:
        first = client.create(named_run("frontier-only", settings=SHORT))
        client.report(first.run_id)
        busy = running(client).run_id
        accepted = [client.create(named_run("frontier-only", settings=SHORT)).run_id for _ in range(3)]
        fill(small_disk / "filler")
        error = refused(lambda: client.create(named_run("frontier-only", settings=SHORT)))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "full" in error.details()
        digest = client.report(first.run_id)["digest"]
        client.delete(first.run_id)
        client.cancel(busy)
        fill(small_disk / "more")
        assert {client.stub.GetRun(pb.GetRunRequest(run_id=one)).state for one in accepted} == QUEUED
        (small_disk / "filler").unlink()
        assert {client.report(run_id)["digest"] for run_id in accepted} == {digest}
        assert {run.run_id for run in client.runs()} == {busy, *accepted}
        assert service.end() == 0


def test_a_service_restarts_on_a_full_disk(small_disk):
    """Asked to end and started again while the disk is full, it knows every run, and runs them later."""
    with Service(small_disk, "--slots", "1") as service, Client(service.address) as client:
        busy = running(client).run_id
        waiting = [client.create(named_run("frontier-only", settings=SHORT)).run_id for _ in range(3)]
        fill(small_disk / "filler")
        assert service.end() == 0
    fill(small_disk / "more")
    with Service(small_disk, "--slots", "1") as service, Client(service.address) as client:
        states = {run.run_id: run.state for run in client.runs()}
        assert states == dict.fromkeys((busy, *waiting), pb.Run.STATE_QUEUED)
        client.cancel(busy)
        (small_disk / "filler").unlink()
        assert all(client.report(run_id)["requests"]["arrived"] for run_id in waiting)
        assert service.end() == 0


QUEUED = {pb.Run.STATE_QUEUED}


def fill(path):
    """Writes until there is no room."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


GONE = """
import os, sys, grpc
from wayfare.v1 import simulation_pb2 as pb, simulation_pb2_grpc
stub = simulation_pb2_grpc.SimulationServiceStub(grpc.insecure_channel(sys.argv[1]))
next(iter(stub.StreamRequestRecords(pb.StreamRequestRecordsRequest(run_id=sys.argv[2], batch_size=1))))
next(iter(stub.WatchRun(pb.WatchRunRequest(run_id=sys.argv[3]))))
stub.CreateRun.future(pb.CreateRunRequest(scenario_name="black-friday", validate_only=True))
os._exit(1)
"""
"""A program that dies while two streams and a call are open."""


def test_clients_that_go_away_leave_no_traceback(tmp_path):
    """Cancelled, late and dead clients leave nothing in the service's log."""
    log = tmp_path / "log.txt"
    with log.open("w") as file, Service(tmp_path / "store", log=file) as made, Client(made.address) as client:
        done = client.create(named_run("frontier-only", settings=SHORT)).run_id
        client.report(done)
        long = running(client).run_id
        died = subprocess.run([sys.executable, "-c", GONE, made.address, done, long], check=False)
        assert died.returncode == 1
        for delay_s in (0.0, 0.001, 0.003, 0.01):
            faulty = client.stub.CreateRun.future(yaml_run("name: x"), timeout=delay_s or None)
            threading.Event().wait(delay_s)
            faulty.cancel()
            wanted = pb.StreamRequestRecordsRequest(run_id=done, batch_size=1)
            records = client.stub.StreamRequestRecords(wanted)
            next(iter(records))
            records.cancel()
        client.cancel(long)
    assert log.read_text() == ""
