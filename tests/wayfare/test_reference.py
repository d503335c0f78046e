"""The reference of the scenario has every key, and what it shows can be written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from catalogs.reader import parse_yaml
from simulator import load_scenario, scenario_schema
from simulator.arrivals import registry
from simulator.arrivals.steady import SteadyArrivals
from wayfare.reference import scenario_page
from wayfare.reference.page import duration, meaning_and_example
from wayfare.reference.sections import sections_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "scenario.md"
TEXT = PAGE.read_text(encoding="utf-8")
BASE = """
name: base
duration: 48h
catalog: {edition: measured}
workload:
  streams:
    - {name: chat, task: support_chat, region: us-virginia, arrivals: {pattern: steady, rate: 1/min}}
    - name: papers
      task: extraction
      region: us-texas
      deferrable: true
      arrivals: {pattern: steady, rate: 1/min}
fleet:
  - {name: small, tier: dedicated, model: llama-3.1-8b, hardware: {accelerator: h100}, region: us-virginia}
  - name: frontier
    tier: cloud
    model: gpt-4o
    api: {offer: openai/gpt-4o}
    region: eu-nordics
  - {name: phones, tier: edge, model: llama-3.2-1b, region: us-virginia, device: {device: iphone-14-pro-max}}
  - name: box
    tier: dedicated
    model: llama-3.1-8b
    region: us-virginia
    endpoint: {servers: 2, service_time: 1s}
router: {policy: cheapest_capable}
"""
STREAM = "workload.streams.0"
FAULT: dict[str, Any] = {"at": "1h", "duration": "5min", "target": "small"}
AT: dict[str, tuple[str, dict[str, Any]]] = {
    "Top level": ("", {}),
    "Catalog": ("catalog", {}),
    "Workload": ("workload", {}),
    "Stream": (STREAM, {}),
    "Steady arrivals": (f"{STREAM}.arrivals", {"pattern": "steady", "rate": 1}),
    "Bursty arrivals": (f"{STREAM}.arrivals", {"pattern": "bursty", "rate": 1}),
    "Diurnal arrivals": (f"{STREAM}.arrivals", {"pattern": "diurnal", "rate": 1}),
    "Trace arrivals": (f"{STREAM}.arrivals", {"pattern": "trace", "file": "recorded.csv"}),
    "Plug-in arrivals": (f"{STREAM}.arrivals", {"pattern": "my_pattern", "rate": 1}),
    "Difficulty": (f"{STREAM}.difficulty", {}),
    "Objectives (SLO)": (f"{STREAM}.slo", {}),
    "Client": (f"{STREAM}.client", {}),
    "Session": (f"{STREAM}.session", {"turns": 2, "think_time": 1}),
    "Agent": (f"{STREAM}.agent", {"calls": 2, "tool_time": 1, "tool_output_tokens": 9}),
    "Network": ("network", {}),
    "Last mile": ("network.last_mile", {}),
    "Signals": ("signals", {}),
    "Deployment": ("fleet.0", {}),
    "Hardware": ("fleet.0.hardware", {"accelerator": "h100"}),
    "API": ("fleet.1.api", {"offer": "openai/gpt-4o"}),
    "Provisioned throughput": (
        "fleet.1.api",
        {
            "offer": "openai/gpt-4o",
            "plan": "provisioned",
            "units": 15,
            "throughput": {"usd_per_unit_hour": 1, "input_tokens_per_min_per_unit": 900},
        },
    ),
    "Overload": ("fleet.1.api.overload", {}),
    "Device": ("fleet.2.device", {"device": "iphone-14-pro-max"}),
    "Offline": ("fleet.2.device.offline", {"share": 0.2}),
    "Endpoint": ("fleet.3.endpoint", {"servers": 2, "service_time": 1}),
    "Autoscaling": ("fleet.0.autoscaling", {"max": 2, "target": 9}),
    "Engine": ("fleet.0.engine", {}),
    "Speculative": ("fleet.0.engine.speculative", {"draft_tokens": 2, "acceptance_ratio": 0.5}),
    "Split": ("fleet.0.engine.split", {"prefill_replicas": 1}),
    "Pricing": ("fleet.0.pricing", {}),
    "Router": ("router", {}),
    "Resilience": ("router.resilience", {}),
    "Breaker": ("router.resilience.breaker", {}),
    "Outage": ("faults", {"kind": "outage", **FAULT}),
    "Brown-out": ("faults", {"kind": "brown_out", **FAULT}),
    "Slow replica": ("faults", {"kind": "slow_replica", "factor": 2, **FAULT}),
    "Error rate": ("faults", {"kind": "error_rate", "failure_ratio": 0.5, **FAULT}),
    "Rate limit storm": (
        "faults",
        {"kind": "rate_limit_storm", "factor": 0.5, **FAULT, "target": "frontier"},
    ),
    "Spot loss": ("faults", {"kind": "spot_loss", **FAULT}),
    "Maintenance": ("faults", {"kind": "maintenance", **FAULT}),
    "Partition": (
        "faults",
        {"kind": "partition", "at": 1, "duration": 1, "between": ["us-virginia", "us-texas"]},
    ),
    "Random outage": ("faults", {"kind": "random_outage", "target": "small", "mtbf": "9d", "mttr": "1h"}),
    "Quality": ("quality", {}),
    "Feedback": ("quality.feedback", {"ratio": 0.1, "delay": "10min"}),
    "Telemetry": ("telemetry", {}),
    "Fault target": ("faults", {"kind": "outage", **FAULT}),
    "Spread": (f"{STREAM}.session", {"turns": 2, "think_time": 1}),
    "Weighted spread": (f"{STREAM}.session", {"turns": 2, "think_time": 1}),
}
"""Where a section's keys are tried, and what must stand beside them."""
EXPERTS = ["fleet.0.model=gpt-oss-120b", "fleet.0.hardware.accelerator=h200"]
PROVISIONED = ["fleet.1.api.plan=provisioned"]
SHARED = ["fleet.2.device.device=mac-mini-m4", "fleet.2.model=llama-3.2-3b"]
RECORDED = "workload.streams.0.arrivals.file=recorded.jsonl"
BESIDE = {
    ("Hardware", "attention_data_parallel"): EXPERTS,
    ("Hardware", "expert_parallel"): [*EXPERTS, "fleet.0.hardware.tensor_parallel=8"],
    ("API", "plan"): ["drain=24h"],
    ("API", "units"): PROVISIONED,
    ("API", "throughput"): [*PROVISIONED, "fleet.1.api.units=15"],
    ("API", "utilization_ratio"): [*PROVISIONED, "fleet.1.api.units=15"],
    ("Provisioned throughput", "unit_step"): ["fleet.1.api.units=16"],
    ("Device", "per_user"): SHARED,
    ("Device", "count"): [*SHARED, "fleet.2.device.per_user=false"],
    ("Trace arrivals", "format"): [RECORDED],
    ("Trace arrivals", "prefix_block_tokens"): [RECORDED],
    ("Trace arrivals", "columns"): [
        "workload.streams.0.arrivals.file=columns.csv",
        "workload.streams.0.arrivals.format=csv",
    ],
    ("Stream", "defer_deadline"): ["workload.streams.0.deferrable=true"],
    ("Engine", "split"): ["fleet.0.replicas=4"],
    ("Split", "prefill_replicas"): ["fleet.0.replicas=4"],
    ("Split", "link_gb_per_s"): ["fleet.0.replicas=4"],
    ("Spot loss", "replicas"): ["fleet.0.replicas=4"],
}
"""Settings without which a key means nothing, or is not allowed."""
OF_OWNERS = "fleet.0.pricing.owned=true"
BACK_ENDS = {"api": "fleet.1", "device": "fleet.2", "endpoint": "fleet.3"}
"""The deployment on which each back-end's example is tried."""


def rows() -> list[tuple[str, str, tuple[str, ...]]]:
    """Section, key and the row's other cells, of every table of the page below its list of parts."""
    found = []
    for part in TEXT.partition("**Parts:**")[2].split("\n## ")[1:]:
        title = part.partition("\n")[0]
        lines = re.findall(r"^\| `(\w+)` \| (.+) \|$", part, re.MULTILINE)
        found.extend((title, key, tuple(re.split(r" (?<!\\)\| ", rest))) for key, rest in lines)
    return found


ROWS = rows()
EXAMPLES = [(title, key, cells[-1][1:-1]) for title, key, cells in ROWS if cells[-1].startswith("`")]


def test_the_page_is_the_current_one() -> None:
    """The page that ships is what this version's models give; else: make docs."""
    assert scenario_page(scenario_schema()) == TEXT


def test_every_key_has_a_row() -> None:
    """No key of the schema is missing, and each says what it is, what holds without it, and how it looks."""
    schema: dict[str, Any] = dict(scenario_schema())
    sections = sections_of(schema)
    known = [(one.title, key) for one in sections.values() for key in one.variants[0]["properties"]]
    assert [(title, key) for title, key, _cells in ROWS] == known
    assert {part.partition("_")[0] for part in schema["$defs"]} == set(sections) - {"ScenarioSettings"}
    assert [row for row in ROWS if len(row[2]) != 4 or not all(row[2])] == []


@pytest.mark.parametrize(
    ("title", "key", "kind", "default"),
    [
        ("Pricing", "usd_per_chip_hour", "number (USD per chip and hour), 0 or more", "-"),
        (
            "Provisioned throughput",
            "input_tokens_per_min_per_unit",
            "number (tokens per min per unit), above 0",
            "",
        ),
        ("Endpoint", "power_w", "number (W), 0 or more", "`0`"),
        ("Difficulty", "sd", "number (logits), above 0", "`1`"),
        ("Api", "failure_ratio", "number (share), 0 to 1", "`0`"),
        ("Overload", "from_ratio", "number (share), 0 to below 1", "`0.8`"),
        ("Stream", "devices", "integer, 1 to 1,000,000", "`1000`"),
        ("Stream", "input_tokens", "[spread](#spread) of numbers (tokens)", "-"),
        ("Agent", "tool_time", "[spread](#spread) of durations", ""),
        ("Autoscaling", "interval", "[duration](#quantities) above 0", "`30s`"),
        ("Steady arrivals", "rate", "[rate](#quantities)", ""),
        ("Autoscaling", "metric", "`outstanding`, `waiting`, `utilization`, `kv_usage`", "`outstanding`"),
        ("Deployment", "region", "text", ""),
    ],
)
def test_cells_say_type_unit_bounds_and_default(title: str, key: str, kind: str, default: str) -> None:
    """Units come from names and types, bounds and defaults from the models."""
    cells = {(one.upper(), name): cells for one, name, cells in ROWS}[title.upper(), key]
    assert cells[:2] == (kind, default or "**required**")


def test_only_whole_parts_lack_an_example() -> None:
    """What shows no example is the fleet, the workload and its streams: the page begins with those."""
    without = {key for _title, key, cells in ROWS if not cells[-1].startswith("`")}
    assert without == {"fleet", "workload", "streams"}


def test_links_on_the_page_lead_to_its_headings() -> None:
    """Every link within the page names a heading; none is named twice."""
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    anchors = [re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings]
    assert len(set(anchors)) == len(anchors)
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= set(anchors)


def beside(title: str, key: str) -> list[str]:
    """The settings that go with a key's example."""
    rented = ("rent", "usd_per_chip_hour", "owned", "utilization_ratio")
    if title == "Rate limit storm":
        return ["fleet.1.api.requests_per_min=900"]
    return [OF_OWNERS] if title == "Pricing" and key not in rented else BESIDE.get((title, key), [])


def written(title: str, key: str, example: object) -> dict[str, Any]:
    """The base scenario with an example in its place."""
    whole: Any = parse_yaml(BASE)
    path, frame = AT[title]
    part = {**frame, key: example}
    if title == "Deployment":
        path = BACK_ENDS.get(key, path)
    if title == "Provisioned throughput":
        part = {**frame, "throughput": {**frame["throughput"], key: example}}
    if title == "Fault target":
        part = {**frame, "target": {key: example}}
    if "spread" in title.lower():
        part = {**frame, "think_time": spread(title, key, example)}
    if path == "faults":
        return {**whole, "faults": [part]}
    made: dict[str, Any] = put(whole, path.split(".") if path else [], part)
    return made


def spread(title: str, key: str, example: object) -> object:
    """A spread in which a key's example stands."""
    if title == "Spread":
        return example
    if key == "weight":
        return {"mixture": [{"weight": example, "fixed": 1}]}
    return {"mixture": [example if isinstance(example, dict) else {"fixed": example}]}


def put(here: Any, steps: list[str], part: dict[str, Any]) -> Any:
    """A copy in which the part stands at the path; a part that says its pattern takes another's place."""
    if not steps:
        return part if "pattern" in part else {**(here or {}), **part}
    if isinstance(here, list):
        number = int(steps[0])
        return [*here[:number], put(here[number], steps[1:], part), *here[number + 1 :]]
    return {**(here or {}), steps[0]: put((here or {}).get(steps[0]), steps[1:], part)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that examples name."""
    made = tmp_path_factory.mktemp("reference")
    (made / "traces").mkdir()
    recorded = "arrival_s,input_tokens,output_tokens\n"
    recorded += "".join(f"{60 * n},100,20\n" for n in range(3_000))
    (made / "recorded.csv").write_text(recorded, encoding="utf-8")
    (made / "monday.csv").write_text(recorded, encoding="utf-8")
    (made / "traces" / "monday.csv.gz").write_text(recorded, encoding="utf-8")
    (made / "columns.csv").write_text("ts,prompt,answer\n0,100,9\n60,90,8\n", encoding="utf-8")
    row = {"timestamp": 0, "input_length": 900, "output_length": 20, "hash_ids": [1, 2]}
    lines = (json.dumps({**row, "timestamp": 60_000 * n}) for n in range(3_000))
    (made / "recorded.jsonl").write_text("\n".join(lines), encoding="utf-8")
    models = ("llama-3.1-8b", "gpt-4o", "llama-3.2-1b")
    graded = "".join(f"q{n},{model},1,90\n" for n in range(3) for model in models)
    (made / "answers.csv").write_text(f"query,model,correct,output_tokens\n{graded}", encoding="utf-8")
    return made


@pytest.mark.parametrize(("title", "key", "example"), EXAMPLES)
def test_examples_are_accepted(
    title: str, key: str, example: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each example of the page loads as a part of a scenario."""
    plug_in = SimpleNamespace(
        load=lambda: lambda rate_per_s: SteadyArrivals(pattern="steady", rate=rate_per_s)
    )
    monkeypatch.setattr(registry, "plug_ins", lambda: {"my_pattern": plug_in})
    data = written(title, key, parse_yaml(example))
    file = folder / "scenario.yaml"
    file.write_text(json.dumps(data, default=str), encoding="utf-8")
    load_scenario(file, overrides=beside(title, key))


def test_what_is_often_looked_for_fits_the_whole_scenario(folder: Path) -> None:
    """The scenario at the head of the page loads, and so it does with each setting below it."""
    whole = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    file = folder / "whole.yaml"
    file.write_text(whole[0], encoding="utf-8")
    head = TEXT.partition("## Often looked for")[2].partition("\n## ")[0]
    settings = re.findall(r"^\| .+? \| `(.+?)` \| \[", head, re.MULTILINE)
    assert len(settings) > 12
    for setting in settings:
        assert load_scenario(file, overrides=[setting]).digest != load_scenario(file).digest, setting


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0s"), (0.015, "15ms"), (90.0, "90s"), (300.0, "5min"), (86_400.0, "24h")]
)
def test_durations_are_written_in_whole_units(seconds: float, text: str) -> None:
    """A default of 300 s is shown as five minutes."""
    assert duration(seconds) == text


def test_descriptions_fall_into_meaning_and_example() -> None:
    """How a quantity is written is left to the column of types."""
    assert meaning_and_example("Mean. Example: 1.5. Written as seconds.") == ("Mean.", "1.5")
    assert meaning_and_example("Mean.") == ("Mean.", "")
