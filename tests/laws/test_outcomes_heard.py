"""What a policy that learns hears of attempts is what the records have of them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from oracle.accountant.records import records_of
from simulator import load_scenario, simulate
from world_cases import AGENT, CHAT, FRONTIER, SMALL, plain

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """
import json
from dataclasses import asdict
from pathlib import Path

from router.decision import Decision


class Hears:
    name = "hears"

    def __init__(self):
        self.heard = []

    def route(self, request, fleet, rng):
        return Decision.send(self.name_of(request, fleet), reason="in turn")

    def name_of(self, request, fleet):
        return fleet.targets[fleet.candidates[request.index % len(fleet.candidates)]].name

    def observe(self, outcome):
        self.heard.append(asdict(outcome))

    def finish(self):
        Path({file!r}).write_text(json.dumps(self.heard))
        return ()
"""
HASTY = {"client": {"timeout": "4s", "retries": 1, "backoff": "1s"}}
CHANGES = {
    "fails": {"fleet": [SMALL, {**FRONTIER, "api": {"offer": "openai/gpt-6.1-sol", "failure_ratio": 0.3}}]},
    "refuses": {"fleet": [{**SMALL, "engine": {"max_sequences": 2, "queue_limit": 2}}, FRONTIER]},
    "hangs up": {"workload": {"streams": [{**CHAT, **HASTY}]}},
    "agents": {
        "workload": {"streams": [{**CHAT, "agent": AGENT, "arrivals": {"pattern": "steady", "rate": 0.2}}]}
    },
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_learner_hears_of_each_attempt_what_its_record_says(tmp_path: Path, name: str) -> None:
    """Target, ending, instants and tokens of each attempt that ended are heard once, in order of time."""
    heard_file = tmp_path / "heard.json"
    (tmp_path / "hears.py").write_text(POLICY.replace("{file!r}", repr(str(heard_file))), encoding="ascii")
    world = load_scenario(plain(duration="60s", **CHANGES[name]))
    records = records_of(simulate(world, f"{tmp_path / 'hears.py'}:Hears"))
    heard = json.loads(heard_file.read_text())
    assert [entry["finished_s"] for entry in heard] == sorted(entry["finished_s"] for entry in heard)
    done = {row["request"]: row for row in records.attempts if row["state"] == "completed"}
    told = {entry["request_index"]: entry for entry in heard if entry["completed"]}
    assert told.keys() <= done.keys()
    assert len(told) > 10
    assert len(told) == sum(entry["completed"] for entry in heard)
    for request, entry in told.items():
        row = done[request]
        assert entry["target"] == row["target"]
        assert entry["output_token_count"] == row["output_token_count"]
        assert entry["e2e_s"] == pytest.approx(entry["finished_s"] - records.asked[request]["arrival_s"])
        assert entry["started_s"] == pytest.approx(row["started_s"])
        assert entry["prompt_token_count"] == records.asked[request]["input_token_count"]
        assert entry["finished_s"] == pytest.approx(row["finished_s"] + row["back_s"])
        first_s = row["first_token_s"] - records.asked[request]["arrival_s"]
        assert entry["ttft_s"] == pytest.approx(first_s + row["back_s"])
    lost = [entry for entry in heard if not entry["completed"]]
    ended = {
        (row["request"], row["target"], row["started_s"])
        for row in records.attempts
        if row["state"] != "completed"
    }
    for entry in lost:
        assert (entry["request_index"], entry["target"], entry["started_s"]) in ended
        assert math.isnan(entry["ttft_s"])
        assert entry["output_token_count"] == 0
        assert entry["reason"]
