"""Faults with names, and a few mutants of the accounting, tried with the slow laws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTICING = (
    "tests/laws/test_accountant_cases.py",
    "tests/accounting/test_hand_made_blocks.py",
    "tests/accounting/test_hand_made_books.py",
    "tests/accounting/test_hand_made_outcomes.py",
    "tests/experiment/test_statistics.py",
    "tests/router/test_balancing_policies.py",
    "tests/router/test_policies.py",
    "tests/accounting/test_bills.py",
    "tests/accounting/test_windows.py::test_a_providers_errors_process_no_tokens_and_broken_machines_do",
)
LEAST = 0.9
"""Share that must be killed: what a full run asks for."""


@pytest.mark.slow
def test_faults_with_names_and_most_small_ones_of_the_accounting_are_noticed() -> None:
    """A month of 30 days, p95 taken as p90 and their like are noticed, and of small faults nearly all."""
    options = ["--named", "--sample", "10", "--seed", "5", "--paths", "simulator/accounting"]
    tests = ["--blind", "--tests", *NOTICING]
    command = [sys.executable, "bench/mutants", *options, "--least", str(LEAST), *tests]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "22 of 22 named mutants detected" in told.stdout
