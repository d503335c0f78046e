"""Recordings are read as what they are: blocks, failed calls, rows left out, and what an import writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorded_files import ROLES, lines, made, table
from simulator.scenario.errors import InvalidScenarioError
from simulator.traces import InvalidTraceError, convert_trace, inspect_trace, read_trace
from simulator.traces.blocks import largest_block_tokens
from simulator.traces.calls import FAILED_CALL
from simulator.traces.reading import BAD_TIMESTAMP
from world_cases import scenario, with_stream


def blocked(size: int, **more: object) -> list[dict[str, object]]:
    """Three prompts of 2,048 tokens with blocks of a size, in Mooncake's fields."""
    count = 2_048 // size
    return [
        {"timestamp": at, "input_length": 2_048, "output_length": 5, "hash_ids": list(range(count)), **more}
        for at in (0, 60, 120)
    ]


def test_bailians_blocks_and_seconds_are_not_mooncakes(tmp_path: Path) -> None:
    """The same fields with a conversation's beside them are Bailian's: seconds, blocks of 16 tokens."""
    trace = read_trace(lines(tmp_path, blocked(16, chat_id=1, parent_chat_id=-1)))
    assert (trace.format, trace.block_tokens, trace.arrival_s.tolist()) == ("bailian", 16, [0.0, 60.0, 120.0])
    trace = read_trace(lines(tmp_path, blocked(512)))
    assert (trace.format, trace.block_tokens, trace.arrival_s.tolist()) == (
        "mooncake",
        512,
        [0.0, 0.06, 0.12],
    )


def test_more_blocks_than_a_prompt_has_room_for_are_refused(tmp_path: Path) -> None:
    """Detected: neither unit nor size are believed. Stated: the scenario must state the size that fits."""
    path = lines(tmp_path, blocked(16))
    with pytest.raises(InvalidTraceError, match="at most 16 tokens each"):
        read_trace(path)
    arrivals = {"pattern": "trace", "file": str(path), "format": "mooncake"}
    with pytest.raises(InvalidScenarioError, match="blocks of 512 tokens can be: at most 16"):
        made(**with_stream(arrivals=arrivals))
    workload = made(**with_stream(arrivals={**arrivals, "prefix_block_tokens": 16, "time_unit": "s"}))
    assert workload.arrival_s.tolist() == [0.0, 60.0, 120.0]
    assert set(workload.prefix_tokens) == {16}


@given(st.lists(st.tuples(st.integers(1, 4_000), st.integers(0, 60)), min_size=1, max_size=8))
def test_the_largest_block_is_the_largest_that_fits(rows: list[tuple[int, int]]) -> None:
    """At it no prompt has more than ceil(L / b) blocks; at one token more some prompt has."""
    prompt, count = (np.array(column) for column in zip(*rows, strict=True))
    found = largest_block_tokens(count, prompt.astype(np.int32))
    if found is None:
        assert (count <= 1).all()
        return
    if found:
        assert (count <= -(-prompt // found)).all()
    assert (count > -(-prompt // (found + 1))).any()


@pytest.mark.parametrize("name", [str, lambda n: n + 2**63, lambda n: f"{n:064x}", lambda n: -n])
def test_hashes_of_any_width_name_the_same_prefixes(tmp_path: Path, name: object) -> None:
    """Texts and numbers beyond 64 bits are equal where they are equal."""
    rows = blocked(512)
    for row, ids in zip(rows, ([1, 2, 3, 4], [1, 2, 3, 9], [7]), strict=True):
        row["hash_ids"] = [name(n) for n in ids]
    trace = read_trace(lines(tmp_path, rows))
    first, second, third = (
        trace.prefix_block[a:b].tolist()
        for a, b in zip(trace.prefix_offset, trace.prefix_offset[1:], strict=False)
    )
    assert first[:3] == second[:3]
    assert len({*first, *second, *third}) == 6


@pytest.mark.parametrize(
    "word",
    ["failure", "failed", "fail", "error", "errored", "timeout", "timed_out", "cancelled", "400", "503"],
)
def test_every_word_for_a_failed_call_is_known(tmp_path: Path, word: str) -> None:
    """Calls with such a status, however it is spelt, are no requests to replay."""
    rows = [{"t": at, "p": 5, "c": 6, "s": "ok" if at != 1 else word.upper()} for at in range(3)]
    columns = {"timestamp": "t", "input_tokens": "p", "output_tokens": "c", "status": "s"}
    trace = read_trace(lines(tmp_path, rows), columns=columns)
    assert len(trace) == 2
    assert trace.dropped_row_count == {FAILED_CALL: 1}


def test_prefix_reuse_is_the_share_of_blocks_that_came_before(tmp_path: Path) -> None:
    """Of five blocks two were seen before."""
    rows = [
        {"timestamp": at, "input_length": 512 * len(ids), "output_length": 5, "hash_ids": ids}
        for at, ids in ((0, [1, 2]), (1000, [1, 2, 3]))
    ]
    assert inspect_trace(lines(tmp_path, rows)).prefix_reuse_ratio == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("status", "used"), [("200", 1), (200, 1), ("429", 0), (500, 0), ("ERROR", 0), ("ok", 1)]
)
def test_a_mapped_status_may_be_a_word_or_an_http_status(tmp_path: Path, status: object, used: int) -> None:
    """A column map names the status of the user's own log."""
    rows = [{"t": at, "u": {"p": 5, "c": 6}, "s": status if at else "ok"} for at in (0, 1)]
    columns = {"timestamp": "t", "input_tokens": "u.p", "output_tokens": "u.c", "status": "s"}
    assert len(read_trace(lines(tmp_path, rows), columns=columns)) == 1 + used


def test_statistics_tell_rows_read_and_used_and_fields_without_a_role(tmp_path: Path) -> None:
    """What was left out, and what is not used, is part of the figures."""
    found = inspect_trace(
        table(tmp_path, [0, 1, "x"], header="ts,in,out,score", rest="100,10,7"), columns=ROLES
    )
    assert (found.row_count, found.used_row_count, found.dropped_row_count) == (3, 2, {BAD_TIMESTAMP: 1})
    assert found.unused_fields == ("score",)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.floats(0, 1e6),
            st.integers(1, 9_999),
            st.integers(1, 999),
            st.integers(0, 3),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=6,
    ),
    size=st.sampled_from([16, 64]),
)
def test_imported_traces_are_the_same_trace(tmp_path: Path, rows: list[tuple], size: int) -> None:
    """What `trace import` writes reads as what it was made of, the size of blocks too."""
    found = [
        {
            "ts": at,
            "in": size * 5 + p,
            "out": o,
            "s": f"s{s}" if s else None,
            "b": [10**30 + n for n in range(b)],
        }
        for at, p, o, s, b in rows
    ]
    columns = {**ROLES, "session": "s", "prefix_blocks": "b"}
    source, target = lines(tmp_path, found), tmp_path / "own.csv"
    trace = convert_trace(source, target, columns=columns, prefix_block_tokens=size)
    again = read_trace(target)
    for name in (
        "arrival_s",
        "input_token_count",
        "output_token_count",
        "session",
        "prefix_offset",
        "prefix_block",
    ):
        np.testing.assert_array_equal(getattr(trace, name), getattr(again, name))
    assert again.block_tokens == (size if len(trace.prefix_block) else None)


def test_idle_block_sizes_are_refused(tmp_path: Path) -> None:
    """A block size beside a trace without blocks does nothing."""
    arrivals = {
        "pattern": "trace",
        "file": str(table(tmp_path, [0])),
        "columns": ROLES,
        "prefix_block_tokens": 16,
    }
    with pytest.raises(InvalidScenarioError, match="names no prefix blocks"):
        scenario(**with_stream(arrivals=arrivals))


def test_requests_that_all_come_at_once_have_no_variation(tmp_path: Path) -> None:
    """Without a gap there is nothing to divide by."""
    found = inspect_trace(table(tmp_path, [5, 5, 5]), columns=ROLES)
    assert np.isnan(found.interarrival_cv)
