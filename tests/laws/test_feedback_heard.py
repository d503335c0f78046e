"""What a policy hears of answers is what the records have of them, as late and as seldom as stated."""

from __future__ import annotations

import json
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
        self.heard, self.latest_s = [], 0.0

    def route(self, request, fleet, rng):
        self.latest_s = request.now_s
        target = fleet.targets[fleet.candidates[request.index % len(fleet.candidates)]]
        return Decision.send(target.name, reason="in turn")

    def observe_feedback(self, feedback):
        self.heard.append({**asdict(feedback), "asked_s": self.latest_s})

    def finish(self):
        Path({file!r}).write_text(json.dumps(self.heard))
        return ()
"""
BUSY = {**CHAT, "arrivals": {"pattern": "steady", "rate": 4.0}}
HASTY = {"client": {"timeout": "4s", "retries": 1, "backoff": "1s"}}
CHANGES = {
    "plain": {},
    "fails": {"fleet": [SMALL, {**FRONTIER, "api": {"offer": "openai/gpt-6.1-sol", "failure_ratio": 0.3}}],
              "router": {"resilience": {"retries": 1, "default_fallbacks": ["small"]}}},
    "hangs up": {"workload": {"streams": [{**BUSY, **HASTY}]}},
    "agents": {"workload": {"streams": [{**BUSY, "agent": AGENT}]}},
}  # fmt: skip


def run(tmp_path: Path, name: str, ratio: float, delay_s: float = 20.0):
    """What was heard in a world, and its records."""
    file = tmp_path / "heard.json"
    (tmp_path / "hears.py").write_text(POLICY.replace("{file!r}", repr(str(file))), encoding="ascii")
    feedback = {"ratio": ratio, "delay": f"{delay_s}s"}
    changes = {"workload": {"streams": [BUSY]}, **CHANGES[name], "quality": {"feedback": feedback}}
    result = simulate(load_scenario(plain(duration="90s", **changes)), f"{tmp_path / 'hears.py'}:Hears")
    return json.loads(file.read_text()), records_of(result)


@pytest.mark.parametrize("name", CHANGES)
def test_all_that_becomes_known_is_what_the_records_say(tmp_path: Path, name: str) -> None:
    """With a ratio of 1 each completed request is heard of once: its target, if it is right, and when."""
    heard, records = run(tmp_path, name, 1.0)
    done = {number: row for number, row in records.asked.items() if row["state"] == "completed"}
    assert {entry["request_index"] for entry in heard} == done.keys()
    assert len(heard) == len(done) > 50
    assert {entry["correct"] for entry in heard} == {True, False}
    for entry in heard:
        row = done[entry["request_index"]]
        assert (entry["correct"], entry["target"]) == (row["correct"], row["deployment"])
        assert entry["received_s"] == pytest.approx(row["arrival_s"] + row["e2e_s"] + 20.0)
    received = [entry["received_s"] for entry in heard]
    assert received == sorted(received)
    assert all(entry["asked_s"] <= entry["received_s"] for entry in heard)


def test_a_share_is_heard_of_whoever_routes(tmp_path: Path) -> None:
    """A fifth becomes known, the same requests whatever is heard of others, and none at a ratio of 0."""
    some, records = run(tmp_path, "plain", 0.2)
    more, _records = run(tmp_path, "plain", 0.6)
    known = {entry["request_index"] for entry in some}
    assert known < {entry["request_index"] for entry in more}
    count = len(records.requests)
    assert abs(len(known) - 0.2 * count) < 3.0 * (0.16 * count) ** 0.5
    assert run(tmp_path, "plain", 0.0)[0] == []


def test_nobody_hears_where_nothing_is_stated(tmp_path: Path) -> None:
    """Without `quality.feedback` no answer becomes known, and no figure of the run is another."""
    heard, _records = run(tmp_path, "plain", 1.0)
    spec = f"{tmp_path / 'hears.py'}:Hears"
    told = simulate(load_scenario(plain(quality={"feedback": {"ratio": 1.0, "delay": "1s"}})), spec)
    untold = simulate(load_scenario(plain()), spec)
    assert heard
    assert json.loads((tmp_path / "heard.json").read_text()) == []
    same = ("requests", "attempts", "cost_usd", "latency", "quality")
    assert {key: told.report.plain[key] for key in same} == {key: untold.report.plain[key] for key in same}
