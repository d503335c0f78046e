"""Formats of recordings, what a reader says of them, and the files it writes."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from simulator.traces import InvalidTraceError, convert_trace, inspect_trace, read_trace
from simulator.traces.conversion import write_whole
from simulator.traces.formats import TRACE_FORMATS
from simulator.traces.notes import notes_of
from simulator.traces.registry import (
    ColumnMapError,
    UnknownTraceFormatError,
    trace_columns,
)
from simulator.traces.trace import TraceClock
from trace_rows import MAP, trace, written


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
def test_what_is_written_are_the_columns_that_rows_fill(tmp_path: Path, name: str, packed: bool) -> None:
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
