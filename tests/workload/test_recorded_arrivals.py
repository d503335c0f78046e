"""How a recording plays: windows, scales, loops, copies, notes, on recordings made in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator.arrivals import trace as playing
from simulator.arrivals.pattern import ArrivalWindow
from simulator.arrivals.trace import MOST_PLAYED, ReplayPass, TraceArrivals
from simulator.traces.errors import ArrivalParameterError
from simulator.traces.trace import Trace

if TYPE_CHECKING:
    from simulator.arrivals.pattern import Arrivals

Recorded = partial(TraceArrivals, pattern="trace")

INT = np.int64


def trace(seconds: list[float], **changes: object) -> Trace:
    """Rows at these seconds; row i has 10 + i tokens in, 20 + i out, and the block 100 + i."""
    count = len(seconds)
    fields = {
        "arrival_s": np.array(seconds, np.float64),
        "input_token_count": np.arange(10, 10 + count, dtype=np.int32),
        "output_token_count": np.arange(20, 20 + count, dtype=np.int32),
        "max_output_token_count": np.arange(30, 30 + count, dtype=np.int32),
        "session": np.full(count, -1, INT),
        "prefix_offset": np.arange(count + 1, dtype=INT),
        "prefix_block": np.arange(100, 100 + count, dtype=INT),
        "read_row_count": count,
    }
    return Trace(**{**fields, **changes})


def played(made: Trace, duration_s: float, seed: int = 1, **options: object) -> Arrivals:
    """What plays of it."""
    window = ArrivalWindow(start=datetime(2026, 1, 1, tzinfo=UTC), duration_s=duration_s, zone=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playing, "read_trace", lambda *_, **_keys: made)
        return Recorded(file="x", **options).arrivals(window, np.random.default_rng(seed))


def test_a_recording_is_read_as_it_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """File, format, columns and unit of time go to the reader, in this order."""
    asked = []
    monkeypatch.setattr(playing, "read_trace", lambda *told, **_keys: asked.append(told))
    Recorded(file="f", format="azure", columns={"timestamp": "t"}, time_unit="ms").trace()
    Recorded(file="g").trace()
    assert asked == [("f", "azure", {"timestamp": "t"}, "ms"), ("g", None, None, None)]


@pytest.mark.parametrize(
    ("options", "duration_s", "seconds"),
    [
        ({}, 9.0, [0.0, 1.0, 4.0]),
        ({}, 9.5, [0.0, 1.0, 4.0, 9.0]),
        ({"time_scale": 2.0}, 100.0, [0.0, 2.0, 8.0, 18.0]),
        ({"window": (1.0, 9.0)}, 100.0, [0.0, 3.0]),
        ({"window": (0.5, 9.5)}, 100.0, [0.5, 3.5, 8.5]),
        ({"window": (2.0, 9.0), "time_scale": 2.0}, 100.0, [0.0, 6.0]),
        ({"loop": True}, 26.0, [0.0, 1.0, 4.0, 9.0, 12.0, 13.0, 16.0, 21.0, 24.0, 25.0]),
        ({"loop": True}, 12.0, [0.0, 1.0, 4.0, 9.0]),
        ({"loop": True, "window": (1.0, 7.0)}, 13.0, [0.0, 3.0, 6.0, 9.0, 12.0]),
        ({"window": (100.0, 200.0), "loop": True}, 50.0, []),
    ],
)
def test_rows_play_on_their_scaled_clock(options: dict, duration_s: float, seconds: list[float]) -> None:
    """From the window's start, to before its end and the run's; again after a mean gap or the window."""
    assert played(trace([0.0, 1.0, 4.0, 9.0]), duration_s, **options).arrival_s.tolist() == seconds


@pytest.mark.parametrize(
    ("seconds", "options", "span_s"),
    [
        ([0.0, 1.0, 4.0, 9.0], {}, 12.0),
        ([0.0, 1.0, 4.0, 9.0], {"time_scale": 0.5}, 6.0),
        ([0.0], {"time_scale": 3.0}, 3.0),
        ([0.0, 0.0], {}, 1e-9),
        ([0.0, 1.0, 4.0], {"window": (1.0, 11.0)}, 10.0),
        ([0.0, 1.0, 4.0], {"window": (50.0, 60.0)}, 0.0),
    ],
)
def test_a_pass_takes_its_seconds(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float], options: dict, span_s: float
) -> None:
    """To the last arrival and a mean gap on, or the window; a single row takes a scaled second."""
    monkeypatch.setattr(playing, "read_trace", lambda *_, **_keys: trace(seconds))
    assert Recorded(file="x", **options).span_s() == pytest.approx(span_s)


@pytest.mark.parametrize(
    ("seconds", "options", "count"),
    [
        ([0.0, 1.0, 4.0, 9.0], {}, 4.0),
        ([0.0, 1.0, 4.0, 10.0], {}, 3.0),
        ([0.0, 1.0, 4.0, 9.0], {"rate_scale": 2.5}, 10.0),
        ([0.0, 1.0, 4.0, 6.0], {"loop": True, "rate_scale": 2.0}, 4 * 10 / 8 * 2.0),
        ([0.0, 1.0, 4.0, 90.0], {"loop": True}, 4.0),
        ([0.0, 0.0], {"loop": True}, inf),
        ([0.0, 0.0], {}, 2.0),
        ([0.0], {"loop": True, "window": (0.0, 5.0)}, 2.0),
        ([0.0, 1.0], {"loop": True, "window": (7.0, 9.0)}, 0.0),
        ([0.0, 1.0], {"window": (7.0, 9.0)}, 0.0),
    ],
)
def test_the_requests_of_ten_seconds_are_estimated(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float], options: dict, count: float
) -> None:
    """Rows within the run, times the passes of a loop, times the scale."""
    monkeypatch.setattr(playing, "read_trace", lambda *_, **_keys: trace(seconds))
    assert Recorded(file="x", **options).expected_count(10.0) == pytest.approx(count)


@pytest.mark.parametrize(
    ("options", "duration_s", "parameter", "what"),
    [
        ({"loop": True}, 10.0, "loop", "all 2 rows are at one instant"),
        ({"rate_scale": 3e7}, 10.0, "rate_scale", "about 60,000,000 requests .* may play 50,000,000"),
    ],
)
def test_what_no_memory_holds_is_refused(options: dict, duration_s: float, parameter: str, what: str) -> None:
    """The parameter that asks for it is named; the most that may be played may be."""
    with pytest.raises(ArrivalParameterError, match=what) as raised:
        played(trace([0.0, 0.0]), duration_s, **options)
    assert raised.value.parameter == parameter
    with pytest.raises(ArrivalParameterError, match="about 50,000,002") as raised:
        played(trace([0.0, 1.0]), float(MOST_PLAYED + 2), loop=True)
    assert raised.value.parameter == "loop"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playing, "read_trace", lambda *_, **_keys: trace([0.0, 1.0]))
        Recorded(file="x", rate_scale=MOST_PLAYED / 2.0).demand_playable(10.0)


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.0, 2.3])
def test_rows_are_thinned_or_played_again_by_their_draws(scale: float) -> None:
    """Row i plays floor(scale) times, once more below the rest; copies lie within the gap that follows."""
    second, row = np.array([0.0, 2.0, 3.0, 9.0]), np.array([5, 6, 7, 8])
    draws = np.random.default_rng(3)
    found = Recorded(file="x", rate_scale=scale)._scaled(second, row, np.random.default_rng(3))
    if scale == 1.0:
        expected = [(at, number, 0) for at, number in zip(second.tolist(), row.tolist(), strict=True)]
    else:
        times = [int(scale) + int(draw < scale - int(scale)) for draw in draws.random(4)]
        later = iter(draws.random(sum(times)).tolist())
        gaps = [2.0, 1.0, 6.0, 3.0]
        expected = sorted(
            (at + (move * gap if copy else 0.0), number, copy)
            for at, number, gap, many in zip(second.tolist(), row.tolist(), gaps, times, strict=True)
            for copy, move in ((copy, next(later)) for copy in range(many))
        )
    assert found.second.tolist() == pytest.approx([one[0] for one in expected])
    assert found.row.tolist() == [one[1] for one in expected]
    assert found.copy.tolist() == [one[2] for one in expected]


def test_one_row_and_none_are_scaled_too() -> None:
    """A single row has no gap: its copies come with it; of nothing comes nothing."""
    twice = Recorded(file="x", rate_scale=2.0)
    found = twice._scaled(np.array([4.0]), np.array([0]), np.random.default_rng(1))
    assert found.second[0] == 4.0
    assert 4.0 < found.second[1] < 8.0
    nothing = twice._scaled(np.zeros(0), np.zeros(0, INT), np.random.default_rng(1))
    assert (len(nothing.second), len(nothing.row), len(nothing.copy)) == (0, 0, 0)


def test_played_rows_keep_what_was_recorded_of_them() -> None:
    """Lengths, limits, sessions and blocks of each row, in a second pass too."""
    made = trace(
        [0.0, 1.0, 3.0],
        session=np.array([4, -1, 4]),
        prefix_offset=np.array([0, 2, 2, 3]),
        prefix_block=np.array([7, 8, 9]),
        block_tokens=64,
    )
    found = played(made, 5.6, loop=True).recorded
    assert found.input_token_count.tolist() == [10, 11, 12, 10, 11]
    assert found.output_token_count.tolist() == [20, 21, 22, 20, 21]
    assert found.max_output_token_count.tolist() == [30, 31, 32, 30, 31]
    assert found.session.tolist() == [4, -1, 4, 4, -1]
    assert found.prefix_offset.tolist() == [0, 2, 2, 3, 5, 5]
    assert found.prefix_block.tolist() == [7, 8, 9, 7, 8]
    assert found.prefix_block_tokens == 64


@pytest.mark.parametrize(("stated", "known", "size"), [(None, None, 512), (None, 16, 16), (32, 16, 32)])
def test_a_blocks_size_is_stated_or_known_or_mooncakes(stated: int, known: int, size: int) -> None:
    """In this order."""
    recorded = Recorded(file="x", prefix_block_tokens=stated)
    assert recorded.block_tokens(SimpleNamespace(block_tokens=known)) == size


def test_copies_are_numbered_apart() -> None:
    """As they are where there is one copy; else dense, each copy's above those of the one before."""
    number, copy = np.array([70, -5, 70, 9]), np.array([0, 1, 2, 0])
    assert playing._apart(number, np.zeros(4, INT)).tolist() == number.tolist()
    assert playing._apart(number, copy).tolist() == [2, 3, 8, 1]
    assert playing._sessions(np.array([0, 3, -1, 0]), copy).tolist() == [1, 5, -1, 1]


def test_rows_that_do_not_play_are_counted_by_reason() -> None:
    """Outside the window, thinned, after the run's end; beside those that could not be read."""
    made = trace([float(i) for i in range(20)], dropped_row_count={"bad": 2, "outside the window": 1})
    found = played(made, 8.0, window=(5.0, 17.0), rate_scale=0.5, seed=4)
    kept = np.random.default_rng(4).random(12) < 0.5
    after = int(kept[8:].sum())
    assert found.dropped_row_count == {
        "bad": 2,
        "outside the window": 9,
        "left out by rate_scale": 12 - int(kept.sum()),
        "after the run's duration": after,
    }
    assert found.arrival_s.tolist() == np.flatnonzero(kept[:8]).tolist()
    assert played(trace([0.0, 1.0]), 8.0).dropped_row_count == {}


@pytest.mark.parametrize(
    ("duration_s", "options", "notes"),
    [
        (12.0, {}, ["known"]),
        (12.12, {}, ["known"]),
        (12.13, {}, ["known", "the trace covers 12 s of the run's 12 s"]),
        (5_000.0, {"loop": True}, ["known"]),
        (9.0, {}, ["known", "3 of the trace's 4 rows are played"]),
        (5_000.0, {"time_scale": 100.5}, ["known", "covers 1,206 s of the run's 5,000 s"]),
    ],
)
def test_what_a_recording_leaves_empty_is_told(duration_s: float, options: dict, notes: list[str]) -> None:
    """Its own notes first; rows that do not play; a run that goes on for more than a hundredth longer."""
    found = played(trace([0.0, 1.0, 4.0, 9.0], notes=("known",)), duration_s, **options).notes
    assert len(found) == len(notes)
    assert all(part in note for part, note in zip(notes, found, strict=True))


def test_a_fitting_duration_is_rounded_up() -> None:
    """Whole seconds that hold the last gap."""
    (note,) = played(trace([0.0, 1.0, 4.0, 9.25]), 100.0).notes
    assert note == (
        "the trace covers 12 s of the run's 100 s and nothing arrives afterwards; "
        "give duration: 13s, or loop: true to repeat it"
    )


def test_a_pass_is_repeated_until_the_end() -> None:
    """Seconds, rows and copies, pass after pass; without loop once."""
    once = ReplayPass(second=np.array([0.0, 2.0]), row=np.array([3, 5]), copy=np.array([0, 1]))
    found = Recorded(file="x", loop=True)._repeated(once, 4.0, 9.0)
    assert found.second.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert (found.row.tolist(), found.copy.tolist()) == ([3, 5, 3, 5, 3], [0, 1, 0, 1, 0])
    assert len(Recorded(file="x")._repeated(once, 4.0, 9.0).second) == 2
    assert len(Recorded(file="x", loop=True)._repeated(once, 0.0, 9.0).second) == 2
