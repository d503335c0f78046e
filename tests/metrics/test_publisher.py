"""Which runs become series, and what happens to those that cannot."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from simulator.report.metrics import Kind
from wayfare.metrics.archive import write_recording
from wayfare.metrics.errors import PushRejectedError
from wayfare.metrics.families import MetricFamily
from wayfare.metrics.publisher import MOST_SERIES, Publisher, is_published
from wayfare.metrics.recording import MetricsRecording
from wayfare.storage.memory import MemoryStore
from wayfare.storage.store import RunRecord, RunState

RECORD = RunRecord(
    run_id="r", tenant="t", scenario="s", scenario_json="{}", policies=("p",), created_s=0.0,
    state=RunState.SUCCEEDED, finished_s=5.0,
)  # fmt: skip


class Sink:
    """Keeps the names of what it takes, or raises an error."""

    def __init__(self, error=None):
        self.runs, self.error = [], error

    def take(self, samples):
        """Takes a run."""
        if self.error:
            raise self.error
        self.runs.append((samples.run, samples.shown_from_s))


def keep_run(folder, run, *, series=1, epoch=None):
    """Writes a recording into a run's folder."""
    family = MetricFamily(
        name="things_total", kind=Kind.COUNTER, text="Things.", labels=("task",),
        keys=[(str(number),) for number in range(series)], values=np.zeros((series, 1, 2)),
    )  # fmt: skip
    made = MetricsRecording(
        policy="p", start=datetime(2026, 1, 5, tzinfo=UTC), epoch=epoch, pace_ratio=None,
        t_s=np.array([0.0, 60.0]), families=(family,),
    )  # fmt: skip
    (folder / run).mkdir()
    write_recording(made, folder / run)


def published(folder, sink, *records):
    """Outcomes after a publisher has heard of the records."""
    outcomes = []
    publisher = Publisher(folder, sink, lambda samples: samples, outcomes.append)
    for record in records:
        publisher.run_changed(record)
    publisher.stop(60.0)
    return outcomes


@pytest.mark.parametrize(
    ("changes", "yes"),
    [
        ({}, True),
        ({"labels": {"publish": "true"}}, True),
        ({"labels": {"publish": "false"}}, False),
        ({"replications": 3}, False),
        ({"state": RunState.RUNNING}, False),
        ({"state": RunState.FAILED}, False),
    ],
)
def test_single_runs_that_succeeded_are_published(changes, yes):
    """Comparisons, runs that did not succeed and runs that ask not to be are not."""
    assert is_published(replace(RECORD, **changes)) is yes


def test_a_published_run_begins_when_it_was_over(tmp_path):
    """The sink takes it under its id, to be shown from the instant it was over."""
    keep_run(tmp_path, "r")
    sink = Sink()
    assert published(tmp_path, sink, RECORD) == ["taken"]
    assert sink.runs == [("r", 5.0)]


def test_runs_that_cannot_be_published_are_counted(tmp_path):
    """No recording, too many series, an epoch ahead of the clock: failed, and the next run follows."""
    keep_run(tmp_path, "flood", series=MOST_SERIES + 1)
    keep_run(tmp_path, "ahead", epoch=datetime(2999, 1, 1, tzinfo=UTC))
    keep_run(tmp_path, "good")
    records = [replace(RECORD, run_id=run) for run in ("missing", "flood", "ahead", "good")]
    sink = Sink()
    assert published(tmp_path, sink, *records) == ["failed"] * 3 + ["taken"]
    assert sink.runs == [("good", 5.0)]


@pytest.mark.parametrize("error", [PushRejectedError("no"), ZeroDivisionError("what nobody expects")])
def test_a_sink_that_raises_stops_nothing(tmp_path, error):
    """Whatever a sink raises is counted, and the next run is handed to it."""
    keep_run(tmp_path, "r")
    assert published(tmp_path, Sink(error), RECORD, RECORD) == ["failed", "failed"]


def test_a_restart_shows_the_newest_again(tmp_path):
    """The newest published runs come back, oldest first; those that asked not to be do not."""
    store = MemoryStore()
    for number, run in enumerate(("oldest", "older", "quiet", "newest")):
        keep_run(tmp_path, run)
        os.utime(tmp_path / run / "series.npz", (number, number))
        store.add(replace(RECORD, run_id=run, labels={"publish": "false"} if run == "quiet" else {}))
    sink = Sink()
    publisher = Publisher(tmp_path, sink, lambda samples: samples, [].append)
    publisher.restore(store, 2)
    publisher.stop(60.0)
    assert [run for run, _from_s in sink.runs] == ["older", "newest"]


class AwaySink(Sink):
    """A receiver that is away for some tries."""

    def __init__(self, away):
        super().__init__()
        self.away = away

    def take(self, samples):
        """Takes a run when it is there."""
        if self.away:
            self.away -= 1
            raise PushRejectedError("away", is_retryable=True)
        super().take(samples)


@pytest.fixture
def no_wait(monkeypatch):
    """Tries that follow at once."""
    monkeypatch.setattr("wayfare.metrics.publisher.FIRST_WAIT_S", 0.001)


def test_a_receiver_that_comes_back_gets_every_run(tmp_path, no_wait):
    """However often it is away, runs are tried again in their order, and the mark goes when one is taken."""
    for run in ("a", "b"):
        keep_run(tmp_path, run)
    sink, outcomes = AwaySink(7), []
    publisher = Publisher(tmp_path, sink, lambda samples: samples, outcomes.append, "pending")
    for run in ("a", "b"):
        publisher.run_changed(replace(RECORD, run_id=run))
    while publisher.waiting_count:
        pass
    publisher.stop(60.0)
    assert [run for run, _from_s in sink.runs] == ["a", "b"]
    assert outcomes == ["taken", "taken"]
    assert not list(tmp_path.glob("*/pending"))


def test_a_restart_hands_on_what_was_left(tmp_path):
    """A server that ends while the receiver is away leaves the mark; the next one hands the run on."""
    store = MemoryStore()
    keep_run(tmp_path, "r")
    store.add(RECORD)
    first = Publisher(tmp_path, AwaySink(10**9), lambda samples: samples, [].append, "pending")
    first.run_changed(RECORD)
    first.stop(60.0)
    assert (tmp_path / "r" / "pending").exists()
    sink = Sink()
    second = Publisher(tmp_path, sink, lambda samples: samples, [].append, "pending")
    second.resume(store)
    second.stop(60.0)
    assert [run for run, _from_s in sink.runs] == ["r"]
    assert not (tmp_path / "r" / "pending").exists()


def test_what_no_receiver_takes_is_given_up(tmp_path):
    """A refusal that waiting does not change counts as failed once, and leaves no mark."""
    keep_run(tmp_path, "r")
    outcomes = []
    publisher = Publisher(
        tmp_path, Sink(PushRejectedError("no")), lambda samples: samples, outcomes.append, "m"
    )
    publisher.run_changed(RECORD)
    publisher.stop(60.0)
    assert outcomes == ["failed"]
    assert not list(tmp_path.glob("*/m"))
