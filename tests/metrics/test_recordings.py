"""Recordings: what a run folder keeps, where its axis lies, and what the file formats say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from simulator import load_scenario, simulate
from simulator.report.metrics import METRICS, Kind
from simulator.workload.demand import demand_of
from wayfare.metrics.archive import read_recording, write_recording
from wayfare.metrics.buckets import EDGES
from wayfare.metrics.errors import FutureEpochError, NoRecordingError
from wayfare.metrics.families import MetricFamily, histogram_points
from wayfare.metrics.openmetrics import OpenMetricsFile
from wayfare.metrics.recording import MetricsRecording, recorded
from wayfare.metrics.sinks import RunSamples, stamped
from wayfare.metrics.time_axis import epoch_of
from wayfare.metrics.vllm import with_vllm
from world_cases import scenario

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
COUNTER = MetricFamily(
    name="wayfare_things_total",
    kind=Kind.COUNTER,
    text="Things.",
    labels=("task",),
    keys=[("a",), ('b"\\\n',)],
    values=np.array([[[0.0, 1.0, 3.0]], [[0.0, 0.5, 0.5]]]),
)
GAUGE = MetricFamily(
    name="wayfare_level", kind=Kind.GAUGE, text="Level.", labels=(), keys=[()],
    values=np.array([[[2.0, np.nan, 4.0]]]),
)  # fmt: skip
COUNTS = np.array([[[0.0, 1.0, 1.0], [0.0, 0.0, 2.0], [0.0, 1.0, 1.0]]])
TIMES = MetricFamily(
    name="wayfare_wait_seconds", kind=Kind.HISTOGRAM, text="Waits.", labels=("task",), keys=[("a",)],
    edges=(0.5, 1.0),
    values=histogram_points(COUNTS, np.array([[0.0, 9.0, 10.5]])),
)  # fmt: skip


def run_samples(**changes):
    """Three steps of made-up series."""
    stamps = np.array([1_767_225_600_000, 1_767_225_660_000, 1_767_225_720_500])
    given = {"run": "r", "policy": "p", "t_ms": stamps, "families": (COUNTER, GAUGE, TIMES), **changes}
    return RunSamples(**given)


def recording(**changes):
    """A day's recording of nothing in particular."""
    given = {
        "policy": "p",
        "start": datetime(2026, 11, 2, tzinfo=UTC),
        "epoch": None,
        "pace_ratio": None,
        "t_s": np.array([0.0, 43_200.0, 86_400.0]),
        "families": (COUNTER, GAUGE, TIMES),
        **changes,
    }
    return MetricsRecording(**given)


@pytest.fixture(scope="module")
def run():
    """A scenario with a pace and an epoch, and its run."""
    world = scenario(telemetry={"step": "20s", "epoch": "2026-01-05", "pace": "60x"})
    return world, simulate(world)


def test_a_recording_comes_back_as_it_was(run, tmp_path):
    """What is written to a folder is read from it, bit by bit."""
    made = recorded(*run)
    write_recording(made, tmp_path)
    found = read_recording(tmp_path)
    for name in ("policy", "start", "epoch", "pace_ratio"):
        assert getattr(found, name) == getattr(made, name)
    assert found.pace_ratio == 60.0
    np.testing.assert_array_equal(found.t_s, made.t_s)
    assert len(found.families) == len(made.families)
    for one, other in zip(found.families, made.families, strict=True):
        assert (one.name, one.kind, one.labels, list(one.keys)) == (
            other.name, other.kind, other.labels, list(other.keys),
        )  # fmt: skip
        assert [one.rows_of(key) for key in range(len(one.keys))] == [
            other.rows_of(key) for key in range(len(other.keys))
        ]
        np.testing.assert_array_equal(one.values, other.values)


def test_every_name_of_the_contract_is_there(run):
    """A run has every family that users rely on, under its name and with its labels."""
    families = {family.name: family for family in recorded(*run).families}
    other = {"faults_active", "run_begin_s", "run_end_s"}
    of_agents = {name for name in METRICS if name.startswith("agent_task")}
    expected = {metric.name for series, metric in METRICS.items() if series not in other | of_agents}
    assert set(families) == expected
    agents = load_scenario("ticket-agents", overrides=["duration=10min"])
    theirs = {family.name: family.labels for family in recorded(agents, simulate(agents)).families}
    assert {METRICS[series].name for series in of_agents} <= set(theirs)
    assert theirs["wayfare_agent_tasks_total"] == ("stream", "outcome")
    assert families["wayfare_requests_total"].labels == ("tier", "deployment", "model", "task", "outcome")
    assert families["wayfare_cost_usd_total"].labels[-1] == "component"
    assert families["wayfare_run_info"].labels == ("scenario", "seed", "digest", "version")
    first = families["wayfare_time_to_first_token_seconds"]
    assert first.values.shape[1] == len(EDGES["ttft_s"]) + 3


def test_joules_are_watt_hours_times_3600(run):
    """Energy is converted once, where it gets its name."""
    energy = {family.name: family for family in recorded(*run).families}["wayfare_energy_joules_total"]
    ours = [key[-1] != "user_side" for key in energy.keys]
    total = energy.values[ours, 0, -1].sum()
    assert total == pytest.approx(run[1].report.figure("energy_wh.total") * 3600.0, rel=1e-9)


@pytest.mark.parametrize(
    "break_it", [lambda file: file.unlink(), lambda file: file.write_bytes(b"PK no zip")]
)
def test_folders_without_a_recording_are_refused(run, tmp_path, break_it):
    """A missing or broken file is named, with what writes one."""
    write_recording(recorded(*run), tmp_path)
    break_it(tmp_path / "series.npz")
    with pytest.raises(NoRecordingError, match="series.npz"):
        read_recording(tmp_path)


def test_the_epoch_is_the_start_while_that_is_past():
    """A run that ended before now lies where its scenario says."""
    assert epoch_of(recording(), NOW) == datetime(2026, 11, 2, tzinfo=UTC)


def test_a_start_ahead_moves_back_by_whole_weeks():
    """A run that would end in the future moves to the same weekday and hour, as late as it can."""
    start = datetime(2027, 11, 26, 6, tzinfo=UTC)
    epoch = epoch_of(recording(start=start), NOW)
    assert epoch + timedelta(days=1) <= NOW < epoch + timedelta(days=1, weeks=52)
    assert (start - epoch) % timedelta(weeks=52) == timedelta(0)
    assert epoch.weekday() == start.weekday()


def test_a_stated_epoch_is_kept_or_refused():
    """A stated epoch is not moved; one whose run would end ahead of the clock is an error."""
    past = datetime(2020, 2, 29, tzinfo=UTC)
    assert epoch_of(recording(epoch=past), NOW) == past
    with pytest.raises(FutureEpochError, match="2026-11-27"):
        epoch_of(recording(epoch=NOW - timedelta(hours=23)), NOW)


def test_stamps_are_milliseconds_from_the_epoch():
    """Every step stands at the epoch plus its simulated seconds."""
    epoch = datetime(2020, 2, 29, tzinfo=UTC)
    stamps = stamped(recording(epoch=epoch), "r").t_ms
    assert stamps.tolist() == [int(epoch.timestamp() * 1e3) + 43_200_000 * step for step in range(3)]


def written(samples, tmp_path):
    """The text of an OpenMetrics file."""
    OpenMetricsFile(tmp_path / "x.om").take(samples)
    return (tmp_path / "x.om").read_text()


def test_openmetrics_says_every_sample_once(tmp_path):
    """Counters and gauges are read back by another program's parser, value by value and instant."""
    text = written(run_samples(families=(COUNTER, GAUGE)), tmp_path)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    things = families["wayfare_things"]
    assert things.type == "counter"
    found = {(sample.labels["task"], float(sample.timestamp)): sample.value for sample in things.samples}
    assert found['b"\\\n', 1_767_225_720.5] == 0.5
    assert found["a", 1_767_225_660.0] == 1.0
    assert len(found) == 6
    assert all(sample.labels["run"] == "r" for sample in things.samples)
    assert [sample.value for sample in families["wayfare_level"].samples] == [2.0, 4.0]


def test_openmetrics_keeps_the_points_of_an_instant_together(tmp_path):
    """A histogram's buckets, sum and count of one instant stand together; the file ends with EOF."""
    lines = written(run_samples(families=(TIMES,)), tmp_path).splitlines()
    assert lines[-1] == "# EOF"
    last = lines[-6:-1]
    assert [line.split("{")[0] for line in last] == [
        "wayfare_wait_seconds_bucket",
        "wayfare_wait_seconds_bucket",
        "wayfare_wait_seconds_bucket",
        "wayfare_wait_seconds_sum",
        "wayfare_wait_seconds_count",
    ]
    assert [float(line.split()[-2]) for line in last] == [1.0, 3.0, 4.0, 10.5, 4.0]
    assert 'le="0.5"' in last[0]
    assert 'le="+Inf"' in last[2]


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    """An error while writing leaves neither the file nor a part of it."""
    broken = run_samples(families=(COUNTER, None))
    with pytest.raises(AttributeError):
        OpenMetricsFile(tmp_path / "x.om").take(broken)
    assert list(tmp_path.iterdir()) == []


def test_vllms_names_add_up_over_tasks():
    """A batching deployment appears as a model of vLLM's, marked as simulated; others do not."""
    world = scenario()
    samples = stamped(recorded(world, simulate(world, "random_mix")), "r")
    families = {family.name: family for family in with_vllm(samples).families}
    tokens = families["vllm:generation_tokens_total"]
    assert tokens.labels == ("model_name", "engine", "simulated")
    assert tokens.keys == [("small", "0", "true")]
    ours = families["wayfare_tokens_total"]
    rows = [key[1] == "small" and key[-1] == "output" for key in ours.keys]
    np.testing.assert_array_equal(tokens.values[0], ours.values[rows].sum(axis=0))
    assert families["vllm:request_success_total"].labels[-1] == "finished_reason"
    names = {row.name for row in families["vllm:time_to_first_token_seconds"].rows_of(0)}
    assert "vllm:time_to_first_token_seconds_bucket" in names


def test_the_page_names_every_metric_with_its_labels(run):
    """The how-to's tables have every name, and the labels each series has beside its place."""
    page = (Path(__file__).parents[2] / "docs/how-to/metrics.md").read_text(encoding="utf-8")
    for family in recorded(*run).families:
        (row,) = [line for line in page.splitlines() if line.startswith("| ") and f"`{family.name}`" in line]
        place = "place" in row.split("|")[2]
        told = [label for label in family.labels if not place or label not in ("tier", "deployment", "model")]
        assert all(f"`{label}`" in row.split("|")[2] for label in told), family.name
        assert place == ("deployment" in family.labels), family.name


def test_limits_are_the_streams_own(run):
    """Every objective that a stream states is a constant series in seconds; others are none."""
    (found,) = [each for each in recorded(*run).families if each.name == "wayfare_slo_limit_seconds"]
    limits = demand_of(run[0], run[0].streams[0]).limits_s
    stated = {key.removesuffix("_s"): limit for key, limit in limits.items() if not np.isnan(limit)}
    assert {key[2]: set(row.ravel()) for key, row in zip(found.keys, found.values, strict=True)} == {
        name: {limit} for name, limit in stated.items()
    }


def test_a_run_says_where_it_lies(run):
    """Begin and end are the first and the last instant of its samples, in seconds."""
    samples = stamped(recorded(*run), "r")
    ends = {each.name: set(each.values.ravel()) for each in samples.families if "timestamp" in each.name}
    assert ends == {
        "wayfare_run_begin_timestamp_seconds": {samples.t_ms[0] / 1e3},
        "wayfare_run_end_timestamp_seconds": {samples.t_ms[-1] / 1e3},
    }
