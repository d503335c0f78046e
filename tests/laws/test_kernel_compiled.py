"""Compiled and uncompiled, the kernel is one and the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from oracle.fingerprint import all_digests, small_cases
from oracle.runs import kernel_outcome

ROOT = Path(__file__).resolve().parents[2]


def uncompiled_lines() -> list[str]:
    """What the fingerprint of the uncompiled kernel prints."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-m", "oracle.fingerprint"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_the_uncompiled_kernel_keeps_the_same_ledger_to_the_bit() -> None:
    """Every column of the ledger and every meter has the same bits under NUMBA_DISABLE_JIT=1."""
    kind, *digests = uncompiled_lines()
    assert kind == "uncompiled"
    assert digests == list(all_digests())


def test_the_fingerprinted_cases_are_not_trivial() -> None:
    """The compared cases hold preemptions, prefix hits, cancels, refusals and outages."""
    outcomes = [kernel_outcome(case) for case in small_cases()]
    assert sum(outcome.queues["preemption_count"].sum() for outcome in outcomes) > 0
    assert sum(outcome.attempts["cached"].sum() for outcome in outcomes) > 0
    endings = {ending for outcome in outcomes for ending in outcome.attempts["ending"]}
    reasons = {reason for outcome in outcomes for reason in outcome.attempts["reason"]}
    assert {1, 2, 3, 4} <= endings
    assert {0, 1, 6} <= reasons
