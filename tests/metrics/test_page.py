"""The page that is scraped: runs as they ended, runs that unfold, and no more than allowed."""

from __future__ import annotations

import mmap

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulator.report.metrics import Kind
from wayfare.metrics.families import MetricFamily, histogram_points
from wayfare.metrics.page import Page
from wayfare.metrics.sinks import RunSamples

STEPS = 7
FAMILIES = (
    MetricFamily(
        name="wayfare_things_total", kind=Kind.COUNTER, text="Things.", labels=("task",), keys=[("a",)],
        values=np.arange(STEPS, dtype=np.float64)[None, None, :],
    ),
    MetricFamily(
        name="wayfare_wait_seconds", kind=Kind.HISTOGRAM, text="Waits.", labels=(), keys=[()], edges=(1.0,),
        values=histogram_points(np.ones((1, 2, STEPS)).cumsum(axis=2), np.ones((1, STEPS))),
    ),
    MetricFamily(
        name="wayfare_level", kind=Kind.GAUGE, text="Level.", labels=(), keys=[()],
        values=np.array([[[1.0, 2.0, np.nan, np.nan, np.nan, np.nan, np.nan]]]),
    ),
)  # fmt: skip


def run_samples(run, pace_ratio=None):
    """Seven steps of a minute, shown from second 1000 on."""
    stamps = 1_767_225_600_000 + 60_000 * np.arange(STEPS)
    return RunSamples(
        run=run, policy="p", t_ms=stamps, families=FAMILIES, pace_ratio=pace_ratio, shown_from_s=1000.0
    )


@pytest.fixture
def page_at(tmp_path):
    """Makes a page and its clock, which can be set."""

    def make(now_s, most=8):
        clock = [now_s]
        return Page(most, tmp_path, lambda: clock[0]), clock

    return make


def things(page):
    """The counter by run."""
    families = {family.name: family for family in text_string_to_metric_families(page.text())}
    return {sample.labels["run"]: sample.value for sample in families["wayfare_things"].samples}


def test_a_run_without_a_pace_is_there_as_it_ended(page_at):
    """At full speed the last step is shown, at any time."""
    page, _clock = page_at(0.0)
    page.take(run_samples("r"))
    assert things(page) == {"r": 6.0}


def test_a_paced_run_unfolds_with_the_clock(page_at):
    """At 60x a simulated minute passes each second; before, at the first step; after, at the last."""
    page, clock = page_at(990.0)
    page.take(run_samples("r", pace_ratio=60.0))
    seen = []
    for now_s in (990.0, 1000.0, 1000.9, 1001.0, 1003.5, 1006.0, 9999.0):
        clock[0] = now_s
        seen.append(things(page)["r"])
    assert seen == [0.0, 0.0, 0.0, 1.0, 3.0, 6.0, 6.0]


def test_families_of_all_runs_stand_together(page_at):
    """The text format wants each family in one piece, whoever's runs are in it."""
    page, _clock = page_at(0.0)
    page.take(run_samples("one"))
    page.take(run_samples("two"))
    text = page.text()
    assert text.count("# TYPE wayfare_things_total counter") == 1
    assert things(page) == {"one": 6.0, "two": 6.0}
    waits = {family.name: family for family in text_string_to_metric_families(text)}["wayfare_wait_seconds"]
    assert waits.type == "histogram"
    assert len(waits.samples) == 8


def test_what_does_not_exist_has_no_line(page_at):
    """A level that ended with the duration is not on the page."""
    page, clock = page_at(1000.0)
    page.take(run_samples("r", pace_ratio=60.0))
    assert 'wayfare_level{run="r",policy="p"} 1.0' in page.text()
    clock[0] = 1002.0
    assert "wayfare_level{" not in page.text()


def test_the_newest_runs_win(page_at):
    """A run too many makes the oldest go; a run published again counts as new."""
    page, _clock = page_at(0.0, most=2)
    for run in ("a", "b", "a", "c"):
        page.take(run_samples(run))
    assert page.runs == ("a", "c")


def test_runs_that_are_gone_are_dropped(page_at):
    """Deleted runs leave the page."""
    page, _clock = page_at(0.0)
    for run in ("a", "b"):
        page.take(run_samples(run))
    page.keep(lambda run: run == "b")
    assert page.runs == ("b",)


def test_memory_holds_only_what_is_looked_at(page_at, tmp_path):
    """A run that ended keeps one step; a paced one keeps all in a file that nobody sees."""
    page, _clock = page_at(0.0)
    page.take(run_samples("over"))
    page.take(run_samples("paced", pace_ratio=60.0))
    over, paced = page._runs.values()
    assert len(over.samples.t_ms) == 1
    assert len(paced.samples.t_ms) == STEPS
    mapped = paced.samples.families[0].values
    assert isinstance(mapped.base, np.memmap | mmap.mmap) or isinstance(mapped, np.memmap)
    assert list(tmp_path.iterdir()) == []
