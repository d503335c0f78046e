"""A real Prometheus takes what Wayfare says, pushed and as a file; nothing is lost on the way."""

from __future__ import annotations

import subprocess

import pytest

from prometheus_server import PrometheusServer, free_port, program
from run_laws import close
from serving import command
from simulator import load_scenario, simulate
from wayfare.metrics.archive import read_recording, write_recording
from wayfare.metrics.errors import PushRejectedError
from wayfare.metrics.openmetrics import OpenMetricsFile
from wayfare.metrics.recording import recorded
from wayfare.metrics.remote_write.client import RemoteWriter
from wayfare.metrics.sinks import stamped
from wayfare.metrics.vllm import with_vllm

DAY = ("duration=1d", "telemetry.step=5min", "telemetry.epoch=2026-01-05")
QUIET = tuple(f"workload.streams.{number}.arrivals.rate=0.03" for number in range(2))
JOULES_PER_WH = 3600.0
BOARD = (
    "vllm:e2e_request_latency_seconds_bucket",
    "vllm:e2e_request_latency_seconds_sum",
    "vllm:e2e_request_latency_seconds_count",
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
    "vllm:inter_token_latency_seconds_bucket",
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:time_to_first_token_seconds_bucket",
    "vllm:kv_cache_usage_perc",
    "vllm:request_prompt_tokens_bucket",
    "vllm:request_generation_tokens_bucket",
    "vllm:request_success_total",
    "vllm:request_queue_time_seconds_sum",
    "vllm:request_prefill_time_seconds_sum",
    "vllm:request_decode_time_seconds_sum",
    "vllm:request_max_num_generation_tokens_sum",
)
"""What the panels of vLLM's example dashboard ask for (examples/observability, read 2026-11-27)."""
COMPONENTS = ("api", "capacity_used", "capacity_idle", "energy", "egress", "routing")


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """The folder of a simulated day, and its report."""
    folder = tmp_path_factory.mktemp("runs") / "winter-day"
    return folder, simulated(folder)


def simulated(folder, policy=None, **changes):
    """Simulates the day into a folder; its report."""
    scenario = load_scenario("hybrid-edge-cloud", overrides=[*DAY, *QUIET], **changes)
    result = simulate(scenario, policy)
    folder.mkdir()
    write_recording(recorded(scenario, result), folder)
    return result.report.to_dict()


def end_s(folder):
    """The instant of a run's last sample."""
    return stamped(read_recording(folder), "any").t_ms[-1] / 1e3


def assert_counters_are_the_reports(server, run, report, at_s):
    """In PromQL the run's final counters are the report's totals."""

    def final(name, **labels):
        wanted = ",".join(f'{label}="{value}"' for label, value in {"run": run, **labels}.items())
        return server.value(f"sum({name}{{{wanted}}})", at_s)

    for part in COMPONENTS:
        assert close(final("wayfare_cost_usd_total", component=part), report["cost_usd"][part]), part
    assert close(final("wayfare_cost_usd_total"), report["cost_usd"]["total"])
    for part in ("active", "idle", "api_estimate", "user_side"):
        joules = final("wayfare_energy_joules_total", component=part)
        assert close(joules, report["energy_wh"][part] * JOULES_PER_WH), part
    for outcome in ("completed", "rejected", "timed_out", "failed", "unfinished"):
        assert final("wayfare_requests_total", outcome=outcome) == report["requests"][outcome]
    assert final("wayfare_tokens_total", direction="output") == report["tokens"]["output"]
    assert final("wayfare_request_duration_seconds_count") == report["requests"]["completed"]
    assert close(final("wayfare_slo_attainment_ratio"), report["slo"]["attainment_ratio"])


def test_a_pushed_day_ends_at_the_report(prometheus, day):
    """Cost, joules, requests and tokens of a simulated day are the report's totals in PromQL."""
    folder, report = day
    done = command("push", folder, "--remote-write", prometheus.receiver)
    assert done.returncode == 0, done.stderr
    assert "samples of run 'winter-day'" in done.stdout
    assert_counters_are_the_reports(prometheus, "winter-day", report, end_s(folder))


def test_counters_begin_at_zero_and_rates_work(prometheus, day):
    """At the epoch counters are 0, and what rates say of the day adds up to its requests."""
    folder, report = day
    RemoteWriter(url=prometheus.receiver).take(stamped(read_recording(folder), "rates"))
    epoch_s = 1767571200
    assert prometheus.value('sum(wayfare_requests_total{run="rates"})', epoch_s) == 0.0
    counted = prometheus.value('sum(increase(wayfare_requests_total{run="rates"}[26h]))', epoch_s + 26 * 3600)
    assert counted == pytest.approx(report["requests"]["arrived"], rel=0.01)


def test_a_second_run_on_the_same_axis(prometheus, day, tmp_path):
    """Another policy's run of the same day stands beside the first one."""
    first, _report = day
    second = tmp_path / "other-policy"
    report = simulated(second, "always_cheapest")
    RemoteWriter(url=prometheus.receiver).take(stamped(read_recording(first), "first"))
    RemoteWriter(url=prometheus.receiver).take(stamped(read_recording(second), "other-policy"))
    assert_counters_are_the_reports(prometheus, "other-policy", report, end_s(second))
    both = prometheus.instant('sum by (run) (wayfare_arrivals_total{run=~"first|other-policy"})', 1767600000)
    assert len(both) == len(set(both)) == 2
    assert len(set(both.values())) == 1


def test_every_metric_of_vllms_board_is_there(prometheus, day):
    """A run pushed under vLLM's names has all that vLLM's example board asks for."""
    folder, report = day
    samples = with_vllm(stamped(read_recording(folder), "as-vllm"))
    RemoteWriter(url=prometheus.receiver).take(samples)
    at_s, model = end_s(folder), '{run="as-vllm",model_name="mid",simulated="true"}'
    for name in BOARD:
        assert prometheus.instant(f"max_over_time({name}{model}[1d])", at_s), name
    served = prometheus.value(f"sum(vllm:request_success_total{model})", at_s)
    assert served == report["by"]["deployment"]["mid"]["requests"]["completed"]


def test_an_openmetrics_file_makes_blocks(day, tmp_path):
    """Promtool takes the file whole, and Prometheus serves the report's totals from its blocks."""
    folder, report = day
    server_folder = tmp_path / "server"
    OpenMetricsFile(tmp_path / "day.om").take(stamped(read_recording(folder), "winter-day"))
    blocks = server_folder / "data"
    blocks.mkdir(parents=True)
    making = [
        program("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=48h", "openmetrics",
        str(tmp_path / "day.om"), str(blocks),
    ]  # fmt: skip
    done = subprocess.run(making, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server = PrometheusServer(server_folder)
    try:
        assert_counters_are_the_reports(server, "winter-day", report, end_s(folder))
    finally:
        server.stop()


def test_a_receiver_that_cannot_be_reached(day):
    """Nobody at the address: exit code 1, the address, and how much arrived."""
    writer = RemoteWriter(url=f"http://127.0.0.1:{free_port()}/api/v1/write", sleep=lambda seconds: None)
    with pytest.raises(PushRejectedError, match="cannot be reached.*tried 6 times.*0 samples were taken"):
        writer.take(stamped(read_recording(day[0]), "any"))


def test_a_receiver_that_is_switched_off(prometheus, day):
    """A path without a receiver: said at once, with what to do."""
    done = command("push", day[0], "--remote-write", f"{prometheus.url}/api/v9/write")
    assert done.returncode == 1
    assert "answered 404" in done.stderr
    assert "--web.enable-remote-write-receiver" in done.stderr


def test_a_server_that_takes_no_past(day, tmp_path):
    """Without a wide window the first run may pass, an older one is refused at once with advice."""
    server = PrometheusServer(tmp_path, window="0s")
    waits = []
    try:
        samples = stamped(read_recording(day[0]), "past")
        writer = RemoteWriter(url=server.receiver, sleep=waits.append)
        with pytest.raises(PushRejectedError, match="out_of_order_time_window"):
            writer.take(samples)
        assert waits == []
    finally:
        server.stop()


def test_a_server_whose_window_is_narrow(day, tmp_path):
    """Prometheus 2.42 answers samples older than its window with a 500: not tried again."""
    server = PrometheusServer(tmp_path, window="1h")
    waits = []
    try:
        samples = stamped(read_recording(day[0]), "past")
        with pytest.raises(PushRejectedError, match="out_of_order_time_window"):
            RemoteWriter(url=server.receiver, sleep=waits.append).take(samples)
        assert waits == []
    finally:
        server.stop()


def test_other_values_of_the_same_run_are_refused(prometheus, day, tmp_path):
    """Another day under a name that is taken: an honest error that advises another name."""
    RemoteWriter(url=prometheus.receiver).take(stamped(read_recording(day[0]), "taken"))
    other = tmp_path / "other"
    simulated(other, seed=99)
    with pytest.raises(PushRejectedError, match="another name"):
        RemoteWriter(url=prometheus.receiver).take(stamped(read_recording(other), "taken"))
