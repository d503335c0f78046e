"""What the service promises when callers are many, late or greedy, and when a process of it breaks."""

import asyncio
import os
import signal
import threading
import time

import grpc
import pytest

from serving import LONG, SHORT, Service, descendants, fields_of, named_run, refused, running, yaml_run
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
