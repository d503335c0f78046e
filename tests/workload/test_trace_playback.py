"""Recordings played on their own clock: scaled, looped, counted, and with their own lengths."""

from __future__ import annotations

import json
from datetime import UTC
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from recorded_files import ROLES, START, made, table
from simulator import simulate
from simulator.arrivals.pattern import ArrivalWindow
from simulator.arrivals.trace import MOST_PLAYED, TraceArrivals
from simulator.scenario.errors import InvalidScenarioError
from simulator.traces.errors import ArrivalParameterError
from world_cases import SMALL, scenario, with_stream

Recorded = partial(TraceArrivals, pattern="trace")


def played(path: Path, duration_s: float = 1e6, seed: int = 1, **options: object) -> np.ndarray:
    """Instants at which a recording plays."""
    window = ArrivalWindow(start=START, duration_s=duration_s, zone=UTC)
    recorded = Recorded(file=str(path), columns=ROLES, **options)
    return recorded.arrivals(window, np.random.default_rng(seed)).arrival_s


def test_rate_scale_thins_on_the_same_clock(tmp_path: Path) -> None:
    """Half the rate keeps about half of the rows at their own instants; fewer are among more."""
    path = table(tmp_path, list(range(2_000)))
    half, most = (played(path, rate_scale=scale) for scale in (0.5, 0.8))
    assert len(half) == pytest.approx(1_000, abs=4 * np.sqrt(500))
    assert set(half) < set(most) < set(range(2_000))
    assert set(half) != set(played(path, rate_scale=0.5, seed=2))


def test_rate_scale_multiplies_on_the_same_clock(tmp_path: Path) -> None:
    """Two and a half times the rate keeps the busy and the quiet hours, each row within its own gap."""
    times = [*np.arange(0, 1_000, 1.0), *np.arange(1_000, 2_000, 10.0)]
    path = table(tmp_path, [f"{at:g}" for at in times])
    found = played(path, rate_scale=2.5)
    busy = (found < 1_000).sum()
    assert busy == pytest.approx(2_500, abs=4 * np.sqrt(250))
    assert len(found) - busy == pytest.approx(250, abs=4 * np.sqrt(25))
    assert set(times) <= set(found.tolist())
    assert (np.diff(found) >= 0).all()
    per_second = np.histogram(found, bins=np.arange(0, 1_001))[0]
    assert set(per_second) <= {2, 3}


def test_copies_of_a_row_are_other_users(tmp_path: Path) -> None:
    """A copy shares neither session nor prompt with its row, but copies of one kind do among themselves."""
    path = tmp_path / "log.jsonl"
    rows = [{"ts": at, "in": 100, "out": 5, "s": "a", "b": [1, 2 + at]} for at in (0, 10)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    columns = {**ROLES, "session": "s", "prefix_blocks": "b"}
    recorded = Recorded(file=str(path), columns=columns, rate_scale=2.0, prefix_block_tokens=16)
    window = ArrivalWindow(start=START, duration_s=100.0, zone=UTC)
    found = recorded.arrivals(window, np.random.default_rng(1)).recorded
    own, other = [0, 2], [1, 3]
    assert found.session[0] == found.session[2]
    assert found.session[1] == found.session[3] != found.session[0]
    blocks = found.prefix_block.reshape(4, 2)
    assert blocks[0, 0] == blocks[2, 0]
    assert blocks[1, 0] == blocks[3, 0]
    assert not set(blocks[own].ravel()) & set(blocks[other].ravel())


def test_a_trace_that_ends_before_the_run_is_reported(tmp_path: Path) -> None:
    """Silence after the last row is told with the span; a loop or a fitting duration is not."""
    arrivals = {"pattern": "trace", "file": str(table(tmp_path, [0, 10, 20])), "columns": ROLES}
    (note,) = made(duration="1h", **with_stream(arrivals=arrivals)).notes
    assert "covers 30 s of the run's 3,600 s" in note
    assert made(duration="30s", **with_stream(arrivals=arrivals)).notes == ()
    assert made(duration="1h", **with_stream(arrivals={**arrivals, "loop": True})).notes == ()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"loop": True},
        {"rate_scale": 3.5},
        {"rate_scale": 0.5, "loop": True},
        {"time_scale": 2.0, "loop": True},
        {"window": (100.0, 300.0)},
        {"window": (100.0, 300.0), "loop": True, "rate_scale": 2.0},
    ],
)
def test_requests_are_counted_before_they_are_made(tmp_path: Path, options: dict[str, object]) -> None:
    """The estimate that limits stand on is what is played, within the noise of thinning."""
    path = table(tmp_path, list(range(0, 900, 3)))
    found = len(played(path, 2_500.0, **options))
    estimate = Recorded(file=str(path), columns=ROLES, **options).expected_count(2_500.0)
    assert estimate == pytest.approx(
        found, rel=0.02, abs=4 * np.sqrt(found) if "rate_scale" in options else 1
    )


def test_loops_of_one_instant_and_beyond_memory_are_refused(tmp_path: Path) -> None:
    """The number is told instead of a failing allocation."""
    for times, what in (([5, 5, 5], "infinitely many"), ([0, 1e-5], r"about 720,0\d\d,\d\d\d requests")):
        arrivals = {"pattern": "trace", "file": str(table(tmp_path, times)), "columns": ROLES, "loop": True}
        with pytest.raises(InvalidScenarioError, match=what):
            scenario(duration="2h", **with_stream(arrivals=arrivals))
    with pytest.raises(ArrivalParameterError, match="rate_scale|may play"):
        played(table(tmp_path, [0, 1, 2]), rate_scale=float(MOST_PLAYED))


@pytest.mark.parametrize("key", ["input_tokens", "output_tokens"])
def test_lengths_beside_a_trace_are_refused_unless_turns_follow(tmp_path: Path, key: str) -> None:
    """A recording has its lengths; later turns of conversations take the stream's."""
    arrivals = {"pattern": "trace", "file": str(table(tmp_path, [0, 10])), "columns": ROLES}
    with pytest.raises(InvalidScenarioError, match=f"{key}: has no effect beside a trace"):
        scenario(**with_stream(arrivals=arrivals, **{key: 5}))
    session = {"turns": 2, "think_time": "5s", "history": False}
    workload = made(**with_stream(arrivals=arrivals, session=session, **{key: 5}))
    later = getattr(workload, key.replace("tokens", "token_count"))[workload.turn == 1]
    assert set(later) == {5}


def test_a_stated_maximum_cuts_recorded_answers(tmp_path: Path) -> None:
    """`max_output_tokens` of the stream cuts answers and a recording's larger maximum."""
    path = tmp_path / "log.csv"
    path.write_text("ts,in,out,max\n0,9,500,\n1,9,30,900\n2,9,700,40\n", encoding="utf-8")
    arrivals = {"pattern": "trace", "file": str(path), "columns": {**ROLES, "max_output_tokens": "max"}}
    workload = made(**with_stream(arrivals=arrivals, max_output_tokens=50))
    assert workload.output_token_count.tolist() == [50, 30, 50]
    assert workload.max_output_token_count.tolist() == [50, 50, 50]


def test_recorded_requests_need_room_for_what_was_answered(tmp_path: Path) -> None:
    """A window is asked for the recorded answer; for a maximum only where somebody declared it."""
    path = tmp_path / "log.csv"
    path.write_text("ts,in,out,max\n0,131000,72,\n1,131000,72,72\n2,131000,72,73\n", encoding="utf-8")
    roles = {**ROLES, "max_output_tokens": "max"}
    arrivals = {"pattern": "trace", "file": str(path), "columns": roles}
    workload = made(**with_stream(arrivals=arrivals))
    assert workload.window_output_token_count.tolist() == [72, 72, 73]
    assert workload.max_output_token_count[0] > 72, "a router does not learn the recorded answer"
    assert made(**with_stream(arrivals=arrivals, max_output_tokens=100)).window_output_token_count[0] == 100
    fleet = [{**SMALL, "hardware": {"accelerator": "h100"}}]
    report = simulate(scenario(duration="60s", fleet=fleet, **with_stream(arrivals=arrivals))).report.plain
    assert report["requests"]["completed"] == 2
    assert report["requests"]["rejected"] == 1
