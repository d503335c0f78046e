"""A few mutants of the accounting, tried at every run of the suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAW = "tests/laws/test_accountant.py::test_the_accountant_finds_every_figure_of_what_ships[{}]"
SHIPPED = ("api-price-plans", "support-desk-diurnal", "hybrid-edge-cloud")
LEAST = 0.7
"""Share that must be killed: below what a full run asks for, since a sample of twelve is coarse."""


@pytest.mark.slow
def test_most_mutants_of_the_accounting_are_noticed() -> None:
    """Of a fixed sample of small faults in the accounting the accountant notices most."""
    options = ["--sample", "12", "--seed", "3", "--paths", "simulator/accounting", "--least", str(LEAST)]
    tests = ["--blind", "--tests", *map(LAW.format, SHIPPED)]
    command = [sys.executable, "bench/mutants", *options, *tests]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "mutants killed" in told.stdout
