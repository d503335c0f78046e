"""What the service promises when callers are many, late, greedy or gone, and when things break."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import grpc
import pytest

from serving import LONG, SHORT, Service, descendants, fields_of, named_run, refused, yaml_run
from wayfare.client import AsyncClient, Client, RunFailedError
from wayfare.v1 import simulation_pb2 as pb

LIMITS = ("--slots", "1", "--most-runs", "12", "--most-requests", "8000000", "--most-trace-bytes", "100000",
          "--most-upload-bytes-per-hour", "250000")  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service with low limits for all tests that do not end it."""
    with Service(tmp_path_factory.mktemp("store"), *LIMITS) as made:
        yield made


@pytest.fixture
def client(service):
    """A client of it; what it leaves unfinished is cancelled."""
    with Client(service.address) as made:
        yield made
        for run in made.runs():
            made.cancel(run.run_id)
            list(made.watch(run.run_id))


def running(client, **more):
    """A long run that has begun."""
    run = client.create(named_run("support-desk-diurnal", settings=LONG, **more))
    return next(change.run for change in client.watch(run.run_id) if change.run.state == pb.Run.STATE_RUNNING)


def until(condition, patience_s=30.0):
    """Waits until something is so that the service does not tell of."""
    stop = time.monotonic() + patience_s
    while not condition() and time.monotonic() < stop:
        threading.Event().wait(0.02)
    return condition()


def test_duplicates_at_once_are_one_run(service, client):
    """A request id sent many times at the same moment makes one run."""

    async def create():
        async with AsyncClient(service.address) as many:
            request = named_run("frontier-only", settings=SHORT, request_id="at once")
            return await asyncio.gather(*(many.create(request) for _ in range(20)))

    found = {run.run_id for run in asyncio.run(create())}
    assert len(found) == 1
    assert [run.run_id for run in client.runs() if run.run_id in found] == list(found)


def test_a_request_id_stands_for_one_request(client):
    """The same request id with another request is refused, as a comparison as well."""
    run = client.create(named_run("frontier-only", settings=SHORT, request_id="one"))
    other = named_run("frontier-only", settings=SHORT, request_id="one", labels={"k": "v"})
    error = refused(lambda: client.create(other))
    assert error.code() is grpc.StatusCode.ALREADY_EXISTS
    assert run.run_id in error.details()
    other.ClearField("labels")
    request = pb.CreateComparisonRequest(run=other, policies=["cascade"], replications=2)
    assert refused(lambda: client.compare(request)).code() is grpc.StatusCode.ALREADY_EXISTS
    assert client.create(named_run("frontier-only", settings=SHORT, request_id="one")).run_id == run.run_id


@pytest.mark.parametrize(
    "request_",
    [
        pb.ListRunsRequest(page_size=-1),
        pb.ListRunsRequest(page_token="next"),  # noqa: S106  (no secret)
        pb.ListRunsRequest(page_token="9" * 5_000),
        pb.ListRunsRequest(states=[99]),
        pb.ListRunsRequest(labels={str(number): "" for number in range(100)}),
    ],
    ids=["size", "token", "long token", "state", "labels"],
)
def test_pages_that_cannot_be_are_refused(client, request_):
    """A negative size, foreign tokens, unknown states and too many labels are invalid."""
    assert refused(lambda: client.stub.ListRuns(request_)).code() is grpc.StatusCode.INVALID_ARGUMENT


def test_tenants_have_limits(client):
    """Unfinished runs, the requests they simulate and uploads are bounded, and each refusal says by what."""
    running(client)
    runs = [client.create(named_run("frontier-only", settings=SHORT)) for _ in range(11)]
    error = refused(lambda: client.create(named_run("frontier-only", settings=SHORT)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "may have 12" in error.details()
    for run in runs:
        client.cancel(run.run_id)
    greedy = named_run("frontier-only", settings=["duration=80d"])
    client.create(greedy)
    error = refused(lambda: client.create(greedy))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "may have 8,000,000" in error.details()
    assert client.create(named_run("frontier-only", settings=SHORT)).state == pb.Run.STATE_QUEUED


def test_uploads_have_limits(client):
    """A trace is bounded in size and a tenant in what it sends within an hour."""
    assert refused(lambda: client.upload(b"x" * 100_001)).code() is grpc.StatusCode.INVALID_ARGUMENT
    client.upload(b"x" * 99_999)
    error = refused(lambda: client.upload(b"x" * 99_999))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "an hour" in error.details()


def test_messages_have_limits(client):
    """A message beyond the limit is refused, and the connection goes on."""
    error = refused(lambda: client.create(yaml_run("x" * 17_000_000)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    error = refused(lambda: client.create(yaml_run("x" * 1_100_000)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "1,000,000" in error.details()


def test_many_faults_arrive(client):
    """Hundreds of faults fit into an answer: the first by field, the others counted."""
    text = "\n".join(f"unknown-{number}: {'x' * 100}" for number in range(500))
    fields = fields_of(refused(lambda: client.create(yaml_run(text))))
    assert len(fields) > 20
    assert fields[""].startswith("and ")


def test_deadlines_end_calls(client):
    """A watch ends at its deadline; the run goes on."""
    run = running(client)
    request = pb.WatchRunRequest(run_id=run.run_id, after_sequence=2**60)
    error = refused(lambda: list(client.stub.WatchRun(request, timeout=0.2)))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert client.stub.GetRun(pb.GetRunRequest(run_id=run.run_id)).state == pb.Run.STATE_RUNNING


def test_a_reader_that_goes_away_frees_its_process(service, client):
    """Records are read by a process that ends with its caller, in the middle of the stream too."""
    run = client.create(named_run("frontier-only"))
    client.report(run.run_id)
    before = service.processes()
    request = pb.StreamRequestRecordsRequest(run_id=run.run_id, batch_size=1)
    stream = client.stub.StreamRequestRecords(request)
    next(stream)
    assert service.processes() - before
    stream.cancel()
    assert until(lambda: not service.processes() - before)


def test_a_killed_worker_fails_its_run_only(service, client):
    """When a run's process is killed that run says so, or runs again where it asked; others go on."""
    for wants_rerun in (False, True):
        before = descendants(service.process.pid)
        settings = ("duration=1d",) if wants_rerun else LONG
        request = named_run("support-desk-diurnal", settings=settings, rerun_if_interrupted=wants_rerun)
        run = client.create(request)
        next(one for one in client.watch(run.run_id) if one.run.state == pb.Run.STATE_RUNNING)
        other = client.create(named_run("frontier-only", settings=SHORT))
        (worker,) = descendants(service.process.pid) - before
        os.kill(worker, signal.SIGKILL)
        if wants_rerun:
            states = [change.run.state for change in client.watch(run.run_id)]
            assert states[-1] == pb.Run.STATE_SUCCEEDED
        else:
            with pytest.raises(RunFailedError, match="its process was killed; submit it again"):
                client.report(run.run_id)
        assert client.report(other.run_id)["requests"]["arrived"] > 0


def test_a_killed_checker_is_replaced(service, client):
    """When the process that checks scenarios is killed, the next scenario is checked by another."""
    assert client.create(named_run("frontier-only", validate_only=True)).scenario == "frontier-only"
    forkserver = max(descendants(service.process.pid), key=lambda pid: len(descendants(pid)))
    (checker,) = descendants(forkserver)
    os.kill(checker, signal.SIGKILL)
    assert until(lambda: checker not in descendants(forkserver))
    assert client.create(named_run("frontier-only", validate_only=True)).scenario == "frontier-only"


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
    assert "copy from before" in done.stderr


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


def test_both_clients_do_the_same(service, client):
    """The client that awaits reports, lists, reads and forgets what the one that waits does."""
    run = client.create(named_run("frontier-only", settings=SHORT, labels={"both": "1"}))
    told = []

    async def use():
        async with AsyncClient(service.address) as awaiting:
            report = await awaiting.report(run.run_id, on_progress=told.append)
            records = [record async for record in awaiting.records(run.run_id)]
            listed = [one.run_id async for one in awaiting.runs({"both": "1"})]
            cancelled = await awaiting.cancel(run.run_id)
            await awaiting.delete(run.run_id)
            return report, records, listed, cancelled

    report, records, listed, cancelled = asyncio.run(use())
    assert told[-1] == 1.0
    assert report["requests"]["arrived"] == len(records)
    assert listed == [run.run_id]
    assert cancelled.state == pb.Run.STATE_SUCCEEDED
    assert list(client.runs({"both": "1"})) == []


def test_failed_runs_raise_in_both_clients(service, client):
    """A run without a report raises with its reason, waiting or awaiting."""
    run = running(client)
    client.cancel(run.run_id)

    async def report():
        async with AsyncClient(service.address) as awaiting:
            await awaiting.report(run.run_id)

    with pytest.raises(RunFailedError, match="cancelled"):
        asyncio.run(report())


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
