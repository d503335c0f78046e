"""The service as its callers meet it: a real process on loopback, a real client."""

import signal
import subprocess
import sys

import grpc
import pytest

from serving import LONG, SHORT, Service, fields_of, named_run, refused, yaml_run
from simulator import load_scenario, shipped_scenarios, simulate
from wayfare.client import Client, RunFailedError
from wayfare.convert.scenario import scenario_message
from wayfare.listening import UnsafeAddressError, demand_near
from wayfare.v1 import simulation_pb2 as pb


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service for all tests that do not end it."""
    made = Service(tmp_path_factory.mktemp("store"))
    yield made
    assert made.end() == 0


@pytest.fixture
def client(service):
    """A client of it."""
    with Client(service.address) as made:
        yield made


def test_create_watch_report(client):
    """A run is created, watched to its end, and reports what the library reports, bit by bit."""
    run = client.create(named_run("frontier-only", settings=SHORT))
    heard = list(client.watch(run.run_id))
    changes = [change for change in heard if not change.windows]
    assert [change.run.sequence for change in changes] == sorted({c.run.sequence for c in changes})
    assert changes[-1].run.state == pb.Run.STATE_SUCCEEDED
    expected = simulate(load_scenario("frontier-only", overrides=SHORT)).report
    found = client.report(run.run_id)
    assert found["digest"] == changes[-1].run.digest == expected.digest
    assert found["cost_usd"] == expected.to_dict()["cost_usd"]
    windows = [window for page in heard for window in page.windows]
    assert [window.begin_s for window in windows] == sorted({window.begin_s for window in windows})
    arrived = sum(window.figures["arrivals"] for window in windows)
    assert arrived == found["requests"]["arrived"] == len(list(client.records(run.run_id)))
    last = changes[-1].run
    assert (last.arrived_count, last.progress_ratio) == (arrived, 1.0)
    assert last.simulated_s >= found["simulated_s"]


def test_watching_goes_on_where_it_stopped(client):
    """After a change's sequence number only later changes come."""
    run = client.create(named_run("frontier-only", settings=SHORT))
    last = list(client.watch(run.run_id))[-1].run.sequence
    request = pb.WatchRunRequest(run_id=run.run_id, after_sequence=last)
    assert list(client.stub.WatchRun(request)) == []


def test_records_add_up(client):
    """Records cost what the report says, and unanswered figures are absent."""
    run = client.create(named_run("hybrid-edge-cloud", settings=SHORT))
    report = client.report(run.run_id)
    records = list(client.records(run.run_id))
    api = [record.cost_usd for record in records if record.tier == "cloud"]
    assert sum(api) == pytest.approx(report["cost_usd"]["api"])
    assert sum(record.correct for record in records) / len(records) == report["quality"]["success_ratio"]


def test_agent_tasks_add_up_over_the_wire(client):
    """The calls of agent tasks are marked in the records, and cost what the report's tasks cost."""
    run = client.create(named_run("ticket-agents", settings=("duration=30min",)))
    tasks = client.report(run.run_id)["tasks"]
    records = list(client.records(run.run_id))
    assert {record.agent_task >= 0 and record.call >= 1 for record in records} == {True}
    assert len({record.agent_task for record in records}) == tasks["arrived"] > 10
    assert sum(record.cost_usd for record in records) == pytest.approx(tasks["cost_usd"]["total"])
    assert isinstance(tasks["by_stream"]["tickets"]["arrived"], int)


def test_a_typed_scenario_is_the_same_run(client):
    """A scenario sent typed gives the digest of the same scenario sent by name."""
    scenario = load_scenario("frontier-only", overrides=SHORT)
    run = client.create(pb.CreateRunRequest(scenario=scenario_message(scenario.settings)))
    assert client.report(run.run_id)["digest"] == simulate(scenario).report.digest


def test_request_ids_are_idempotent(client):
    """The same request id gets the same run."""
    request = named_run("frontier-only", settings=SHORT, request_id="once")
    assert client.create(request).run_id == client.create(request).run_id


def test_validation_keeps_nothing(client):
    """`validate_only` answers what would run, under no id and in no state, and leaves no run."""
    label = {"validated": "only"}
    run = client.create(named_run("frontier-only", validate_only=True, labels=label))
    assert (run.scenario, run.run_id, run.state) == ("frontier-only", "", pb.Run.STATE_UNSPECIFIED)
    assert not client.stub.ListRuns(pb.ListRunsRequest(labels=label)).runs


def test_problems_name_fields_of_the_request(client):
    """Neither message nor violations speak of the command line: a setting's fault is one of `settings`."""
    settings = ["fleet.nowhere.replicas=2", "duration"]
    error = refused(lambda: client.create(named_run("frontier-only", settings=settings)))
    assert "--set" not in error.details()
    assert set(fields_of(error)) == {"settings.fleet.nowhere.replicas", "settings.duration"}
    assert error.details().startswith("settings.fleet.nowhere.replicas: ")


def test_faults_map_one_to_one(client):
    """Every fault of a scenario is the violation of the field it names."""
    error = refused(lambda: client.create(yaml_run("name: x\nduration: -5\nfoo: 1")))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert set(fields_of(error)) == {"duration", "workload", "fleet", "foo"}


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("router.policy=/tmp/evil.py:Policy", "router.policy"),
        ("router.policy=grpc://example.test:1", "router.policy"),
        ("quality.outcomes=/etc/passwd", "quality.outcomes"),
        (
            "workload.streams.0.arrivals={pattern: trace, file: /etc/passwd}",
            "workload.streams.0.arrivals.file",
        ),
        (
            "workload.streams.0.arrivals={pattern: trace, file: uploads/../../x}",
            "workload.streams.0.arrivals.file",
        ),
        ("signals.carbon_intensity.us-virginia=/etc/passwd", "signals.carbon_intensity.us-virginia"),
        ("duration=9e9", "duration"),
    ],
)
def test_the_wire_names_no_files_and_no_code(client, setting, field):
    """Files, code, addresses and endless runs are refused by the field that names them."""
    error = refused(lambda: client.create(named_run("frontier-only", settings=[setting])))
    assert field in fields_of(error)


@pytest.mark.parametrize("text", ["[" * 5_000, "a: &a [1]\nb: *a", "\x00", "x" * 2_000_000, "- 1", ""])
def test_hostile_texts_are_refused(client, text):
    """Bombs, aliases, nonsense and huge texts are invalid, and the service lives."""
    assert refused(lambda: client.create(yaml_run(text))).code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_running_run_is_cancelled(client):
    """A run that runs is stopped and says so."""
    run = client.create(named_run("support-desk-diurnal", settings=LONG))
    client.stub.CancelRun(pb.CancelRunRequest(run_id=run.run_id))
    with pytest.raises(RunFailedError, match="cancelled"):
        client.report(run.run_id)


def test_pages_hold_every_run_once(client):
    """Pages by label hold every run once, newest first."""
    made = [
        client.create(named_run("frontier-only", settings=SHORT, labels={"batch": "p"})).run_id
        for _ in range(5)
    ]
    found, token = [], ""
    while True:
        page = client.stub.ListRuns(pb.ListRunsRequest(page_size=2, page_token=token, labels={"batch": "p"}))
        found += [run.run_id for run in page.runs]
        token = page.next_page_token
        if not token:
            break
    assert found == made[::-1]


def test_comparisons(client):
    """A comparison is a run whose report holds every policy and the baselines."""
    request = pb.CreateComparisonRequest(
        run=named_run("frontier-only", settings=SHORT), policies=["cascade"], replications=2
    )
    run = client.stub.CreateComparison(request)
    found = client.report(run.run_id)
    assert found["policies"][0] == "cascade"
    assert len(found["reports"]) == len(found["policies"]) > 3


def test_uploaded_traces_are_replayed(client):
    """A trace that was uploaded is what a scenario that names its id replays."""
    folder = shipped_scenarios()["azure-replay"].parent
    trace = client.upload((folder / "traces" / "azure-shaped-sample.csv.gz").read_bytes())
    setting = f"workload.streams.0.arrivals.file={trace}"
    run = client.create(named_run("azure-replay", settings=[setting]))
    assert client.report(run.run_id)["requests"]["arrived"] > 0


def test_deleted_runs_are_gone(client):
    """A run that is over can be forgotten, with its report."""
    run = client.create(named_run("frontier-only", settings=SHORT))
    client.report(run.run_id)
    client.stub.DeleteRun(pb.DeleteRunRequest(run_id=run.run_id))
    error = refused(lambda: client.stub.GetReport(pb.GetReportRequest(run_id=run.run_id)))
    assert error.code() is grpc.StatusCode.NOT_FOUND


def test_a_killed_service_loses_no_accepted_run(tmp_path):
    """After kill -9 mid-queue every accepted run ends: waiting ones run, interrupted ones as they asked."""
    service = Service(tmp_path, "--slots", "1")
    with Client(service.address) as client:
        busy = client.create(named_run("support-desk-diurnal", settings=LONG))
        next(change for change in client.watch(busy.run_id) if change.run.state == pb.Run.STATE_RUNNING)
        waiting = [client.create(named_run("frontier-only", settings=SHORT)).run_id for _ in range(10)]
    service.end(signal.SIGKILL)
    again = Service(tmp_path)
    with Client(again.address) as client:
        with pytest.raises(RunFailedError, match="rerun_if_interrupted"):
            client.report(busy.run_id)
        reports = [client.report(run_id) for run_id in waiting]
    assert again.end() == 0
    assert len({report["digest"] for report in reports}) == 1


@pytest.mark.parametrize(
    "address", ["127.0.0.1:65536", "127.0.0.1", ":1", "127.0.0.1:x", "127.0.0.1:99999999"]
)
def test_addresses_are_checked(address):
    """A port beyond 65535 is no port, and told so before anything is opened."""
    with pytest.raises(UnsafeAddressError, match="is not host:port with a port of 0 to 65535"):
        demand_near(address, allowed_anywhere=True, missing="")


def test_strangers_are_kept_out(tmp_path):
    """The service refuses an address beyond loopback without TLS and tokens."""
    command = [
        sys.executable,
        "-m",
        "wayfare",
        "serve",
        "--grpc-address",
        "0.0.0.0:0",
        "--store",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "beyond loopback" in done.stderr
