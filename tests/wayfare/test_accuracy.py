"""`wayfare accuracy`, and the lines on grounds that runs, comparisons and pages have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from hand_made_grounds import GROUPS, PROFILE, group, held_profile
from simulator import simulate
from simulator.fleet import nearness
from wayfare.cli import cli
from wayfare.render.grounds import ground_lines
from wayfare.render.html.page import run_page
from wayfare.render.terminal.run import print_run
from world_cases import FRONTIER, SMALL, plain, scenario

if TYPE_CHECKING:
    from pathlib import Path

HELD = {**SMALL, "hardware": {"accelerator": "h100"}, "engine": {"profile": PROFILE}}
L40S = {**HELD, "name": "new", "hardware": {"accelerator": "l40s"}}


@pytest.fixture(autouse=True)
def _groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fit is that of the hand-made groups; a page of a usual width."""
    monkeypatch.setattr(nearness, "measured_groups", lambda: GROUPS)
    monkeypatch.setenv("COLUMNS", "80")


def said(tmp_path: Path, *fleet: dict[str, object], options: tuple[str, ...] = (), **profile: object) -> str:
    """What the command says of a fleet."""
    file = tmp_path / "mine.yaml"
    told = plain(fleet=list(fleet), router={"policy": "round_robin"}, catalog=held_profile(**profile))
    file.write_text(yaml.safe_dump(told), encoding="utf-8")
    result = CliRunner().invoke(cli, ["accuracy", str(file), *options])
    assert result.exit_code == 0, result.output
    return result.output


def in_one_line(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


def test_each_deployment_on_hardware_has_a_row(tmp_path: Path) -> None:
    """What its times are, the errors, the nearest groups with what differs, what to measure; no API."""
    text = said(tmp_path, HELD, L40S, FRONTIER)
    assert max(map(len, text.splitlines())) <= 80
    rows = {line.split()[0]: line.split() for line in text.splitlines() if "%" in line[:40]}
    assert rows["small"][1:] == ["fitted", "2.0", "%", "3.0", "%", "-", "50"]
    assert rows["new"][1:] == ["estimated", "16.0", "%", "24.0", "%", "-", "50"]
    flat = in_one_line(text)
    assert "frontier" not in flat
    assert (
        "nearest: Llama-3.1-8B bf16 on h100 (vllm 7), 9 points, 100 to 900 tokens in, 50 out, "
        "1 to 64 sequences, TPOT off by 5.0 % when left out; same configuration" in flat
    )
    assert "differs: h100 " in flat
    assert "differs: Llama-3.1-70B, b200, 4 chips" in flat
    assert (
        "to halve the error: five closed-loop points of llama-3.1-8b on l40s at 1 to 256 sequences, then "
        "`wayfare calibrate`: 3.0 % in the median on groups never seen, on chips of the fit" in flat
    )
    assert "to check the error: five closed-loop points of llama-3.1-8b on h100" in flat


@pytest.mark.parametrize(
    ("entry", "profile", "expected"),
    [
        (
            {"hardware": {"accelerator": "h100", "precision": "fp8"}},
            {},
            "to bring the error down, though not",
        ),
        ({"model": "llama-3.2-3b"}, {}, "to halve the error: five"),
        ({"engine": {"profile": PROFILE, "max_num_seqs": 48}}, {}, "at 1 to 48 sequences"),
        ({}, {"errors": None}, "times by profile 'held', error not known"),
        ({}, {"errors": None}, "nearest: none; no measured points are known of profile 'held'"),
        ({}, {"errors": None}, "to know the error: five"),
        (
            {"replicas": 2, "engine": {"profile": PROFILE, "split": {"prefill_replicas": 1}}},
            {},
            "measure it;",
        ),
        (
            {},
            {"measured": [group().model_dump()]},
            "times calibrated on points of your own, TPOT off by 3.0 %",
        ),
    ],
)
def test_the_remedy_fits_what_is_known(
    tmp_path: Path, entry: dict[str, object], profile: dict[str, object], expected: str
) -> None:
    """Half the error, less of it, or any knowledge of it: whichever a calibration brings."""
    assert expected in in_one_line(said(tmp_path, {**HELD, **entry}, **profile))


def test_json_has_the_same(tmp_path: Path) -> None:
    """One object for each deployment: times, nearest groups, remedy."""
    found: list[dict[str, Any]] = json.loads(said(tmp_path, HELD, L40S, options=("--json",)))
    assert [one["deployment"] for one in found] == ["small", "new"]
    assert found[1]["times"]["kind"] == "accelerator"
    assert found[1]["nearest"][0]["differs"] == ["h100"]
    assert found[1]["nearest"][0]["points"] == 9
    assert found[1]["remedy"] == {"points": 5, "batch_most": 256, "tpot_median": 0.03}


def test_settings_are_laid_over_and_fleets_without_hardware_say_so(tmp_path: Path) -> None:
    """`--set` as elsewhere; a fleet of APIs simulates no engine."""
    changed = said(tmp_path, HELD, options=("--set", "fleet.small.hardware.accelerator=l40s"))
    assert "estimated from the data sheet" in in_one_line(changed)
    assert "no deployment uses `hardware`" in said(tmp_path, FRONTIER)


@pytest.fixture(scope="module")
def run() -> Any:
    """A run of three deployments, two of which are alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearness, "measured_groups", lambda: GROUPS)
        world = scenario(fleet=[HELD, {**HELD, "name": "twin"}, FRONTIER], catalog=held_profile())
        return world, simulate(world)


def test_lines_say_what_figures_are_once(run: Any) -> None:
    """Deployments that are alike share a line; words for times, watts, price, carbon and answers."""
    world, result = run
    rest = "grid carbon published, its daily course estimated; answers estimated"
    times = "times fitted, TPOT off by 2.0 % in the median; watts measured; price published"
    latency = "the provider's latency estimated; energy estimated; price published"
    assert ground_lines(world, result.report) == [
        f"figures of small, twin (llama-3.1-8b on h100): {times}; {rest}",
        f"figures of frontier (gpt-6.1-sol on openai/gpt-6.1-sol): {latency}; {rest}",
    ]


def test_runs_and_pages_tell_them(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has each line once, in the terminal's width, and so has the page."""
    world, result = run
    print_run(world, result.report)
    text = capsys.readouterr().out
    for line in ground_lines(world, result.report):
        assert in_one_line(text).count(line) == 1
    assert max(map(len, text.splitlines())) <= 80
    assert run_page(world, result).count("times fitted, TPOT off by 2.0 % in the median") == 1
