"""Recordings are read as what they are: units, blocks, failed calls; and played on their own clock."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator import simulate
from simulator.arrivals.pattern import ArrivalWindow
from simulator.arrivals.trace import MOST_PLAYED, TraceArrivals
from simulator.scenario.errors import InvalidScenarioError
from simulator.streams import RandomStreams
from simulator.traces import InvalidTraceError, convert_trace, inspect_trace, read_trace
from simulator.traces.blocks import largest_block_tokens
from simulator.traces.calls import CACHE_HIT, EMBEDDING, FAILED_CALL, NO_TEXT
from simulator.traces.errors import ArrivalParameterError
from simulator.traces.reading import BAD_TIMESTAMP, NO_OUTPUT, ODD_TIMESTAMP
from simulator.workload.columns import Workload
from simulator.workload.generate import generate_workload
from wayfare.render.terminal.trace_summary import summary_rows
from world_cases import SMALL, scenario, with_stream

Recorded = partial(TraceArrivals, pattern="trace")

START = datetime(2025, 3, 1, 10, tzinfo=UTC)
ROLES = {"timestamp": "ts", "input_tokens": "in", "output_tokens": "out"}
GAPS_S = (0.0, 1.5, 4.25, 9.0, 30.0)


def table(tmp_path: Path, times: list[object], header: str = "ts,in,out", rest: str = "100,10") -> Path:
    """A CSV of rows at the given times."""
    path = tmp_path / "log.csv"
    path.write_text(header + "\n" + "".join(f"{time},{rest}\n" for time in times), encoding="utf-8")
    return path


def lines(tmp_path: Path, rows: list[object]) -> Path:
    """JSON lines."""
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def made(**changes: object) -> Workload:
    """The workload of a small scenario."""
    world = scenario(**changes)
    return generate_workload(world, RandomStreams(world.seed))


def played(path: Path, duration_s: float = 1e6, seed: int = 1, **options: object) -> np.ndarray:
    """Instants at which a recording plays."""
    window = ArrivalWindow(start=START, duration_s=duration_s, zone=UTC)
    recorded = Recorded(file=str(path), columns=ROLES, **options)
    return recorded.arrivals(window, np.random.default_rng(seed)).arrival_s


@pytest.mark.parametrize(
    ("write", "unit"),
    [
        (lambda at: f"{at.timestamp():.3f}", "s"),
        (lambda at: f"{at.timestamp() * 1e3:.0f}", "ms"),
        (lambda at: f"{at.timestamp() * 1e6:.0f}", "us"),
        (lambda at: f"{at.timestamp() * 1e9:.0f}", "ns"),
        (lambda at: f"{at.timestamp() * 1e3:.6e}".replace("e+12", "e12"), None),
        (lambda at: at.isoformat(), "ISO 8601"),
        (lambda at: at.isoformat().replace("+00:00", "Z"), "ISO 8601"),
        (lambda at: at.replace(tzinfo=None).isoformat(" "), "ISO 8601"),
        (lambda at: at.astimezone(datetime.strptime("-0530", "%z").tzinfo).isoformat(), "ISO 8601"),
    ],
)
def test_instants_are_the_same_in_every_unit(tmp_path: Path, write: object, unit: str | None) -> None:
    """Seconds, milli-, micro- and nanoseconds since 1970 and ISO 8601 give the same trace, and say so."""
    path = table(tmp_path, [write(START + timedelta(seconds=gap)) for gap in GAPS_S])
    trace = read_trace(path, columns=ROLES)
    if unit is None:  # seven digits of milliseconds: a thousand seconds apart at best
        assert trace.clock.unit == "ms"
        return
    np.testing.assert_allclose(trace.arrival_s, GAPS_S, atol=1e-5)
    assert trace.clock.unit == unit
    assert abs(trace.clock.start - START) < timedelta(milliseconds=1)
    noted = any("since 1970" in note for note in trace.notes)
    assert noted == (unit != "ISO 8601")


@pytest.mark.parametrize(("unit", "factor"), [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)])
def test_a_stated_unit_is_taken_for_times_from_the_first_row(
    tmp_path: Path, unit: str, factor: float
) -> None:
    """Small numbers count from the first request, in the unit that was said, else in seconds."""
    path = table(tmp_path, [7, 1_007, 3_007])
    np.testing.assert_allclose(
        read_trace(path, columns=ROLES, time_unit=unit).arrival_s, np.array([0, 1_000, 3_000]) * factor
    )
    assert read_trace(path, columns=ROLES).clock.basis == "assumed"


@pytest.mark.parametrize(
    ("times", "unit", "what"),
    [
        ([1_700_000_000_000, 1_700_000_003_000], "s", "the year 55,840"),
        ([0, 90_000_000_000], None, "the last time is the year 4,822"),
        ([0, 700_000_000], None, "span 22 years"),
        (["2025-03-01T10:00:00Z"] * 2, "ms", "has no effect"),
    ],
)
def test_impossible_times_are_refused(tmp_path: Path, times: list, unit: str | None, what: str) -> None:
    """Times millennia ahead or decades long are in another unit; a unit beside written instants is idle."""
    with pytest.raises(InvalidTraceError, match=what):
        read_trace(table(tmp_path, times), columns=ROLES, time_unit=unit)


def test_a_missing_instant_is_no_first_instant(tmp_path: Path) -> None:
    """A 0, or 1970, among this century's instants is dropped; it does not move the others by decades."""
    for bad, times in (
        (0, [1.7e9, 1.7e9 + 5]),
        ("1970-01-01 00:00:00", ["2025-03-01 10:00:00", "2025-03-01 10:00:05"]),
    ):
        trace = read_trace(table(tmp_path, [times[0], bad, times[1], "?"]), columns=ROLES)
        assert trace.arrival_s.tolist() == [0.0, 5.0]
        assert trace.dropped_row_count == {ODD_TIMESTAMP: 1, BAD_TIMESTAMP: 1}


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
    assert ("models", "big 2, mini 1 (a policy chooses anew)") in list(summary_rows(found, detected=True))


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


def test_times_of_which_none_can_be_read_are_refused(tmp_path: Path) -> None:
    """A file without one instant is no recording."""
    with pytest.raises(InvalidTraceError):
        read_trace(table(tmp_path, ["x", "y", "soon"]), columns=ROLES)


def test_prefix_reuse_is_the_share_of_blocks_that_came_before(tmp_path: Path) -> None:
    """Of five blocks two were seen before."""
    rows = [
        {"timestamp": at, "input_length": 512 * len(ids), "output_length": 5, "hash_ids": ids}
        for at, ids in ((0, [1, 2]), (1000, [1, 2, 3]))
    ]
    assert inspect_trace(lines(tmp_path, rows)).prefix_reuse_ratio == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("unit", "name"),
    [("s", "seconds"), ("ms", "milliseconds"), ("us", "microseconds"), ("ns", "nanoseconds")],
)
def test_notes_name_the_unit_in_words(tmp_path: Path, unit: str, name: str) -> None:
    """A reader is told in which unit the times were read."""
    factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    times = [round((START + timedelta(seconds=gap)).timestamp()) * factor for gap in (0, 5, 9)]
    trace = read_trace(table(tmp_path, times), columns=ROLES)
    assert any(f"times were read as {name} since 1970" in note for note in trace.notes)


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


def test_the_page_shows_what_inspect_shows(tmp_path: Path) -> None:
    """The example of the how-to is this log's."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "bring-your-traffic.md").read_text()
    path = tmp_path / "spend.json"
    path.write_text(json.dumps({"data": MIXED}), encoding="utf-8")
    rows = list(summary_rows(inspect_trace(path), detected=True))
    for name, value in rows[: 1 + [name for name, _value in rows].index("span")]:
        assert f"{name:21s}{value}" in page


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


def test_requests_that_all_come_at_once_have_no_variation(tmp_path: Path) -> None:
    """Without a gap there is nothing to divide by."""
    found = inspect_trace(table(tmp_path, [5, 5, 5]), columns=ROLES)
    assert np.isnan(found.interarrival_cv)
