"""Every panel of every dashboard, put to a real Prometheus that a real run has filled."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import pytest

from bench.previews.answers import Prometheus, TimeRange, chosen, read_board, window_of
from bench.previews.preview import answers, preview, regions
from prometheus_server import PrometheusServer, wait_until
from simulator import load_scenario, simulate
from wayfare.client import Client
from wayfare.metrics.archive import read_recording, write_recording
from wayfare.metrics.recording import recorded
from wayfare.metrics.remote_write.client import RemoteWriter
from wayfare.metrics.sinks import stamped
from wayfare.v1 import simulation_pb2 as pb

RUN = "dashboards-day"
POLICIES = ("cheapest_capable", "cascade")
QUIET = (
    "workload.streams.shop-assistant.arrivals.rate=0.05/s",
    "workload.streams.order-mails.arrivals.rate=0.03/s",
    "workload.streams.shop-agents.arrivals.rate=0.002/s",
)
SIMULATED = ("run-overview", "policy-comparison", "fleet", "energy-and-carbon")
EPOCH_S = 1_795_150_800.0  # 2026-11-20T05:00:00Z
HOUR_S = 3_600.0


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus of this file's own: it is told of the present too, which others' must not be."""
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def reports(prometheus, tmp_path_factory):
    """The reports of a quiet Black Friday under two policies, both pushed to Prometheus."""
    found = {}
    for policy in POLICIES:
        scenario = load_scenario("black-friday", overrides=list(QUIET))
        result = simulate(scenario, policy)
        folder = tmp_path_factory.mktemp(policy)
        write_recording(recorded(scenario, result), folder)
        RemoteWriter(url=prometheus.receiver).take(stamped(read_recording(folder), RUN))
        found[policy] = result.report
    return found


@pytest.fixture
def source(prometheus):
    """That Prometheus, as the dashboards ask it."""
    return Prometheus(url=prometheus.url)


def asked(source, name, **choices):
    """A dashboard's answers by its panels' titles and kinds, the first of each."""
    board = read_board(name)
    window = window_of(board)
    variables = chosen(board, source, window, {"run": RUN, **choices})
    found = answers(board, source, variables, window)
    return {
        (panel["title"], panel["type"]): found[panel["id"]]
        for panel in board["panels"]
        if panel["type"] != "row"
    }


def figure(found, title):
    """The one number of a figure."""
    (series,) = found[title, "stat"]
    (value,) = series.values
    return value


@pytest.mark.parametrize("name", SIMULATED)
@pytest.mark.usefixtures("reports")
def test_every_target_answers(source, name):
    """No query of a dashboard of runs is refused, none is without data, none has no number in it."""
    board = read_board(name)
    window = window_of(board)
    variables = chosen(board, source, window, {"run": RUN})
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            found = source.series(target, variables, window)
            numbers = [value for series in found for value in series.values if math.isfinite(value)]
            assert numbers, f"{panel['title']} {target['refId']}: {target['expr']}"


@pytest.mark.parametrize("policy", POLICIES)
def test_figures_are_the_reports(source, reports, policy):
    """What the first row says is what the report says, to the last digit."""
    report = reports[policy]
    found = asked(source, "run-overview", policy=policy)
    exact = {
        "Requests": report.figure("requests.arrived"),
        "Cost": report.figure("cost_usd.total"),
        "Cost of 1,000 requests": 1000 * report.figure("cost_usd.per_request"),
        "SLO attainment": report.figure("slo.attainment_ratio"),
        "Right answers": report.figure("quality.success_ratio"),
        "Energy": report.figure("energy_wh.total"),
        "Emissions": report.figure("emissions_gco2e.total"),
    }
    assert {title: figure(found, title) for title in exact} == pytest.approx(exact, rel=1e-9)
    energy = asked(source, "energy-and-carbon", policy=policy)
    assert figure(energy, "Embodied carbon") == pytest.approx(
        report.figure("emissions_gco2e.embodied"), rel=1e-9
    )
    fleet = asked(source, "fleet", policy=policy)
    assert figure(fleet, "Idle dollars") == pytest.approx(report.figure("cost_usd.capacity_idle"), rel=1e-9)


@pytest.mark.parametrize("policy", POLICIES)
def test_quantiles_are_within_a_bucket_of_the_reports(source, reports, policy):
    """A p95 read off buckets lies in the bucket of the exact one."""
    exact_s = reports[policy].figure("latency.ttft_s.p95")
    edges_s = [0, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80]
    low_s = max(edge for edge in edges_s if edge <= exact_s)
    high_s = min(edge for edge in edges_s if edge > exact_s)
    assert low_s <= figure(asked(source, "run-overview", policy=policy), "First token, p95") <= high_s


@pytest.mark.usefixtures("reports")
def test_shares_add_up(source):
    """At every instant the tiers' shares are the whole."""
    shares = asked(source, "run-overview", policy=POLICIES[0])["Share by tier", "timeseries"]
    columns = zip(*(series.values for series in shares), strict=True)
    whole = [sum(column) for column in columns if all(map(math.isfinite, column))]
    assert len(whole) > 200
    assert whole == pytest.approx([1.0] * len(whole))


def test_runs_are_laid_over_one_another(source, reports):
    """The comparison tells runs apart by name and policy, each with its own figure."""
    costs = asked(source, "policy-comparison")["Cost", "stat"]
    wanted = {f"{RUN} · {policy}": report.figure("cost_usd.total") for policy, report in reports.items()}
    assert {series.name: series.values[-1] for series in costs} == pytest.approx(wanted, rel=1e-9)


@pytest.mark.usefixtures("reports")
def test_faults_are_marked_where_they_happened(source):
    """The provider's outage at the peak is marked from its beginning to its end."""
    board = read_board("run-overview")
    window = window_of(board)
    variables = chosen(board, source, window, {"run": RUN})
    (mark,) = board["annotations"]["list"]
    marked = [
        series
        for series in source.series(mark["target"], variables, window)
        if series.labels["kind"] == "outage"
    ]
    instants = [instant - EPOCH_S for series in marked for instant in series.t_s]
    assert 20 * HOUR_S <= min(instants) <= 20 * HOUR_S + window.step_s
    assert 20.75 * HOUR_S <= max(instants) <= 20.75 * HOUR_S + 2 * window.step_s
    assert regions(board, source, variables, window)


@pytest.mark.usefixtures("reports")
def test_a_preview_shows_the_figures(source):
    """The drawn dashboard holds its titles and its numbers."""
    drawn = preview(source, "run-overview", {"run": RUN, "policy": POLICIES[0]}).svg()
    for panel in read_board("run-overview")["panels"]:
        assert f">{panel['title']}<" in drawn
    assert re.search(r">\$[\d,]+\.\d\d<", drawn)


@pytest.fixture
def serving(prometheus, tmp_path):
    """The address of a server that Prometheus scrapes."""
    command = [sys.executable, "-m", "wayfare", "serve", "--grpc-address", "127.0.0.1:0"]
    server = subprocess.Popen(
        [*command, "--metrics-address", "127.0.0.1:0", "--store", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    address = server.stdout.readline().split()[-1]
    prometheus.scrape(server.stdout.readline().split("//")[1].split("/")[0])
    yield address
    server.terminate()
    server.stdout.close()
    assert server.wait(timeout=60) == 0


def silent_panels(source):
    """Titles of the panels of the service's health that have no number yet, None while there is no server."""
    board = read_board("service-health")
    shown = window_of(board)
    window = TimeRange(begin_s=shown.end_s - 300, end_s=shown.end_s, step="15s")
    try:
        variables = chosen(board, source, window, {})
    except ValueError:
        return None
    found = answers(board, source, variables, window)
    numbers = {number: any(math.isfinite(value) for each in series for value in each.values)
               for number, series in found.items()}  # fmt: skip
    return [
        panel["title"] for panel in board["panels"] if panel["type"] != "row" and not numbers[panel["id"]]
    ]


def test_the_services_health_answers(source, serving):
    """Once a server is called and scraped, no panel about its health is empty."""
    with Client(serving) as client:
        run = client.create(pb.CreateRunRequest(scenario_name="frontier-only", settings=["duration=10m"]))
        client.report(run.run_id)

        def answers_everywhere():
            """Calls once more, for counters to grow between scrapes; whether all panels have data."""
            client.report(run.run_id)
            return silent_panels(source) == []

        wait_until(answers_everywhere, f"data in every panel but {silent_panels(source)}")


@pytest.mark.usefixtures("reports")
def test_the_hidden_variables_are_the_runs_own_time(source):
    """What the link to the whole run asks Prometheus gives the run's first and last sample."""
    board = read_board("run-overview")
    window = window_of(board)
    asked = {
        each["name"]: each["query"].removeprefix("query_result(").removesuffix(")")
        for each in board["templating"]["list"]
        if each.get("hide")
    }
    targets = {name: {"expr": expr, "instant": True} for name, expr in asked.items()}
    found = {name: source.series(target, {"run": RUN}, window) for name, target in targets.items()}
    begin, end = (found[name][0].values[0] / 1e3 for name in ("begin", "end"))
    assert begin == EPOCH_S
    assert end >= EPOCH_S + 24 * HOUR_S
