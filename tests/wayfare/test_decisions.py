"""`--decisions FILE` keeps the decisions of policies and tells which have changed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from command_runs import error_text, run
from simulator.tables import InvalidTableError
from wayfare.results.decisions import (
    DecisionKey,
    KeptDecision,
    changed_decisions,
    read_decisions,
    write_decisions,
)

HEAD = "policy,request,target,reason\n"


def key(policy: str, request: int) -> DecisionKey:
    """Whose decision on which request."""
    return DecisionKey(policy=policy, request=request)


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a file, read by another reader."""
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def rewrite(path: Path, rows: list[dict[str, str]]) -> None:
    """Writes rows back."""
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, ["policy", "request", "target", "reason"])
        writer.writeheader()
        writer.writerows(rows)


def test_decisions_come_back_as_they_were_kept(tmp_path: Path) -> None:
    """Labels with commas, quotes and no target survive; nothing else is left in the folder."""
    kept = {
        key('mine.py:A:x="1,2"', 0): KeptDecision(target="small-1", reason='so, "why"'),
        key("b", 7): KeptDecision(target="", reason="none permitted"),
    }
    write_decisions(kept, tmp_path / "kept.csv")
    assert read_decisions(tmp_path / "kept.csv") == kept
    assert [path.name for path in tmp_path.iterdir()] == ["kept.csv"]


def test_changes_are_those_of_target_reason_or_presence() -> None:
    """Each kind of difference is one change, in order of policies and requests; equal ones are none."""
    was = {key("p", n): KeptDecision(target="a", reason="r") for n in range(4)}
    now = {
        key("q", 0): KeptDecision(target="a", reason="r"),
        key("p", 2): KeptDecision(target="b", reason="r"),
        key("p", 0): KeptDecision(target="a", reason="r"),
        key("p", 1): KeptDecision(target="a", reason="s"),
    }
    found = [
        (one.policy, one.request, one.was is None, one.now is None) for one in changed_decisions(was, now)
    ]
    assert found == [
        ("p", 1, False, False),
        ("p", 2, False, False),
        ("p", 3, False, True),
        ("q", 0, True, False),
    ]


def test_a_comparison_writes_then_agrees_then_tells_what_differs(file: Path, tmp_path: Path) -> None:
    """The file has every request of the asked policies alone; one row altered is one line and exit 1."""
    kept = tmp_path / "kept.csv"
    asked = ("--policy", "cheapest_capable", "--policy", "static:target=small", "--replications", 1)
    command = ("compare", file, *asked, "--quiet", "--decisions", kept)
    told = json.loads(run(*command, "--json").output)
    count = int(told["reports"][0]["requests"]["arrived"])
    rows = rows_of(kept)
    assert {row["policy"] for row in rows} == {"cheapest_capable", "static:target=small"}
    assert len(rows) == 2 * count
    assert all(row["target"].startswith("small") for row in rows if row["policy"].startswith("static"))
    assert f"0 of {2 * count} decisions differ" in run(*command).output
    rows[5]["target"] = "elsewhere"
    rewrite(kept, rows)
    before = kept.read_bytes()
    shown = run(*command, code=1).output
    line = f"{rows[5]['policy']}, request {rows[5]['request']}: was elsewhere ({rows[5]['reason']}), is "
    assert f"1 of {2 * count} decisions differ" in shown
    assert line in shown
    assert kept.read_bytes() == before
    told = json.loads(run(*command, "--json", code=1).output)["decisions_kept"]
    assert (told["differ"], told["compared"], told["first"][0]["was"].split()[0]) == (
        1,
        2 * count,
        "elsewhere",
    )


def test_a_run_shows_ten_changes_and_counts_the_rest(file: Path, tmp_path: Path) -> None:
    """Another policy's file differs in each request of either; ten lines are shown."""
    kept = tmp_path / "kept.csv"
    assert "wrote" in run("run", file, "--policy", "round_robin", "--decisions", kept).output
    count = len(rows_of(kept))
    shown = run("run", file, "--policy", "always_cheapest", "--decisions", kept, code=1).output
    assert f"{2 * count} of {2 * count} decisions differ" in shown
    assert shown.count(", request ") == 10
    assert f"and {2 * count - 10} more" in shown


def test_decisions_that_differ_outweigh_an_undecided_gate(file: Path, tmp_path: Path) -> None:
    """One replication leaves a gate undecided, which is 3; changed decisions make it 1."""
    kept = tmp_path / "kept.csv"
    gate = ("--fail-if", "cost_usd.per_request > 1.05 * baseline")
    command = ("compare", file, "--policy", "always_cheapest", "--policy", "always_strongest", "--quiet")
    command = (*command, "--replications", 1, *gate, "--decisions", kept)
    run(*command, code=3)
    rewrite(kept, rows_of(kept)[1:])
    run(*command, code=1)


def test_wrong_files_are_refused_with_every_row(tmp_path: Path) -> None:
    """Missing columns, numbers that are none, empty policies and rows given twice."""
    path = tmp_path / "kept.csv"
    path.write_text("policy,target\na,b\n", encoding="utf-8")
    with pytest.raises(InvalidTableError, match="no column 'request', 'reason'; columns: policy, target"):
        read_decisions(path)
    path.write_text(HEAD + "p,1,a,r\np,one,a,r\n,2,a,r\np,1,b,r\np,1,b,r\n", encoding="utf-8")
    with pytest.raises(InvalidTableError) as refused:
        read_decisions(path)
    assert [problem.path for problem in refused.value.problems] == ["row 3", "row 4", "row 5"]


def test_wrong_files_end_with_2_before_anything_runs(file: Path, tmp_path: Path) -> None:
    """The file's faults and the scenario's are listed together; a folder that is not there is one."""
    path = tmp_path / "kept.csv"
    path.write_text(HEAD + "p,-1,a,r\n", encoding="utf-8")
    wrong = run("run", file, "--set", "colour=blue", "--decisions", path, code=2)
    assert "row 2: request '-1' is not a whole number" in error_text(wrong)
    assert "colour" in error_text(wrong)
    nowhere = run("run", file, "--decisions", tmp_path / "no" / "kept.csv", code=2)
    assert "is no folder that can be written to" in error_text(nowhere)
