"""Every fault of every stage is told at once, and nothing that is no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulator import InvalidScenarioError, load_scenario
from simulator.scenario.checks import memory, size
from world_cases import CHAT, FRONTIER, PHONE, SMALL, plain, with_stream

if TYPE_CHECKING:
    from pathlib import Path

TRACE = {"pattern": "trace", "file": "nowhere.csv"}
MISTAKEN = {
    "name": "test",
    "duration": "soon",
    "colour": "blue",
    "workload": {
        "streams": [
            {**CHAT, "task": "poetry", "devices": 0},
            {**CHAT, "name": "b", "region": "atlantis"},
            {**CHAT, "name": "c", "speed": 1, "arrivals": TRACE},
        ]
    },
    "fleet": [
        {**SMALL, "replicas": 0, "hardware": {"accelerator": "a1000"}},
        {**FRONTIER, "api": {"offer": "openai/gpt-9"}},
        FRONTIER,
    ],
    "faults": [{"kind": "outage", "at": -1, "duration": 60, "target": "nowhere"}],
    "router": {"policy": "cascade", "parameters": {"speed": 1}},
    "catalog": {"overrides": {"models": {"gpt-4o": {"success": {"support_chat": 2}}}}},
}


def faults_of(data: object, **options: object) -> list[str]:
    """All faults found in a scenario."""
    with pytest.raises(InvalidScenarioError) as caught:
        load_scenario(data, **options)
    return [str(fault) for fault in caught.value.problems]


def test_no_stage_hides_the_faults_of_another_one() -> None:
    """Settings, form, catalog, files, names within faulty entries and policies stand in one list."""
    found = faults_of(MISTAKEN, overrides=["fleet.big.replicas=2"], policies=["cheepest", "static", "oracle"])
    for expected in (
        "--set: fleet.big.replicas: nothing is called 'big' here",
        "scenario: duration: 'soon' is no duration",
        "scenario: colour: unknown key",
        "scenario: workload.streams.0.devices: 0 is not allowed; it should be greater than or equal to 1",
        "scenario: workload.streams.0.task: unknown task 'poetry'",
        "scenario: workload.streams.1.region: unknown region 'atlantis'",
        "scenario: workload.streams.2.speed: unknown key",
        "scenario: workload.streams.2.arrivals.file: nowhere.csv",
        "scenario: fleet.0.replicas: 0 is not allowed",
        "scenario: fleet.0.hardware.accelerator: unknown accelerator 'a1000'",
        "scenario: fleet.1.api.offer: unknown offer 'openai/gpt-9'",
        "scenario: fleet: the name 'frontier' is given 2 times",
        "scenario: faults.0.at: ",
        "scenario: router.parameters.speed: unknown",
        "scenario: catalog: gpt-4o.success.support_chat: ",
        "--policy: unknown policy 'cheepest'; did you mean",
    ):
        assert sum(text.startswith(expected) for text in found) == 1, expected
    assert len(found) == len(set(found))


def test_what_depends_on_a_faulty_part_is_not_judged() -> None:
    """A faulty deployment is not missed by residency, fallbacks or faults that name it."""
    data = plain(
        fleet=[{**SMALL, "replicas": 0}, {**PHONE, "region": "us-texas"}],
        router={"policy": "cheapest_capable", "resilience": {"default_fallbacks": ["small"]}},
        faults=[{"kind": "outage", "at": 1, "duration": 1, "target": "small"}],
        **with_stream(residency=["us-virginia"], region="us-texas"),
    )
    assert faults_of(data) == [
        "scenario: fleet.0.replicas: 0 is not allowed; it should be greater than or equal to 1"
    ]


def test_faults_of_later_entries_keep_their_numbers() -> None:
    """An entry is called by its number in the file, though one before it was not judged."""
    found = faults_of(plain(fleet=[{**SMALL, "replicas": 0}, {**FRONTIER, "model": "gpt-4o"}]))
    assert any(text.startswith("scenario: fleet.1.api.offer: ") and "not 'gpt-4o'" in text for text in found)


@pytest.mark.parametrize(
    "key", ["start", "duration", "seed", "fleet", "workload", "router", "signals", "warmup"]
)
def test_a_faulty_key_is_the_only_fault(key: str) -> None:
    """Nothing is said of the default that stands for it."""
    found = faults_of(plain(**{key: "?"}))
    assert [text.split(": ")[1] for text in found] == [key]


def test_names_that_faulty_overrides_define_are_known() -> None:
    """An own model with a fault is one fault, not an unknown name as well."""
    own = {"offers": {"own/model": {"requests_per_min": -1}}}
    fleet = [{**FRONTIER, "api": {"offer": "own/model"}}]
    found = faults_of(plain(catalog={"overrides": own}, fleet=fleet))
    assert not any("unknown offer" in text for text in found)
    assert any("own/model" in text for text in found)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "there is nothing in it; a scenario is a map of keys: name, "),
        ([1], "this is a list; a scenario is a map of keys: name, "),
        ("text", "no such scenario file"),
    ],
)
def test_what_is_no_scenario_at_all_is_one_line(data: object, expected: str) -> None:
    """An empty or odd source says what a scenario is."""
    (text,) = faults_of(data)
    assert expected in text


def test_a_trace_that_nobody_plays_is_a_fault(tmp_path: Path) -> None:
    """A recording given to a scenario without recorded streams would be left aside in silence."""
    (text,) = faults_of(plain(), trace=tmp_path / "t.csv")
    assert text.startswith(f"--trace: {tmp_path / 't.csv'}: no stream plays a recording")


def test_an_empty_file_is_one_line(tmp_path: Path) -> None:
    """So is a file without anything in it."""
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing yet\n", encoding="utf-8")
    assert faults_of(path, policies=["cheepest"])[0].startswith(f"{path}: there is nothing in it")


def test_data_without_an_end_is_refused() -> None:
    """Plain data deeper than any scenario, or within itself, breaks nothing."""
    data: dict[str, object] = plain()
    data["router"] = data
    assert faults_of(data) == ["scenario: nested more than 40 deep, or within itself"]


def test_requests_that_memory_cannot_hold_are_refused_with_the_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requests, bytes and what is free stand in the message."""
    monkeypatch.setattr(size, "free_bytes", lambda: 2e9)
    stream = with_stream(arrivals={"pattern": "steady", "rate": "1e6/s"})
    assert faults_of(plain(duration="24h", **stream)) == [
        (
            "scenario: duration: about 86,400,000,000 requests take about 86.4 TB of memory; 2 GB are free."
            " Give a lower rate or a shorter duration"
        )
    ]
    fitting = with_stream(arrivals={"pattern": "steady", "rate": 10_000})
    assert load_scenario(plain(duration="199s", **fitting))
    assert faults_of(plain(duration="201s", **fitting))


def test_runs_that_are_kept_count_as_well() -> None:
    """A comparison holds the first run of every policy."""
    assert size.run_bytes(1e6, 0) == 1e9
    assert size.run_bytes(1e6, 4) == 3e9


def test_a_loop_of_one_instant_is_refused(tmp_path: Path) -> None:
    """A recording that spans no time has no next pass; played once it is fine."""
    rows = "timestamp,input_tokens,output_tokens\n" + "2026-11-02T00:00:00Z,100,10\n" * 3
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    arrivals = {"pattern": "trace", "file": str(tmp_path / "t.csv")}
    columns = {"timestamp": "timestamp", "input_tokens": "input_tokens", "output_tokens": "output_tokens"}
    once = {**arrivals, "columns": columns, "format": "csv"}
    found = faults_of(plain(**with_stream(arrivals={**once, "loop": True})))
    assert found == [
        (
            "scenario: workload.streams.0.arrivals.loop: all 3 rows are at one instant:"
            " repeating them makes infinitely many requests"
        )
    ]
    assert load_scenario(plain(**with_stream(arrivals=once)))


def test_more_steps_than_a_timeline_has_are_refused() -> None:
    """A step of a millisecond cuts an hour into too many."""
    (text,) = faults_of(plain(duration="1h", telemetry={"step": "1ms"}))
    assert text.startswith(
        "scenario: telemetry.step: 0.001 s cut the duration into more than 1,000,000 steps"
    )


def test_free_memory_is_the_least_that_anybody_allows(tmp_path: Path) -> None:
    """The machine's, or what a control group's limit leaves; no limit is no bound."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    2000 kB\n", encoding="ascii")
    assert memory.machine_free_bytes(meminfo) == 2_048_000
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    (tmp_path / "memory.current").write_text("700\n", encoding="ascii")
    assert memory.group_free_bytes(tmp_path) == float("inf")
    (tmp_path / "memory.max").write_text("1000\n", encoding="ascii")
    assert memory.group_free_bytes(tmp_path) == 300
    assert memory.free_bytes() > 0
