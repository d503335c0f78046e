"""`wayfare compare --fail-if` ends as a pipeline reads it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

RUN = ["compare", "support-desk-diurnal", "--set", "duration=10min", "--quiet", "--replications", "2"]
POLICIES = ["--policy", "always_cheapest", "--policy", "always_strongest"]


def wayfare(*words):
    """The command's end: its code, what it printed and what it complained of."""
    return subprocess.run(
        [sys.executable, "-m", "wayfare", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("condition", "code", "mark"),
    [
        ("cost_usd.per_request > 1", 0, "pass"),
        ("cost_usd.per_request > 0.0", 1, "FAIL"),
        ("latency.e2e_s.p95 > baseline", None, ""),
    ],
)
def test_gates_end_by_their_verdicts(condition: str, code: int | None, mark: str) -> None:
    """0 where all pass, 1 where one is violated, 3 where an interval holds its limit; JSON says the same."""
    ended = wayfare(*RUN, *POLICIES, "--fail-if", condition)
    told = wayfare(*RUN, *POLICIES, "--fail-if", condition, "--json")
    (gate,) = json.loads(told.stdout)["gates"]
    expected = {"passed": 0, "violated": 1, "undecided": 3}[gate["verdict"]]
    assert ended.returncode == told.returncode == expected
    assert code in (None, expected)
    assert f"{mark}  always_strongest: {condition}" in ended.stdout or code is None
    assert gate["baseline"] == (None if "baseline" not in condition else "always_cheapest")
    assert "Traceback" not in ended.stderr + told.stderr


def test_conditions_are_read_before_anything_runs() -> None:
    """All that is wrong is listed, with what is allowed."""
    ended = wayfare(*RUN, *POLICIES, "--fail-if", "cost_usd.per_reqest > 1", "--fail-if", "nonsense")
    assert ended.returncode == 2
    assert "did you mean 'cost_usd.per_request'" in ended.stderr
    assert "a condition is FIGURE > LIMIT" in ended.stderr
    unknown = wayfare(*RUN, *POLICIES, "--fail-if", "cost_usd.total > baseline", "--baseline", "orakle")
    assert unknown.returncode == 2
    assert "did you mean 'oracle'" in unknown.stderr
