"""The log's own figures stand beside the simulated ones, and a replay follows the log."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_runs import error_text, run
from router.errors import InvalidPolicyParameterError
from simulator import load_scenario, simulate
from simulator.traces import convert_trace, read_trace
from spend_logs import BEGIN, FLEET, SERVED, TEAMS, chat_rows, log_scenario, spend_row, written_log
from wayfare.render.recorded import recorded_lines

TARGETS = {"frontier": "sol", "quick": "luna", "haiku": "haiku"}
MISSING = FLEET.partition("  - {name: luna")[0]


def scenario_of(folder: Path, rows: list[dict[str, object]] | None = None, **changes: str):
    """The log on a fleet that has its models."""
    return load_scenario(log_scenario(folder, written_log(folder, rows), **changes))


def test_every_request_goes_where_it_went_then_failed_ones_too(tmp_path: Path) -> None:
    """Request by request the target of the log's group, its tenant the log's team."""
    rows = chat_rows()
    result = simulate(scenario_of(tmp_path, rows), "recorded")
    order = np.argsort(result.requests["arrival_s"], kind="stable")
    assert result.requests["policy_target"][order].tolist() == [
        TARGETS[str(row["model_group"])] for row in rows
    ]
    assert result.requests["tenant"][order].tolist() == [
        row["metadata"]["user_api_key_team_alias"] for row in rows
    ]
    assert set(result.report.by.tenant) - {"unattributed"} >= set(TEAMS)
    assert result.report.replays
    assert result.report.decisions == {"as recorded": len(rows)}


def test_the_logs_own_figures_are_counted_anew(tmp_path: Path) -> None:
    """Requests, failures, dollars and quantiles of the rows in the window, by served model too."""
    rows = [
        spend_row(
            n, 10.0 * n, group=list(SERVED)[n % 3], spend=0.01 * n, status="failure" if n == 4 else "success"
        )
        for n in range(9)
    ]
    for n, row in enumerate(rows):
        row["endTime"] = BEGIN.replace(second=0).isoformat() if n == 8 else row["endTime"]
    plain = scenario_of(tmp_path, rows)
    warm = plain.settings.model_copy(update={"warmup": 15.0})
    found = simulate(replace(plain, settings=warm), "always_cheapest").report.recorded
    assert found is not None
    assert (found.requests, found.failed) == (7, 1)
    assert found.spend_usd == pytest.approx(0.01 * sum(range(2, 9)))
    assert (found.latency.ttft_s.p50, found.latency.e2e_s.p95) == pytest.approx((0.5, 2.0))
    luna = found.by_deployment["gpt-6-luna"]
    assert (luna.requests, luna.failed, luna.spend_usd) == (2, 1, pytest.approx(0.11))
    assert sum(part.requests for part in found.by_deployment.values()) == 7


def test_what_a_log_does_not_say_is_no_figure(tmp_path: Path) -> None:
    """A trace of times and lengths has no block; one of models alone has neither dollars nor seconds."""
    keys = ("startTime", "prompt_tokens", "completion_tokens", "call_type", "status", "model_group")
    rows = [{key: row[key] for key in keys} for row in chat_rows()]
    found = simulate(scenario_of(tmp_path, rows)).report.recorded
    assert found is not None
    assert (found.spend_usd, found.latency.e2e_s.p50) == (None, None)
    bare = [{key: row[key] for key in keys[:3]} for row in rows]
    report = simulate(scenario_of(tmp_path, bare)).report
    assert report.recorded is None
    assert list(recorded_lines(report)) == []


def test_the_digest_knows_the_block_only_where_there_is_one(tmp_path: Path) -> None:
    """Absent, it is no part of the digest; present, another spend gives another digest."""
    rows = chat_rows()
    one = simulate(scenario_of(tmp_path, rows)).report
    other = replace(one, recorded=replace(one.recorded, spend_usd=1.0))
    assert one.digest != other.digest
    absent = replace(one, recorded=None)
    assert absent.digest not in (one.digest, replace(absent, replays=True).digest)


def test_a_log_imported_is_the_log(tmp_path: Path) -> None:
    """Wayfare's columns keep who served what, for whom, at what price, how soon and what failed."""
    log, target = written_log(tmp_path), tmp_path / "log.csv"
    convert_trace(log, target, "litellm")
    for keep in (True, False):
        one, other = (read_trace(path, keep_failed=keep) for path in (log, target))
        for name, column in one.logged.columns().items():
            np.testing.assert_array_equal(column, other.logged.columns()[name], name)
        np.testing.assert_array_equal(one.output_token_count, other.output_token_count)
        assert one.logged.failed.any() == keep
    assert other.logged.tenant[0] in TEAMS
    assert other.logged.user[0].startswith("user-")
    assert other.logged.request_id[0].startswith("chatcmpl-")


def test_failed_calls_get_their_models_mean_answer_or_are_left_out(tmp_path: Path) -> None:
    """What was never answered is as long as the model's answered calls are on the average."""
    rows = [spend_row(n, float(n), completion_tokens=tokens) for n, tokens in enumerate((10, 30, 0, 400))]
    rows[2]["status"], rows[3]["model_group"] = "failure", "haiku"
    log = written_log(tmp_path, rows)
    assert read_trace(log, keep_failed=True).output_token_count.tolist() == [10, 30, 20, 400]
    left = load_scenario(
        log_scenario(tmp_path, log), overrides=["workload.streams.gateway.arrivals.failed=leave_out"]
    )
    assert simulate(left).report.requests.arrived == 3


def test_a_fleet_without_the_logs_models_is_told_all_of_them(tmp_path: Path) -> None:
    """Refused whole, also in the library; a mapping on the command line makes it run."""
    path = log_scenario(tmp_path, written_log(tmp_path), fleet=MISSING)
    refused = error_text(run("run", path, "--policy", "recorded", code=2))
    assert "'quick', 'haiku'" in refused
    assert "recorded:mapping.quick=sol,mapping.haiku=sol" in refused
    with pytest.raises(InvalidPolicyParameterError, match="quick"):
        simulate(load_scenario(path), "recorded")
    mapped = "recorded:mapping.quick=sol,mapping.haiku=sol"
    report = json.loads(run("run", path, "--policy", mapped, "--json", "--quiet").stdout)
    assert report["requests"]["completed"] == len(chat_rows())
    own = log_scenario(tmp_path, tmp_path / "spend.jsonl", fleet=MISSING, policy="recorded")
    assert "router.parameters.mapping" in error_text(run("run", own, code=2))


def test_status_quo_and_candidates_are_compared_in_one_go(tmp_path: Path) -> None:
    """Terminal, page and JSON name the replay and the log's own figures."""
    path, other = log_scenario(tmp_path, written_log(tmp_path, chat_rows()[:2])), tmp_path / "other"
    other.mkdir()
    asked = ("compare", str(path), "--policy", "recorded", "--policy", "always_cheapest", "--trace")
    more = (str(written_log(other)), "--replications", "1", "--quiet", "--out", str(tmp_path / "out"))
    shown = run(*asked, *more)
    assert "the log itself: 30 requests, 3 failed" in shown.stdout
    assert "r a replay" in shown.stdout
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The log itself" in page
    assert "replay of the log" in page


def test_the_page_works_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The how-to's scenario and every command of it run on the sample log."""
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/replay-your-log.md").read_text(
        encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    written_log(tmp_path)
    (tmp_path / "status-quo.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0], "utf-8")
    commands = re.findall(r"^wayfare (.+)$", page, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        run(*shlex.split(command))
