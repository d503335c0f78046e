"""The command line where nobody listens, in the middle of a signal, and under odd names."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from world_cases import plain

WAYFARE = f"{shlex.quote(sys.executable)} -m wayfare"
SHORT = plain(duration="20s")
KILLER = """import os, sys
class P:
    def route(self, *_):
        os.kill(os.getpid(), int(sys.argv[-1]))
"""


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A shell's command, run in a folder."""
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    variables = {**os.environ, "PYTHONPATH": paths, **environment}
    words = [str(shutil.which("bash")), "-c", command]
    return subprocess.run(words, cwd=folder, env=variables, capture_output=True, check=False, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a scenario in it."""
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(SHORT), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", ["--help", "policies", "run s.yaml"])
def test_a_reader_that_has_seen_enough_is_no_error(command: str, folder: Path) -> None:
    """`| true` leaves before anything is written: exit code 0, and not a word."""
    done = shell(f"{WAYFARE} {command} | true; echo ${{PIPESTATUS[0]}}", folder)
    assert done.stdout == b"0\n"
    assert b"rror" not in done.stderr
    assert b"Broken" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&- <&-"])
def test_closed_streams_lead_nowhere(closed: str, folder: Path) -> None:
    """A run whose streams are closed runs, and writes its files, which are not those streams."""
    done = shell(f"{WAYFARE} run s.yaml --out out {closed}", folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "out" / "report.json").read_bytes().startswith(b"{")


def test_a_full_disk_is_an_error_in_one_line(folder: Path) -> None:
    """What cannot be written says so, once."""
    done = shell(f"{WAYFARE} policies > /dev/full", folder)
    assert (done.returncode, done.stderr) == (1, b"No space left on device\n")


def test_letters_that_the_terminal_lacks_are_escaped(folder: Path) -> None:
    """ASCII alone, and a file's name that is no text, break nothing."""
    name = b"\xe9\xff.yaml"
    os.rename(os.fsencode(folder / "s.yaml"), os.fsencode(folder) + b"/" + name)  # noqa: PTH104  (bytes)
    quoted = "$'\\xe9\\xff.yaml'"
    done = shell(f"{WAYFARE} run {quoted} --out out", folder, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    done = shell(f"{WAYFARE} run {quoted} --set seed=x", folder, PYTHONIOENCODING="utf-8")
    assert done.returncode == 2
    assert b"seed: 'x' is not allowed" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_run_cleanly(number: signal.Signals, code: int, folder: Path) -> None:
    """An interrupt is 130, a termination 143; nothing is half-written and nothing is a traceback."""
    (folder / "p.py").write_text(KILLER, encoding="utf-8")
    done = shell(f"{WAYFARE} run s.yaml --policy p.py:P --out out --seed {int(number)}", folder)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == ["p.py", "s.yaml"]
