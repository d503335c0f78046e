"""What commands write: reports, columns, pages and tables, whole or not at all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import wayfare.render.html.page
import wayfare.results.writing
from command_runs import error_text, run


def test_run_prints_the_headline(file: Path) -> None:
    """Cost, quality, latency and the deployments stand in the table."""
    text = run("run", file).output
    for expected in ("a month", "right answers", "95th percentile", "deployment", "small", "decisions:"):
        assert expected in text


def test_run_writes_report_columns_and_page(file: Path, tmp_path: Path) -> None:
    """`--out` holds the report, both column files and the page; explain reads them."""
    out = tmp_path / "out"
    run("run", file, "--out", out)
    for name in ("report.json", "report.html", "requests.parquet", "attempts.parquet", "series.npz"):
        assert (out / name).stat().st_size > 500
    report = json.loads((out / "report.json").read_text())
    rows = wayfare.results.writing.read_parquet(out / "requests.parquet")
    assert len(rows) == report["requests"]["arrived"]
    assert sum(row["cost_usd"] for row in rows) <= report["cost_usd"]["total"]
    story = run("explain", out, "--request", 3).output
    for expected in ("Request 3 of test", "the policy saw", "attempt 1", "paid:", "In all 1 attempt"):
        assert expected in story
    assert "allowed: 0 to" in error_text(run("explain", out, "--request", 10**6, code=2))


def test_a_run_folder_is_exported(file: Path, tmp_path: Path) -> None:
    """`export openmetrics` writes the folder's series under its name, or another, with vLLM's on demand."""
    out, target = tmp_path / "monday", tmp_path / "monday.om"
    run("run", file, "--out", out, "--quiet")
    assert "samples of run 'monday'" in run("export", "openmetrics", out, "-o", target).output
    text = target.read_text(encoding="utf-8")
    assert text.startswith("# TYPE wayfare_run_info gauge\n")
    assert text.endswith("# EOF\n")
    assert 'run="monday",policy="cheapest_capable"' in text
    assert "vllm:" not in text
    run("export", "openmetrics", out, "-o", target, "--run", "other", "--vllm-metrics")
    text = target.read_text(encoding="utf-8")
    assert 'vllm:num_requests_running{run="other"' in text
    assert 'run="monday"' not in text


def test_folders_and_addresses_that_cannot_be_pushed(file: Path, tmp_path: Path) -> None:
    """A folder without series, a URL that is none, a future epoch: exit code 2, and what is wrong."""
    url = "http://127.0.0.1:9/api/v1/write"
    assert "no series.npz" in error_text(run("push", tmp_path, "--remote-write", url, code=2))
    out = tmp_path / "out"
    run("run", file, "--set", "telemetry.epoch=2999-01-01", "--out", out, "--quiet")
    assert "ahead of the clock" in error_text(run("push", out, "--remote-write", url, code=2))
    assert "is not http(s)://" in error_text(run("push", out, "--remote-write", "localhost:9090", code=2))


def test_agent_tasks_have_a_table_a_section_and_a_story(file: Path, tmp_path: Path) -> None:
    """The terminal and the page show the tasks of agents, and explain says which call a request is."""
    out = tmp_path / "out"
    agent = "workload.streams.chat.agent={calls: 3, tool_time: 2s, tool_output_tokens: 100}"
    assert "agent tasks" not in run("run", file).output
    text = run("run", file, "--set", agent, "--out", out).output
    report = json.loads((out / "report.json").read_text())["tasks"]
    row = next(line for line in text.splitlines() if line.startswith("chat "))
    assert row.split()[1:4] == [f"{report[key]:,}" for key in ("arrived", "completed", "failed")]
    assert "<h2>Agent tasks</h2>" in (out / "report.html").read_text()
    second = wayfare.results.writing.read_parquet(out / "requests.parquet", "call = ?", 2)[0]
    story = run("explain", out, "--request", second["request"]).output
    assert f"call 2 of 3 of agent task {second['agent_task']}" in story
    compared = run("compare", file, "--set", agent, "--policy", "cascade", "--replications", 2).output
    assert "agent tasks" in compared


def test_requests_that_got_no_answer_have_a_story_too(file: Path, tmp_path: Path) -> None:
    """Hung up on in the queue or on the way: explain says so, and the page stands without answers."""
    out = tmp_path / "out"
    impatient = "workload.streams.chat.client={timeout: 1ms}"
    run("run", file, "--set", impatient, "--out", out)
    story = run("explain", out, "--request", 2).output
    assert "it never left the queue" in story
    assert "the request ended: timed_out" in story


def test_a_run_without_requests_is_reported_whole(file: Path, tmp_path: Path) -> None:
    """No arrivals, no figures: dashes, not errors."""
    quiet = "workload.streams.chat.arrivals.rate=1/d"
    text = run("run", file, "--set", quiet, "--out", tmp_path / "out").output
    assert "1 min" in text
    compared = run("compare", file, "--set", quiet, "--policy", "cascade", "--replications", 2).output
    assert "the same" in compared


def test_nothing_is_left_of_an_interrupted_write(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When writing breaks off, no file and no folder remains."""

    def breaks(*_arguments: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(wayfare.render.html.page, "run_page", breaks)
    before = sorted(tmp_path.iterdir())
    run("run", file, "--out", tmp_path / "out", code=130)
    assert sorted(tmp_path.iterdir()) == before


def test_an_earlier_result_is_replaced_and_other_files_stay(file: Path, tmp_path: Path) -> None:
    """A second run takes the place of the first; a stranger's file is left alone."""
    out = tmp_path / "out"
    run("run", file, "--out", out)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    first = (out / "report.json").read_text()
    run("run", file, "--seed", 99, "--out", out)
    assert (out / "report.json").read_text() != first
    assert (out / "notes.txt").read_text() == "mine"


def test_compare_prints_policies_differences_and_conclusion(file: Path, tmp_path: Path) -> None:
    """The table has a row for each policy, marks, differences and sentences; folders hold the rest."""
    out = tmp_path / "out"
    text = run("compare", file, "--policy", "cascade", "--replications", 2, "--out", out).output
    for expected in (
        "cascade",
        "always_strongest",
        "oracle bo",
        "differences to cascade",
        "than always_strongest",
    ):
        assert expected in text
    assert (out / "cascade" / "requests.parquet").exists()
    data = json.loads((out / "comparison.json").read_text())
    assert len(data["reports"]) == 5


def test_page_asks_nothing_of_the_outside(file: Path, tmp_path: Path) -> None:
    """The report loads no script, style, font or picture from anywhere."""
    out = tmp_path / "out"
    run("compare", file, "--policy", "cascade", "--replications", 1, "--out", out)
    page = (out / "report.html").read_text(encoding="utf-8")
    head = page[: page.index("<script>")]
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", head)
    assert "@import" not in head
    assert "url(" not in head
    assert page.count("<script type='application/json'") == 4
