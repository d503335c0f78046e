"""Workers end with whoever started them, and leave the caller's script alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
UNGUARDED = """
import os
print("begun", flush=True)
from simulator.experiment.workers import worker_pool
with worker_pool(2) as pool:
    print(*pool.map(abs, [-1, -2, -3]), flush=True)
"""
BUSY = """
import signal
from simulator.experiment.workers import worker_pool
with worker_pool(1) as pool:
    pool.submit(abs, -1).result()
    pool.submit(signal.pause)
    print("busy", flush=True)
    signal.pause()
"""


def python(*arguments: str, text: str | None = None) -> subprocess.Popen[str]:
    """A Python process; what is not an argument it reads from stdin."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if text is not None and process.stdin is not None:
        process.stdin.write(text)
        process.stdin.close()
        process.stdin = None
    return process


def test_a_script_without_a_main_guard_is_run_once(tmp_path: Path) -> None:
    """A file, an argument and stdin can start workers on their top level."""
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED, encoding="utf-8")
    for process in (python(str(script)), python("-c", UNGUARDED), python("-", text=UNGUARDED)):
        assert process.communicate(timeout=120)[0] == "begun\n1 2 3\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_die_with_whoever_started_them(number: signal.Signals) -> None:
    """However it ends, nobody keeps its output open, though a worker was in the middle of something."""
    process = python("-c", BUSY)
    assert process.stdout is not None
    assert process.stdout.readline() == "busy\n"
    process.send_signal(number)
    rest = process.communicate(timeout=60)[0]
    assert rest.count("Traceback") == (number is signal.SIGINT)
    assert process.returncode != 0
