"""LiteLLM's spend logs: failed calls, cache hits and embeddings are told from requests to replay."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from recorded_files import START, lines
from simulator.traces import inspect_trace, read_trace
from simulator.traces.calls import CACHE_HIT, EMBEDDING, FAILED_CALL, NO_TEXT
from simulator.traces.reading import NO_OUTPUT
from wayfare.render.terminal.trace_summary import summary_rows


def spend(at: int, **changes: object) -> dict[str, object]:
    """A row of LiteLLM's spend logs."""
    row = {
        "request_id": f"r{at}",
        "call_type": "acompletion",
        "startTime": (START + timedelta(seconds=at)).isoformat(),
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "status": "success",
        "cache_hit": "False",
        "metadata": {"status": "success"},
    }
    return {**row, **changes}


MIXED = [
    spend(0),
    spend(1, status="failure", completion_tokens=0),
    spend(2, cache_hit="True"),
    spend(3, call_type="aembedding", completion_tokens=0),
    spend(4, call_type="aimage_generation"),
    spend(5, completion_tokens=0),
    spend(6, call_type="anthropic_messages", cache_hit=""),
    spend(7, call_type="", cache_hit=None),
]
DROPPED = {FAILED_CALL: 1, CACHE_HIT: 1, EMBEDDING: 1, NO_TEXT: 1, NO_OUTPUT: 1}


def spend_csv(rows: list[dict[str, object]]) -> str:
    """A dump of the table: metadata as JSON text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows({**row, "metadata": json.dumps(row["metadata"])} for row in rows)
    return text.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"data": MIXED, "total": len(MIXED), "page": 1}, indent=1),
        json.dumps(MIXED),
        "\n".join(map(json.dumps, MIXED)),
        spend_csv(MIXED),
    ],
    ids=["v2", "array", "lines", "csv"],
)
def test_litellms_logs_are_counted_by_what_they_are(tmp_path: Path, text: str) -> None:
    """Failed calls, cache hits, embeddings and images are no requests to replay, and are told apart."""
    path = tmp_path / "spend"
    path.write_text(text, encoding="utf-8")
    trace = read_trace(path)
    assert (trace.format, trace.read_row_count) == ("litellm", 8)
    assert trace.arrival_s.tolist() == [0.0, 6.0, 7.0]
    assert trace.dropped_row_count == DROPPED


def test_an_empty_field_hides_no_later_one(tmp_path: Path) -> None:
    """A dump writes what it lacks as an empty text: the next field of the role is read."""
    rows = [spend(0, status="", metadata={"status": "failure"}), spend(1, status=" ")]
    path = tmp_path / "spend"
    for text in (spend_csv(rows), "\n".join(map(json.dumps, rows))):
        path.write_text(text, encoding="utf-8")
        assert read_trace(path).dropped_row_count == {FAILED_CALL: 1}


def test_models_are_counted_over_the_rows_that_are_played(tmp_path: Path) -> None:
    """The group that was asked for, else the model; failed calls count for none; most frequent first."""
    asked = [("mini", "azure/mini-7"), ("", "big"), (None, "big"), ("gone", "gone")]
    rows = [spend(at, model_group=group, model=name) for at, (group, name) in enumerate(asked)]
    rows[3]["status"] = "failure"
    found = inspect_trace(lines(tmp_path, rows))
    assert list(found.model_count.items()) == [("big", 2), ("mini", 1)]
    assert not {"model", "model_group"} & set(found.unused_fields)
    assert ("models", "big 2, mini 1 (a policy chooses again)") in list(summary_rows(found, detected=True))


def test_older_and_failed_rows_of_litellm_are_found_inside(tmp_path: Path) -> None:
    """Tokens under `usage`, a failure told by `metadata.status` alone."""
    rows = [spend(at, usage={"prompt_tokens": 7 + at, "completion_tokens": 31}) for at in (0, 3)]
    for row in rows:
        del row["prompt_tokens"], row["completion_tokens"], row["status"]
    rows[1]["metadata"] = {"status": "failure"}
    trace = read_trace(lines(tmp_path, rows))
    assert trace.input_token_count.tolist() == [7]
    assert trace.dropped_row_count == {FAILED_CALL: 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "failure"),
        ("metadata", {"status": "failure"}),
        ("cache_hit", "True"),
        ("call_type", "aembedding"),
    ],
)
def test_one_field_of_litellm_alone_tells_that_a_call_is_none_to_replay(
    tmp_path: Path, name: str, value: object
) -> None:
    """Each field that can say so says so by itself."""
    rows = [spend(0), {**spend(3), name: value}, spend(9)]
    for row in rows:
        if name == "metadata":
            del row["status"]
        else:
            row.pop("metadata")
    trace = read_trace(lines(tmp_path, rows))
    assert trace.arrival_s.tolist() == [0.0, 9.0]
    assert sum(trace.dropped_row_count.values()) == 1


@pytest.mark.parametrize("place", ["bare", "usage", "usage_object"])
@pytest.mark.parametrize("start", ["startTime", "start_time"])
def test_litellms_fields_are_found_under_each_of_their_names(tmp_path: Path, start: str, place: str) -> None:
    """Start and tokens under any name that a version gave them; none of them is without a role."""
    rows = []
    for at in (0, 4):
        row = spend(at, session_id=f"s{at}")
        tokens = {"prompt_tokens": 70 + at, "completion_tokens": 30 + at}
        row[start] = row.pop("startTime")
        del row["prompt_tokens"], row["completion_tokens"], row["metadata"], row["request_id"]
        nested = {
            "bare": tokens,
            "usage": {"usage": tokens},
            "usage_object": {"metadata": {"usage_object": tokens}},
        }
        rows.append({**row, **nested[place]})
    trace = read_trace(lines(tmp_path, rows), "litellm")
    assert trace.arrival_s.tolist() == [0.0, 4.0]
    assert trace.input_token_count.tolist() == [70, 74]
    assert trace.output_token_count.tolist() == [30, 34]
    assert trace.unused_fields == ()
    assert trace.session.tolist()[0] != trace.session.tolist()[1]


def test_the_page_shows_what_inspect_shows(tmp_path: Path) -> None:
    """The example of the how-to is this log's."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "bring-your-traffic.md").read_text()
    path = tmp_path / "spend.json"
    path.write_text(json.dumps({"data": MIXED}), encoding="utf-8")
    rows = list(summary_rows(inspect_trace(path), detected=True))
    for name, value in rows[: 1 + [name for name, _value in rows].index("span")]:
        assert f"{name:21s}{value}" in page
