"""Recordings that tests write, and the workload they give."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from simulator.streams import RandomStreams
from simulator.workload.columns import Workload
from simulator.workload.generate import generate_workload
from world_cases import scenario

START = datetime(2025, 3, 1, 10, tzinfo=UTC)
ROLES = {"timestamp": "ts", "input_tokens": "in", "output_tokens": "out"}


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
