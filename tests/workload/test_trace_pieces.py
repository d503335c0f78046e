"""Rows and figures of recordings, on arrays and small tables with exact answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from catalogs.errors import InputProblem
from simulator.traces import InvalidTraceError, read_trace
from simulator.traces.blocks import PrefixBlocks, largest_block_tokens, no_blocks
from simulator.traces.calls import CACHE_HIT, EMBEDDING, FAILED_CALL, NO_TEXT
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
from simulator.traces.statistics import trace_statistics
from simulator.traces.trace import TraceClock
from trace_rows import MAP, NAN, trace, written


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
        "failed_row_count": 0,
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
    blocks = PrefixBlocks(length=np.array([2, 0, 1]), block=np.array([7, 8, 9]), unreadable=np.zeros(3, bool))
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
    summary, *shown = raised.value.problems
    assert summary == InputProblem(str(path), "file", "none of its 7 rows can be used")
    assert shown == [InputProblem(str(path), f"row {row}", BAD_INPUT) for row in range(2, 7)]
    assert str(raised.value).splitlines() == [str(fault) for fault in raised.value.problems]


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
    (fault,) = raised.value.problems
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
