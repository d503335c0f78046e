"""A real Prometheus scrapes a real service: runs appear whole, grow, and go."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from prometheus_server import free_port, program, wait_until
from run_laws import close
from serving import command
from wayfare.client import Client
from wayfare.v1 import simulation_pb2 as pb


class Service:
    """`wayfare serve` with metrics, on any ports."""

    def __init__(self, folder, *options):
        words = ["serve", "--grpc-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wayfare", *words, "--store", str(folder), *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().split()[-1]
        self.page = self.process.stdout.readline().split()[-1]

    def text(self):
        """The page as it stands."""
        with urllib.request.urlopen(self.page, timeout=30) as answer:
            return answer.read().decode()

    def end(self):
        """Ends it; its exit code."""
        os.kill(self.process.pid, signal.SIGTERM)
        self.process.stdout.close()
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def service(tmp_path_factory, prometheus):
    """A service that pushes as well, shows two runs, and vLLM's names."""
    options = ("--published-runs", "2", "--vllm-metrics", "--remote-write", prometheus.receiver)
    made = Service(tmp_path_factory.mktemp("store"), *options)
    yield made
    assert made.end() == 0


def ran(service, *settings, **more):
    """A run of the service that is over, and its report."""
    with Client(service.address) as client:
        request = pb.CreateRunRequest(scenario_name="hybrid-edge-cloud", settings=settings, **more)
        run = client.create(request)
        return run.run_id, client.report(run.run_id)


def shown(service, run):
    """Whether a run is on the page."""
    return f'run="{run}"' in service.text()


def test_a_scraped_run_ends_at_the_report(service, prometheus):
    """At full speed a run appears when it is over, whole; and so it is pushed."""
    run, report = ran(service, "duration=1h")
    wait_until(lambda: shown(service, run), "a published run")
    prometheus.scrape(service.page.split("/")[2])
    query = f'sum(wayfare_cost_usd_total{{run="{run}",job="wayfare"}})'
    wait_until(lambda: prometheus.instant(query), "a scrape")
    assert close(prometheus.value(query), report["cost_usd"]["total"])
    pushed = f'sum(last_over_time(wayfare_cost_usd_total{{run="{run}",job=""}}[400d]))'
    wait_until(lambda: prometheus.instant(pushed), "a pushed run")
    assert close(prometheus.value(pushed), report["cost_usd"]["total"])


def test_the_services_own_metrics_are_scraped(service, prometheus):
    """Calls by status and runs by state arrive in Prometheus."""
    ran(service, "duration=10min")
    prometheus.scrape(service.page.split("/")[2])
    calls = 'grpc_server_handled_total{grpc_method="CreateRun",grpc_code="OK"}'
    wait_until(lambda: prometheus.instant(calls), "a scrape")
    assert prometheus.value(calls) >= 1.0
    assert prometheus.value('wayfare_runs{state="SUCCEEDED"}') >= 1.0
    assert prometheus.instant('up{job="wayfare"}')


def test_a_paced_run_grows_while_it_is_scraped(service, prometheus):
    """With a pace the counters of a run that is over unfold in real time."""
    run, report = ran(service, "duration=1h", "telemetry.step=1min", "telemetry.pace=60x")
    prometheus.scrape(service.page.split("/")[2])
    query = f'sum(wayfare_arrivals_total{{run="{run}",job="wayfare"}})'
    total = report["requests"]["arrived"]
    wait_until(lambda: prometheus.instant(query), "a scrape")
    early = wait_until(lambda: prometheus.value(query), "an arrival")
    assert 0 < early < total
    later = wait_until(lambda: (found := prometheus.value(query)) > early and found, "growth")
    assert early < later <= total


def test_promtool_finds_nothing_but_vllms_colons(service):
    """The page passes promtool's lint; vLLM's names have their colons."""
    run, _report = ran(service, "duration=30min")
    wait_until(lambda: shown(service, run), "a published run")
    done = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=service.text(),
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert all(line.startswith("vllm:") and "should not contain ':'" in line for line in complaints)
    assert complaints


def test_the_newest_published_runs_are_shown(service):
    """No more runs than allowed are on the page, none that asked not to be, no comparison."""
    first, _report = ran(service, "duration=10min", labels={"publish": "false"})
    runs = [ran(service, "duration=10min")[0] for _number in range(3)]
    wait_until(lambda: shown(service, runs[-1]), "a published run")
    assert not shown(service, first)
    assert [shown(service, run) for run in runs] == [False, True, True]
    with Client(service.address) as client:
        client.stub.DeleteRun(pb.DeleteRunRequest(run_id=runs[-1]))
    assert not shown(service, runs[-1])


def test_a_new_server_shows_what_the_old_one_showed(tmp_path):
    """Published runs survive a restart; those that are over are not pushed again."""
    store = tmp_path / "store"
    first = Service(store)
    run, _report = ran(first, "duration=10min")
    wait_until(lambda: shown(first, run), "a published run")
    assert first.end() == 0
    second = Service(store, "--remote-write", f"http://127.0.0.1:{free_port()}/api/v1/write")
    wait_until(lambda: shown(second, run), "a published run")
    text = second.text()
    assert second.end() == 0
    for outcome in ("taken", "failed"):
        assert f'wayfare_published_runs_total{{outcome="{outcome}",outlet="remote_write"}} 0.0' in text


def test_other_paths_are_not_found(service):
    """Only /metrics is served."""
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(service.page.replace("/metrics", "/"), timeout=30)


def test_metrics_stay_near(tmp_path):
    """Metrics beyond loopback want to be told so; an address that is taken is said."""
    done = command("serve", "--grpc-address", "127.0.0.1:0", "--metrics-address", "0.0.0.0:9464")
    assert done.returncode == 2
    assert "--insecure-anywhere" in done.stderr
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as held:
        threading.Thread(target=held.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{held.server_port}"
        words = ("serve", "--grpc-address", "127.0.0.1:0", "--metrics-address", address)
        done = command(*words, "--store", tmp_path)
        held.shutdown()
    assert done.returncode == 1
    assert address in done.stderr
