"""The how-to about one's own chip and model: its files and commands, run as they are shown."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from wayfare.cli import cli

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "my-own-hardware.md"
FILE = re.compile(r"^`([\w.-]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Every command of the page and what is printed below it."""
    listings = "".join(CONSOLE.findall(PAGE.read_text(encoding="utf-8")))
    parts = re.split(r"^\$ ", listings, flags=re.MULTILINE)[1:]
    return [(line, rest) for line, _newline, rest in (part.partition("\n") for part in parts)]


def ran(line: str) -> tuple[str, str]:
    """A command's stdout, appended to a file where the line says so, and its stderr."""
    line, _sign, target = line.partition(" >> ")
    program, *arguments = shlex.split(line)
    assert program == "wayfare"
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(result.stdout)
    return result.stdout, result.stderr


def test_the_page_runs_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files as listed, commands in order: what is printed is what is shown, and every point is predicted."""
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    files = dict(FILE.findall(text))
    assert set(files) == {"mine.yaml", "config.json", "chat.yaml", "points.csv"}
    for name, content in files.items():
        Path(name).write_text(content, encoding="utf-8")
    told = {line.split(" --catalog")[0]: (shown, *ran(line)) for line, shown in commands()}
    assert len(told) == 6
    for shown, printed, _errors in told.values():
        assert shown in ("", printed)
    (run,) = [printed for line, (_shown, printed, _errors) in told.items() if line.startswith("wayfare run")]
    notes = re.findall(r"^note: .*unknown, not 0(?:; give)?$", text, re.MULTILINE)
    assert len(notes) == 2
    assert all(note in " ".join(run.split()) for note in notes)
    predicted = list(csv.DictReader(Path("predicted.csv").read_text(encoding="utf-8").splitlines()))
    assert all(float(row["pred_tpot_ms"]) > 1.0 for row in predicted)
    assert "my-engine" in Path("my-engine.yaml").read_text(encoding="utf-8")
    (calibrated,) = [
        printed for line, (_, printed, _) in told.items() if line.startswith("wayfare calibrate")
    ]
    (judged,) = [printed for line, (_, printed, _) in told.items() if "--profile my-engine.yaml" in line]
    (error,) = re.findall(r"error on the points: ([\d.]+)% mean", calibrated)
    assert re.search(rf"^\s*all\b.*\b{error} %", judged, re.MULTILINE)


def test_the_log_of_the_page_is_one_that_calibrate_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command, on a log with the page's columns: the options are known and the profile is written."""
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    for name in ("mine.yaml", "config.json"):
        Path(name).write_text(dict(FILE.findall(text))[name], encoding="utf-8")
    for line, _shown in commands()[:2]:
        ran(line)
    names = re.findall(r"`(\w+)`", re.search(r"^`log.csv` has (.*?) \(", text, re.MULTILINE)[1])
    rows = [(0.5 * at, 500 + 40 * (at % 7), 100, 0.5 * at + 0.1, 0.5 * at + 1.1) for at in range(60)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    Path("log.csv").write_text("\n".join(lines), encoding="utf-8")
    (command,) = re.findall(r"^wayfare calibrate log.csv .*?yaml$", text, re.MULTILINE | re.DOTALL)
    line = command.replace("\\\n", " ").replace("--until 60", "--until 20")
    printed, _errors = ran(line)
    assert "error on what ended after 20 s" in printed
    assert "max_sequences: 256" in Path("my-engine.yaml").read_text(encoding="utf-8")


def test_a_chip_takes_six_lines() -> None:
    """The heading is no boast: six keys, each of which the table explains."""
    text = PAGE.read_text(encoding="utf-8")
    listing = dict(FILE.findall(text))["mine.yaml"]
    keys = re.findall(r"^    (\w+):", listing, re.MULTILINE)
    assert len(keys) == 6
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == keys
