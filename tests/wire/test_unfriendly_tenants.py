"""What one tenant may do to others: nothing. A real service, a greedy tenant and a patient one."""

import subprocess
import threading

import grpc
import numpy as np
import pytest

from serving import SHORT, TOKENS, Service, fields_of, named_run, refused, written_tokens
from wayfare.client import Client
from wayfare.service.rpc.errors import shown
from wayfare.service.runs.windows import has_pages, page_at, write_windows
from wayfare.v1 import simulation_pb2 as pb

LOW = (
    "--most-watches",
    "3",
    "--most-record-streams",
    "3",
    "--most-open-uploads",
    "2",
    "--stream-patience",
    "1s",
)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service with low limits for all tests."""
    folder = tmp_path_factory.mktemp("unfriendly")
    with Service(folder / "store", "--tokens", str(written_tokens(folder)), *LOW) as made:
        yield made
        assert made.end() == 0


@pytest.fixture
def red(service):
    """The greedy tenant's client."""
    with Client(service.address, token=TOKENS["red"]) as made:
        yield made


@pytest.fixture
def blue(service):
    """The other tenant's."""
    with Client(service.address, token=TOKENS["blue"]) as made:
        yield made


def records(client, run_id):
    """A stream of records of which nobody takes more than the first message."""
    request = pb.StreamRequestRecordsRequest(run_id=run_id, batch_size=500)
    stream = client.stub.StreamRequestRecords(request, metadata=client._metadata)
    next(iter(stream))
    return stream


def drained(stream):
    """What is left of a stream."""
    return list(stream)


def finished(client, *settings):
    """A run that has succeeded."""
    run = client.create(named_run("support-desk-diurnal", settings=["duration=36h", *settings]))
    client.report(run.run_id)
    return run.run_id


def test_tenants_see_their_own(service, red, blue):
    """A tenant's runs do not exist for another; without a token nothing is even read, whatever it is."""
    with Client(service.address) as nobody:
        run = red.create(named_run("frontier-only", settings=SHORT))
        assert refused(lambda: next(blue.watch(run.run_id))).code() is grpc.StatusCode.NOT_FOUND
        assert refused(nobody.create).code() is grpc.StatusCode.UNAUTHENTICATED
        noise = nobody._channel.unary_unary("/wayfare.v1.SimulationService/CreateRun")
        assert refused(lambda: noise(b"\xff" * 1_000)).code() is grpc.StatusCode.UNAUTHENTICATED
        known = (("authorization", f"bearer {TOKENS['red']}"),)
        assert refused(lambda: noise(b"\xff", metadata=known)).code() is grpc.StatusCode.INVALID_ARGUMENT
        assert red.report(run.run_id)["requests"]["arrived"] > 0


def test_stalled_readers_are_ended_and_block_nobody(red, blue):
    """A tenant's readers that take nothing leave room for others, may not be many, and are ended."""
    mine, theirs = finished(red), finished(blue)
    stalled = [records(red, mine) for _ in range(2)]
    waiting = red.stub.StreamRequestRecords(
        pb.StreamRequestRecordsRequest(run_id=mine), metadata=red._metadata
    )
    threading.Event().wait(0.3)
    assert refused(lambda: records(red, mine)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(list(blue.records(theirs))) > 1_000
    assert sum(len(batch.records) for batch in waiting) > 1_000
    error = refused(lambda: [drained(stream) for stream in stalled])
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "nothing was taken from this stream for 1 s" in error.details()


def test_stalled_uploads_are_ended(red):
    """An upload whose next piece does not come is refused, and so are too many at once."""
    over = threading.Event()

    def stalling():
        yield pb.UploadTraceRequest(chunk=b"arrival_s\n")
        over.wait(20.0)

    def begun():
        return red.stub.UploadTrace.future(stalling(), metadata=red._metadata)

    calls = [begun(), begun()]
    threading.Event().wait(0.3)
    assert refused(begun().result).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert {refused(call.result).code() for call in calls} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    over.set()
    assert red.upload(b"arrival_s,input_tokens,output_tokens\n0,1,1\n").startswith("uploads/")


def test_watches_are_bounded(red, blue):
    """A tenant watches so many runs at once; another tenant's watching goes on."""
    long = red.create(named_run("support-desk-diurnal", settings=["duration=30d"])).run_id
    watching = [
        iter(red.stub.WatchRun(pb.WatchRunRequest(run_id=long), metadata=red._metadata)) for _ in "abc"
    ]
    for stream in watching:
        next(stream)
    one_more = red.stub.WatchRun(pb.WatchRunRequest(run_id=long), metadata=red._metadata)
    assert refused(lambda: next(one_more)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert blue.report(blue.create(named_run("frontier-only", settings=SHORT)).run_id)["requests"]["arrived"]
    red.cancel(long)


def test_windows_come_in_pages(red):
    """However many windows a run has, no message is large, and together they are the run's timeline."""
    run = red.create(named_run("frontier-only", settings=["duration=2h", "telemetry.step=1s"]))
    heard = list(red.watch(run.run_id))
    pages = [change for change in heard if change.windows]
    assert {page.run.state for page in pages} == {pb.Run.STATE_RUNNING}
    assert heard[-1].run.state == pb.Run.STATE_SUCCEEDED
    assert all(page.ByteSize() <= 70_000 for page in pages)
    windows = [window for page in pages for window in page.windows]
    assert [window.begin_s for window in windows] == [float(second) for second in range(7_200 + 1)][
        : len(windows)
    ]
    assert len(windows) >= 7_200
    arrived = sum(window.figures["arrivals"] for window in windows)
    assert arrived == red.report(run.run_id)["requests"]["arrived"]


def test_pages_hold_what_was_written(tmp_path):
    """Names of any length and all numbers come back from the pages, in order."""
    columns = {
        "t_s": np.arange(5_000.0),
        "a": np.linspace(-1e300, 1e300, 5_000),
        "queue_length/" + "x" * 200: np.where(np.arange(5_000) % 7, 0.0, np.inf),
    }
    write_windows(columns, tmp_path)
    assert has_pages(tmp_path)
    found, offset = [], 0
    while True:
        page, offset = page_at(tmp_path, offset)
        if not page:
            break
        found += pb.WatchRunResponse.FromString(page).windows
    assert [window.begin_s for window in found] == columns["t_s"].tolist()
    for name in list(columns)[1:]:
        assert [window.figures[name] for window in found] == columns[name].tolist()


def test_pages_that_are_cut_short_are_told(tmp_path):
    """A file of pages that ends within a page is an error, not an end."""
    write_windows({"t_s": np.arange(9.0)}, tmp_path)
    file = tmp_path / "windows.pb"
    file.write_bytes(file.read_bytes()[:5])
    with pytest.raises(OSError, match="cut short"):
        page_at(tmp_path, 0)


def test_pages_of_runs_are_bounded_in_bytes(red):
    """Runs with large labels come in pages of about a megabyte, all of them in the end."""
    labels = {f"k{number:03}": "x" * 250 for number in range(60)}
    made = [red.create(named_run("frontier-only", settings=SHORT, labels=labels)).run_id for _ in range(80)]
    request = pb.ListRunsRequest(page_size=500, labels={"k000": "x" * 250})
    page = red.stub.ListRuns(request, metadata=red._metadata)
    assert page.ByteSize() < 1_100_000
    assert 0 < len(page.runs) < 80
    assert [run.run_id for run in red.runs({"k000": "x" * 250})] == made[::-1]
    for run_id in made:
        red.cancel(run_id)


def test_page_tokens_tell_nothing_of_other_tenants(red, blue):
    """What a page's token says does not depend on how many runs others have."""
    red.create(named_run("frontier-only", settings=SHORT))
    mine = [blue.create(named_run("frontier-only", settings=SHORT, labels={"mine": "1"})) for _ in range(2)]
    request = pb.ListRunsRequest(page_size=1, labels={"mine": "1"})
    token = blue.stub.ListRuns(request, metadata=blue._metadata).next_page_token
    assert int(token) <= len(list(blue.runs()))
    assert len(mine) == 2


def test_large_messages_of_decisions_let_others_through(red, blue):
    """While a thousand entries are decided, another tenant's calls are answered."""
    from wayfare.v1 import routing_pb2, routing_pb2_grpc

    stub = routing_pb2_grpc.RoutingServiceStub(red._channel)
    router = stub.CreateRouter(
        routing_pb2.CreateRouterRequest(scenario_name="frontier-only"), metadata=red._metadata
    )
    entry = routing_pb2.DecideStreamRequest.Entry
    decide = routing_pb2.DecideRequest(router_id=router.router_id, stream=router.streams[0])
    message = routing_pb2.DecideStreamRequest(entries=[entry(decide=decide)] * 1_000)
    run = blue.create(named_run("frontier-only", settings=SHORT)).run_id
    blue.report(run)
    answers = stub.DecideStream(iter([message] * 5), metadata=red._metadata)
    busy = threading.Thread(target=drained, args=(answers,))
    busy.start()
    count = 0
    while busy.is_alive():
        blue.stub.GetRun(pb.GetRunRequest(run_id=run), metadata=blue._metadata)
        count += 1
    assert count > 20


def test_a_tenant_leaves_a_slot_to_others(red, blue):
    """A tenant's endless runs hold all slots but one; another tenant's run begins at once and ends."""
    endless = [red.create(named_run("support-desk-diurnal", settings=["duration=30d"])).run_id for _ in "abc"]
    first = next(one for one in red.watch(endless[0]) if one.run.state == pb.Run.STATE_RUNNING)
    assert blue.report(blue.create(named_run("frontier-only", settings=SHORT)).run_id)["requests"]["arrived"]
    others = [red.stub.GetRun(pb.GetRunRequest(run_id=one), metadata=red._metadata) for one in endless[1:]]
    assert {run.state for run in others} == {pb.Run.STATE_QUEUED}
    assert first.run.run_id == endless[0]
    for one in reversed(endless):
        red.cancel(one)


@pytest.mark.parametrize(
    ("limit", "duration", "text"),
    [
        (("--most-run-time", "1s"), "30d", "it ran for 1 s, longer than a run may; it was to simulate about"),
        (("--most-run-bytes", "60000000"), "24h", "the run needs more memory than 60,000,000 bytes"),
    ],
)
def test_runs_are_limited_in_time_and_memory(tmp_path, limit, duration, text):
    """A run that takes too long or too much has failed and says so; the service goes on."""
    with Service(tmp_path, *limit) as made, Client(made.address) as client:
        run = client.create(named_run("support-desk-diurnal", settings=[f"duration={duration}"]))
        ended = list(client.watch(run.run_id))[-1].run
        assert ended.state == pb.Run.STATE_FAILED
        assert ended.error.startswith("RESOURCE_EXHAUSTED: ")
        assert text in ended.error
        assert list(client.runs())


def test_results_that_are_gone_or_damaged_are_told_as_such(tmp_path):
    """Missing and truncated results are DATA_LOSS, in words that name no folder of the server."""
    with (
        Service(tmp_path / "store", log=subprocess.DEVNULL) as made,
        Client(made.address) as client,
    ):
        run_id = client.create(named_run("frontier-only", settings=SHORT)).run_id
        client.report(run_id)
        folder = tmp_path / "store" / "runs" / run_id
        for name in ("report.json", "requests.parquet", "windows.pb"):
            file = folder / name
            file.write_bytes(file.read_bytes()[:40])
        for call in (
            client.report,
            lambda one: list(client.records(one)),
            lambda one: list(client.watch(one)),
        ):
            error = refused(lambda call=call: call(run_id))
            assert error.code() is grpc.StatusCode.DATA_LOSS
            assert error.details() == "the run's results are missing or damaged; submit it again"
        (folder / "report.json").unlink()
        (folder / "requests.parquet").unlink()
        assert (
            refused(lambda: client.stub.GetReport(pb.GetReportRequest(run_id=run_id))).code().name
            == "DATA_LOSS"
        )
        assert refused(lambda: list(client.records(run_id))).code().name == "DATA_LOSS"


@pytest.mark.parametrize(
    ("text", "shown_"),
    [
        ("[Errno 2] No such file: '/srv/store/uploads/red/abc'", "[Errno 2] No such file: 'abc'"),
        ("/srv/x/y.csv: row 3: bad", "y.csv: row 3: bad"),
        ("grpc://host:1/path is unknown, 3/4 of it", "grpc://host:1/path is unknown, 3/4 of it"),
        ("google/gemini is no offer; see https://a.b/c/d", "google/gemini is no offer; see https://a.b/c/d"),
    ],
)
def test_errors_name_no_folder_of_the_server(text, shown_):
    """Folders of absolute paths are taken out of what callers read; names and addresses stay."""
    assert shown(text) == shown_


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (["drain=1e9"], "drain"),
        (["duration=360d", "workload.streams.0.arrivals.rate=0.3/s"], "duration"),
        (["telemetry.step=1s", "duration=30d"], "telemetry.step"),
        (["fleet.0.replicas=9000", "fleet.0.balancing=router"], "fleet"),
    ],
)
def test_what_a_run_may_have_is_estimated_first(blue, settings, field):
    """Endless drains, endless timelines and huge fleets are refused by the field that asks for them."""
    error = refused(lambda: blue.create(named_run("support-desk-diurnal", settings=settings)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in fields_of(error)
