"""The pieces that read and describe recordings, on arrays and small tables with exact answers."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from catalogs.errors import Fault
from simulator.traces import InvalidTraceError, clock, convert_trace, inspect_trace, read_trace
from simulator.traces.blocks import Blocks, largest_block_tokens, no_blocks
from simulator.traces.calls import CACHE_HIT, EMBEDDING, FAILED_CALL, NO_TEXT
from simulator.traces.clock import NO_INSTANT, TimeUnitError, epoch_unit, times_of
from simulator.traces.conversion import write_whole
from simulator.traces.notes import notes_of
from simulator.traces.reading import (
    BAD_INPUT,
    BAD_OUTPUT,
    BAD_PREFIX,
    BAD_TIMESTAMP,
    NO_OUTPUT,
    counts,
    sessions,
    token_counts,
)
from simulator.traces.registry import (
    TRACE_FORMATS,
    ColumnMapError,
    UnknownTraceFormatError,
    trace_columns,
)
from simulator.traces.statistics import trace_statistics
from simulator.traces.trace import Trace, TraceClock

INT = np.int64
MAP = {"timestamp": "ts", "input_tokens": "in", "output_tokens": "out"}
NAN = float("nan")


def trace(seconds: list[float], **changes: object) -> Trace:
    """Rows at these seconds, with nothing but lengths."""
    count = len(seconds)
    fields = {
        "arrival_s": np.array(seconds, np.float64),
        "input_token_count": np.arange(10, 10 + count, dtype=np.int32),
        "output_token_count": np.arange(30, 30 - count, -1, dtype=np.int32),
        "max_output_token_count": np.zeros(count, np.int32),
        "session": np.full(count, -1, INT),
        "prefix_offset": np.zeros(count + 1, INT),
        "prefix_block": np.zeros(0, INT),
        "read_row_count": count,
    }
    return Trace(**{**fields, **changes})


def written(path: Path, rows: list[object], header: str = "ts,in,out") -> Path:
    """A file of JSON lines where rows are dictionaries, else CSV."""
    text = (
        "".join(json.dumps(row) + "\n" for row in rows)
        if isinstance(rows[0], dict)
        else "\n".join([header, *map(str, rows)]) + "\n"
    )
    path.write_text(text, encoding="utf-8")
    return path


def no_instants(count: int) -> np.ndarray:
    """Times that are not written as instants."""
    return np.full(count, NO_INSTANT)


@pytest.mark.parametrize(("unit", "per_s"), [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_epochs_are_told_from_2000_to_2099(unit: str, per_s: float) -> None:
    """The first instant belongs to it, the last does not, in every unit."""
    first = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
    last = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
    assert epoch_unit(first * per_s) == unit
    assert epoch_unit((last - 1.0) * per_s) == unit
    assert epoch_unit((first - 1.0) * per_s) != unit
    assert epoch_unit(last * per_s) != unit
    assert epoch_unit(5.0) is None


@pytest.mark.parametrize(
    ("stated", "usual", "unit", "basis"),
    [
        ("ms", "s", "ms", "stated"),
        (None, "ms", "ms", "the format's"),
        (None, None, "s", "assumed"),
        ("s", None, "s", "stated"),
    ],
)
def test_small_numbers_count_in_the_stated_or_usual_unit(
    stated: str | None, usual: str | None, unit: str, basis: str
) -> None:
    """From the earliest, whatever the order; a row without one has none; there is no first instant."""
    found = times_of(np.array([7_000.0, NAN, 2_000.0]), no_instants(3), stated, usual)
    factor = {"s": 1.0, "ms": 1e-3}[unit]
    np.testing.assert_allclose(found.second, [5_000.0 * factor, NAN, 0.0])
    assert found.astray.tolist() == [False] * 3
    assert found.clock == TraceClock(unit=unit, basis=basis, start=None)


@pytest.mark.parametrize(
    ("stated", "usual", "basis"),
    [(None, "s", "recognised"), ("ms", None, "stated"), (None, None, "recognised")],
)
def test_epochs_begin_at_their_first_instant_and_others_are_astray(
    stated: str | None, usual: str | None, basis: str
) -> None:
    """A time of 1999, of 2100 or 0 among this century's is far outside, and moves none of the others."""
    at = datetime(2025, 3, 1, 10, tzinfo=UTC)
    first_ms = at.timestamp() * 1e3
    limits = [datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1e3 for year in (2000, 2100)]
    number = np.array([first_ms + 2_500.0, first_ms, 0.0, NAN, limits[0] - 1.0, limits[1], first_ms + 10.0])
    found = times_of(number, no_instants(7), stated, usual)
    np.testing.assert_allclose(found.second, [2.5, 0.0, NAN, NAN, NAN, NAN, 0.01], atol=1e-6)
    assert found.astray.tolist() == [False, False, True, False, True, True, False]
    assert found.clock == TraceClock(unit="ms", basis=basis, start=at)
    edge = times_of(np.array([limits[0], limits[0] + 5e3, limits[0] + 9e3]), no_instants(3), None, None)
    assert edge.second.tolist() == [0.0, 5.0, 9.0]


def test_instants_as_written_are_read_to_the_nanosecond() -> None:
    """From the earliest of 2000 to 2099; others are astray; texts that are none have no time."""
    base = int(datetime(2025, 3, 1, tzinfo=UTC).timestamp()) * 10**9
    low, high = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 10**9 for year in (2000, 2100))
    instants = np.array([base + 2_500, base + 10**9, NO_INSTANT, low - 1, high, base + 1_000])
    found = times_of(np.full(6, NAN), instants, None, "ms")
    np.testing.assert_allclose(found.second, [1.5e-6, 0.999999, NAN, NAN, NAN, 0.0], rtol=1e-9)
    assert found.astray.tolist() == [False, False, False, True, True, False]
    start = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(microseconds=1)
    assert found.clock == TraceClock(unit="ISO 8601", basis="written", start=start)
    edge = times_of(np.full(2, NAN), np.array([low, high - 1]), None, None)
    assert not edge.astray.any()
    none = times_of(np.full(2, NAN), no_instants(2), "ms", None)
    assert np.isnan(none.second).all()
    assert none.clock == TraceClock(unit="ISO 8601", basis="written", start=None)
    astray = times_of(np.full(2, NAN), np.array([high, NO_INSTANT]), None, None)
    assert np.isnan(astray.second).all()
    assert astray.astray.tolist() == [True, False]


def test_numbers_are_believed_where_at_least_half_of_the_times_are_numbers() -> None:
    """One of two; one of three makes the others' instants the times."""
    instant = int(datetime(2025, 3, 1, tzinfo=UTC).timestamp()) * 10**9
    half = times_of(np.array([3.0, NAN]), np.array([NO_INSTANT, instant]), None, None)
    assert (half.clock.unit, half.second[0]) == ("s", 0.0)
    third = times_of(np.array([3.0, NAN, NAN]), np.array([NO_INSTANT, instant, instant]), None, None)
    assert third.clock.unit == "ISO 8601"
    with pytest.raises(TimeUnitError, match="time_unit 's' has no effect"):
        times_of(np.array([3.0, NAN, NAN]), np.array([NO_INSTANT, instant, instant]), "s", None)


def test_times_may_span_twenty_years_and_lie_before_2100() -> None:
    """Not a second more; the message says how they were read and what else to say."""
    span = 20 * 365.25 * 86_400.0
    assert times_of(np.array([0.0, span]), no_instants(2), None, None).second[1] == span
    with pytest.raises(TimeUnitError, match=r"in seconds \(assumed\) the times span 20 y.*: ms, us, ns"):
        times_of(np.array([0.0, span + 1.0]), no_instants(2), None, None)
    with pytest.raises(TimeUnitError, match=r"in milliseconds \(stated\) .* the year 2,100; .*: s, us, ns"):
        clock.demand_possible(np.array([4_102_444_800.0]), "ms", stated=True)
    clock.demand_possible(np.array([4_102_444_799.0]), "ms", stated=True)


def test_a_later_first_row_moves_the_clock() -> None:
    """By as many seconds; without an instant there is nothing to move."""
    start = datetime(2025, 3, 1, tzinfo=UTC)
    moved = TraceClock(unit="s", basis="recognised", start=start).later(2.5)
    assert moved == TraceClock(unit="s", basis="recognised", start=start + timedelta(seconds=2.5))
    idle = TraceClock(unit="s", basis="assumed")
    assert idle.later(2.5) == idle


def test_a_trace_in_figures_is_plain_arithmetic() -> None:
    """Gaps of 1, 3 and 4 seconds; sessions, blocks and clock as they stand."""
    start = datetime(2025, 3, 1, tzinfo=UTC)
    made = trace(
        [0.0, 1.0, 4.0, 8.0],
        input_token_count=np.array([1, 2, 3, 10], np.int32),
        output_token_count=np.array([4, 2, 3, 1], np.int32),
        session=np.array([0, 3, -1, 0]),
        prefix_offset=np.array([0, 2, 4, 5, 5]),
        prefix_block=np.array([5, 6, 5, 7, 5]),
        read_row_count=6,
        dropped_row_count={"bad": 2},
        format="azure",
        clock=TraceClock(unit="ms", basis="stated", start=start),
        block_tokens=16,
        largest_block_tokens=20,
        unused_fields=("score",),
        model_count={"m": 4},
        notes=("note",),
    )
    found = trace_statistics(made).to_dict()
    cv = np.std([1.0, 3.0, 4.0]) / (8.0 / 3.0)
    quantiles = {"p10": 1.3, "p50": 2.5, "p90": 7.9, "p95": 8.95, "p99": 9.79}
    assert found.pop("input_tokens") == pytest.approx({"mean": 4.0, **quantiles, "max": 10})
    assert found.pop("output_tokens")["p50"] == 2.5
    assert found.pop("length_correlation") == pytest.approx(-0.8)
    assert found == {
        "format": "azure",
        "row_count": 6,
        "used_row_count": 4,
        "dropped_row_count": {"bad": 2},
        "time_unit": "ms",
        "time_basis": "stated",
        "start": "2025-03-01T00:00:00+00:00",
        "span_s": 8.0,
        "rate_per_s": 3.0 / 8.0,
        "interarrival_cv": pytest.approx(cv),
        "burstiness": pytest.approx((cv - 1.0) / (cv + 1.0)),
        "session_count": 2,
        "prefix_block_count": 5,
        "prefix_reuse_ratio": pytest.approx(0.4),
        "prefix_block_tokens": 16,
        "largest_prefix_block_tokens": 20,
        "model_count": {"m": 4},
        "unused_fields": ("score",),
        "notes": ("note",),
    }


def test_figures_that_too_few_rows_give_are_nan() -> None:
    """One row has no rate, no variation and no correlation; without blocks there is no reuse."""
    found = trace_statistics(trace([0.0]))
    for value in (found.rate_per_s, found.interarrival_cv, found.burstiness, found.length_correlation):
        assert np.isnan(value)
    assert np.isnan(found.prefix_reuse_ratio)
    assert (found.start, found.span_s, found.session_count) == (None, 0.0, 0)
    same = trace([0.0, 0.0, 0.0], output_token_count=np.full(3, 7, np.int32))
    assert np.isnan(trace_statistics(same).interarrival_cv)
    assert np.isnan(trace_statistics(same).length_correlation)
    other = trace([0.0, 0.0, 0.0], input_token_count=np.full(3, 7, np.int32))
    assert np.isnan(trace_statistics(other).length_correlation)
    assert trace_statistics(trace([0.0, 1.0])).length_correlation == pytest.approx(-1.0)


def test_equal_lengths_rank_in_the_order_of_their_rows() -> None:
    """Ties by order: a stable sort of each column."""
    tied = trace(
        [0.0, 1.0, 2.0, 3.0],
        input_token_count=np.array([5, 5, 5, 1], np.int32),
        output_token_count=np.array([9, 9, 2, 2], np.int32),
    )
    ranks = np.corrcoef([1, 2, 3, 0], [2, 3, 0, 1])[0, 1]
    assert trace_statistics(tied).length_correlation == pytest.approx(ranks)


def test_token_counts_are_whole_numbers_from_one_to_two_to_the_31() -> None:
    """Everything else is 0, the mark of none."""
    values = np.array([1.0, 0.99, 0.0, -4.0, 2.5, NAN, np.inf, 2.0**31 - 1.0, 2.0**31, 640.0])
    assert token_counts(values).tolist() == [1, 0, 0, 0, 0, 0, 0, 2**31 - 1, 0, 640]
    assert token_counts(values).dtype == np.int32


def test_sessions_are_numbered_by_their_first_appearance() -> None:
    """Numbers and texts alike; none is -1."""
    assert sessions(np.array(["b", None, "a", "b", 7, "7"], object)).tolist() == [0, -1, 1, 0, 2, 2]


def test_texts_are_counted_most_frequent_first() -> None:
    """Equal counts in the order of their names; an empty text is none."""
    found = counts(np.array(["b", "", "c", "a", "c", "b", ""], object))
    assert list(found.items()) == [("b", 2), ("c", 2), ("a", 1)]
    assert counts(np.array(["", ""], object)) == {}


def test_blocks_of_rows_are_picked_in_any_order() -> None:
    """Each row's own, end to end."""
    blocks = Blocks(length=np.array([2, 0, 1]), block=np.array([7, 8, 9]), unreadable=np.zeros(3, bool))
    offset, block = blocks.of_rows(np.array([2, 0, 1]))
    assert (offset.tolist(), block.tolist()) == ([0, 1, 3, 3], [9, 7, 8])
    none = no_blocks(3)
    assert (none.length.tolist(), none.block.tolist()) == ([0, 0, 0], [])
    assert none.unreadable.tolist() == [False] * 3


@pytest.mark.parametrize(
    ("length", "prompt", "largest"),
    [([2], [17], 16), ([2], [16], 15), ([3, 5], [100, 41], 10), ([1, 0], [1, 1], None), ([3], [2], 0)],
)
def test_the_largest_block_leaves_a_token_for_the_last(
    length: list[int], prompt: list[int], largest: int | None
) -> None:
    """(n - 1) b < L for every row of two blocks and more."""
    assert largest_block_tokens(np.array(length), np.array(prompt, np.int32)) == largest


def test_each_unusable_row_is_counted_by_its_first_reason(tmp_path: Path) -> None:
    """A time, tokens, blocks: rows that have what they need are the trace, by arrival, ties in file order."""
    good = {"ts": 5, "in": 100, "out": 10, "b": [1]}
    rows = [
        good,
        {**good, "ts": "soon"},
        {**good, "in": 0},
        {**good, "in": 2.5},
        {**good, "out": 0},
        {**good, "out": -1},
        {**good, "out": 2**31},
        {**good, "b": [1, None]},
        {**good, "in": 0, "out": 0},
        {**good, "ts": 3, "in": 7},
        {**good, "in": 8, "b": []},
    ]
    found = read_trace(written(tmp_path / "t", rows), columns={**MAP, "prefix_blocks": "b"})
    assert found.dropped_row_count == {
        BAD_TIMESTAMP: 1,
        BAD_INPUT: 3,
        NO_OUTPUT: 1,
        BAD_OUTPUT: 2,
        BAD_PREFIX: 1,
    }
    assert next(iter(found.dropped_row_count)) == BAD_INPUT
    assert found.arrival_s.tolist() == [0.0, 2.0, 2.0]
    assert found.input_token_count.tolist() == [7, 100, 8]
    assert found.prefix_offset.tolist() == [0, 1, 2, 2]
    assert (found.read_row_count, len(found)) == (11, 3)
    assert (found.format, found.clock.basis) == ("jsonl", "assumed")
    assert (found.block_tokens, found.largest_block_tokens, found.model_count) == (None, None, {})


def test_a_file_of_unusable_rows_names_the_first_five(tmp_path: Path) -> None:
    """After a line that says how many there are."""
    path = written(tmp_path / "t.csv", [f"{at},0,5" for at in range(7)])
    with pytest.raises(InvalidTraceError) as raised:
        read_trace(path, columns=MAP)
    summary, *shown = raised.value.faults
    assert summary == Fault(str(path), "file", "none of its 7 rows can be used")
    assert shown == [Fault(str(path), f"row {row}", BAD_INPUT) for row in range(2, 7)]
    assert str(raised.value).splitlines() == [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("rows", "header", "where", "what"),
    [
        (["1,2"], "ts,in", "row 1", "no field 'out'; found: 'ts', 'in'"),
        (["1"], "x", "row 1", "no field 'ts', 'in', 'out'; found: 'x'"),
        ([], "ts,in,out", "file", "none of its 0 rows can be used: has no rows"),
    ],
)
def test_files_without_what_a_trace_needs_say_so(
    tmp_path: Path, rows: list[str], header: str, where: str, what: str
) -> None:
    """Fields and rows."""
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    with pytest.raises(InvalidTraceError) as raised:
        read_trace(path, "csv", columns=MAP)
    (fault,) = raised.value.faults
    assert (fault.path, fault.what) == (where, what)


@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        ("status", {FAILED_CALL: ["Error ", 400, "503"], "": ["ok", 399, "200", None]}),
        (
            "cache_hit",
            {CACHE_HIT: ["true", " True", "1", "1.0", "HIT", "yes", "t"], "": ["false", "0", None]},
        ),
        (
            "call_type",
            {
                EMBEDDING: ["aembedding", "Embed"],
                "": [
                    *("acompletion", "chat", "aresponses", "anthropic_messages", "generate_content"),
                    *("generateContent", "pass_through_endpoint", "converse", "generation", " ", "", None),
                ],
                NO_TEXT: [
                    *("image_generation", "video_generation", "batch_completion", "count_messages"),
                    *("file_completion", "list_responses", "delete_response", "get_responses", "rerank"),
                    *("vector_completion", "moderation_chat", "speech_generation", "transcription_chat"),
                ],
            },
        ),
    ],
)
def test_calls_that_are_no_requests_are_told_by_their_words(
    tmp_path: Path, kind: str, reasons: dict[str, list[object]]
) -> None:
    """A status, a hit, a kind of call: each word that says so, however it is spelt, and none beside."""
    told = [(reason, word) for reason, words in reasons.items() for word in words]
    rows = [{"ts": at, "in": 5 + at, "out": 6, "s": word} for at, (_reason, word) in enumerate(told)]
    found = read_trace(written(tmp_path / "t", rows), columns={**MAP, kind: "s"})
    used = [5 + at for at, (reason, _word) in enumerate(told) if not reason]
    assert found.input_token_count.tolist() == used
    assert found.dropped_row_count == {reason: len(words) for reason, words in reasons.items() if reason}


def test_a_files_own_block_size_comes_before_its_formats(tmp_path: Path) -> None:
    """Where all rows agree; where they differ it is refused."""
    header = "arrival_s,input_tokens,output_tokens,prefix_blocks,prefix_block_tokens"
    path = written(tmp_path / "t.csv", ["0,65,5,1 2,64", "1,65,5,1 3,64"], header)
    found = read_trace(path)
    assert (found.format, found.block_tokens, found.largest_block_tokens) == ("wayfare", 64, 64)
    written(path, ["0,65,5,1 2,64", "1,65,5,1 3,32"], header)
    with pytest.raises(InvalidTraceError, match="prefix_block_tokens differ: 32, 64"):
        read_trace(path)


def test_fields_without_a_role_are_told_in_their_order(tmp_path: Path) -> None:
    """Those of nested objects by their own path; a map's fields have a role, and so has what holds them."""
    rows = [{"ts": 1, "in": 5, "u": {"out": 6, "x": 1}, "z": 1, "a": 2}]
    found = read_trace(written(tmp_path / "t", rows), columns={**MAP, "output_tokens": "u.out"})
    assert {"z", "a"} <= set(found.unused_fields)
    assert not {"ts", "in", "u", "u.out"} & set(found.unused_fields)


def test_fields_deep_inside_have_their_roles(tmp_path: Path) -> None:
    """A time written as an instant and a count, three objects down; what holds them is not unused."""
    rows = [{"in": 5, "u": {"v": {"ts": f"2025-03-01T10:00:0{at}Z", "out": 6}}} for at in (1, 4)]
    columns = {**MAP, "timestamp": "u.v.ts", "output_tokens": "u.v.out"}
    found = read_trace(written(tmp_path / "t", rows), columns=columns)
    assert found.arrival_s.tolist() == [0.0, 3.0]
    assert (found.output_token_count.tolist(), found.unused_fields) == ([6, 6], ())


@pytest.mark.parametrize(
    ("clocked", "changes", "notes"),
    [
        (("s", "recognised", 5), {}, ["times were read as seconds since 1970, from 2025-03-01 10:00:05 UTC"]),
        (("ns", "recognised", None), {}, ["times were read as nanoseconds since 1970"]),
        (("ms", "the format's", None), {}, ["times have fractions of a millisecond"]),
        (("ms", "stated", None), {}, []),
        (("s", "the format's", None), {}, []),
        (("ms", "the format's", None), {"arrival_s": np.array([0.0, 0.25, 3.001])}, []),
        (("s", "assumed", None), {"block_tokens": 17, "largest_block_tokens": 16}, ["blocks of 17 tokens"]),
        (("s", "assumed", None), {"block_tokens": 16, "largest_block_tokens": 16}, []),
        (("s", "assumed", None), {"block_tokens": 16}, []),
    ],
)
def test_notes_say_what_a_reader_should_know(clocked: tuple, changes: dict, notes: list[str]) -> None:
    """Units that were recognised, odd fractions, blocks larger than prompts leave room for."""
    unit, basis, second = clocked
    start = None if second is None else datetime(2025, 3, 1, 10, 0, second, tzinfo=UTC)
    made = trace([0.0, 0.0015, 0.5], **{"clock": TraceClock(unit=unit, basis=basis, start=start), **changes})
    found = list(notes_of(made))
    assert len(found) == len(notes)
    assert all(part in note for part, note in zip(notes, found, strict=True))


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"TIMESTAMP": 1, "ContextTokens": 5, "GeneratedTokens": 6}, "azure"),
        ({"Timestamp": 1, "Request tokens": 5, "Response tokens": 6, "Session ID": "s"}, "burstgpt"),
        ({"timestamp": 1, "input_length": 5, "output_length": 6, "hash_ids": [1]}, "mooncake"),
        ({"timestamp": 1, "input_length": 5, "output_length": 6}, "mooncake"),
        (
            {"timestamp": 1, "input_length": 5, "output_length": 6, "hash_ids": [1], "chat_id": 1,
             "parent_chat_id": -1},
            "bailian",
        ),
        ({"arrival_s": 1, "input_tokens": 5, "output_tokens": 6}, "wayfare"),
        ({"startTime": 1, "prompt_tokens": 5, "completion_tokens": 6}, "litellm"),
    ],
)  # fmt: skip
def test_formats_are_told_by_their_fields(tmp_path: Path, row: dict, name: str) -> None:
    """Each by its required ones, and its marks; the same when it is stated."""
    path = written(tmp_path / "t", [row])
    found = read_trace(path)
    assert (found.format, found.input_token_count.tolist()) == (name, [5])
    assert found.output_token_count.tolist() == [6]
    assert read_trace(path, name).format == name
    assert found.session.tolist() == ([0] if "Session ID" in row else [-1])
    assert found.prefix_block.tolist() == row.get("hash_ids", [])


def test_columns_of_a_format_are_overridden_by_the_users() -> None:
    """A map that names too little, or roles and formats that do not exist, is refused with what there is."""
    found = trace_columns("azure", {"timestamp": "t", "session": "s"})
    assert found == {**TRACE_FORMATS["azure"].columns, "timestamp": ("t",), "session": ("s",)}
    assert trace_columns("csv", MAP) == {role: (field,) for role, field in MAP.items()}
    with pytest.raises(UnknownTraceFormatError, match=r"'xml'; known: 'azure', 'bailian'"):
        trace_columns("xml", None)
    with pytest.raises(ColumnMapError, match=r"unknown 'x', 'y' and missing 'input_tokens', 'output_tokens'"):
        trace_columns("csv", {"timestamp": "t", "x": "a", "y": "b"})
    with pytest.raises(ColumnMapError, match=r"^missing 'timestamp', 'input_tokens', 'output_tokens'; "):
        trace_columns("parquet", None)
    with pytest.raises(ColumnMapError, match=r"^unknown 'x'; a map names the fields of 'timestamp', "):
        trace_columns("azure", {"x": "a"})


def test_readers_say_what_they_cannot_read(tmp_path: Path) -> None:
    """A missing file, an unknown unit, fields of no format; a wrong format before the file is looked at."""
    with pytest.raises(InvalidTraceError, match="gone: file: cannot be read: No such file"):
        read_trace(tmp_path / "gone")
    with pytest.raises(ColumnMapError, match="unknown time unit 'h'; known: 's', 'ms', 'us', 'ns'"):
        read_trace(tmp_path / "gone", time_unit="h")
    with pytest.raises(UnknownTraceFormatError):
        read_trace(tmp_path / "gone", "xml")
    path = written(tmp_path / "t.csv", ["1,2,3"], "a,b,c")
    with pytest.raises(InvalidTraceError, match=r"row 1: is in no known format; .* found: 'a', 'b', 'c'"):
        read_trace(path)


@pytest.mark.parametrize(("name", "packed"), [("own.csv", False), ("own.csv.gz", True), ("own.gz", True)])
def test_what_is_written_are_the_columns_that_rows_fill(tmp_path: Path, name: str, packed: bool) -> None:  # noqa: FBT001
    """Packed where the name says so, with the same bytes each time; empty columns are not there."""
    source = written(tmp_path / "t.csv", ["5,7,8", "3,9,4"])
    target = tmp_path / name
    convert_trace(source, target, columns=MAP)
    data = target.read_bytes()
    text = gzip.decompress(data) if packed else data
    assert text == b"arrival_s,input_tokens,output_tokens\n0.0,9,4\n2.0,7,8\n"
    convert_trace(source, target, columns=MAP)
    assert target.read_bytes() == data


def test_every_optional_column_is_written_where_a_row_fills_it(tmp_path: Path) -> None:
    """A maximum, a session, blocks and their size; what a row lacks is empty."""
    rows = [
        {"ts": 1, "in": 40, "out": 8, "m": 9, "s": "x", "b": [4, 5]},
        {"ts": 2, "in": 50, "out": 6, "m": None, "s": None, "b": []},
    ]
    columns = {**MAP, "max_output_tokens": "m", "session": "s", "prefix_blocks": "b"}
    source, target = written(tmp_path / "t", rows), tmp_path / "own.csv"
    found = convert_trace(source, target, columns=columns, prefix_block_tokens=32)
    assert found.block_tokens == 32
    head = "arrival_s,input_tokens,output_tokens,max_output_tokens,session,prefix_blocks"
    body = "0.0,40,8,9,0,4 5,32\n1.0,50,6,,,,32\n"
    assert target.read_text(encoding="utf-8") == f"{head},prefix_block_tokens\n{body}"
    again = read_trace(target)
    assert (again.format, again.block_tokens, again.unused_fields) == ("wayfare", 32, ())
    assert again.max_output_token_count.tolist() == [9, 0]
    assert (again.session.tolist(), again.prefix_block.tolist()) == ([0, -1], [4, 5])
    assert convert_trace(source, target, columns=columns).block_tokens is None
    assert target.read_text(encoding="utf-8") == head + "\n" + body.replace(",32\n", "\n")


def test_files_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    """A write that fails leaves nothing behind; a good one only its file."""
    with pytest.raises(TypeError):
        write_whole(tmp_path / "f", "text")
    assert list(tmp_path.iterdir()) == []
    write_whole(tmp_path / "f", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_bytes() == b"data"


def test_a_recording_is_kept_until_its_file_changes(tmp_path: Path) -> None:
    """The same trace, whose columns nobody can write to; a longer file is another."""
    path = written(tmp_path / "t.csv", ["1,2,3"])
    found = read_trace(path, columns=MAP)
    assert read_trace(path, columns=MAP) is found
    for name in ("arrival_s", "input_token_count", "output_token_count", "prefix_block"):
        assert not getattr(found, name).flags.writeable
    written(path, ["1,2,3", "2,2,3"])
    assert len(read_trace(path, columns=MAP)) == 2
    assert inspect_trace(path, "csv", MAP, "ms").rate_per_s == pytest.approx(1_000.0)
    assert SimpleNamespace(**inspect_trace(path, columns=MAP).to_dict()).time_basis == "assumed"
