"""Every figure of docs/reliability.md, measured again: `make soak`, or with names of experiments."""

from __future__ import annotations

import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from faults import damaged_stores, full_disks, killed_servers, killed_workers
from footprint import idle_memory
from hostility import hostile_calls
from load import steady_load
from streaming import million_records
from submission import thousand_runs
from unfriendly import unfriendly_tenant, watched_week

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from figures import Finding, Row

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
EXPERIMENTS: tuple[Callable[[], Finding], ...] = (
    idle_memory,
    thousand_runs,
    steady_load,
    million_records,
    killed_servers,
    killed_workers,
    damaged_stores,
    full_disks,
    hostile_calls,
    unfriendly_tenant,
    watched_week,
)
MARKS = {True: "yes", False: "**no**", None: ""}


def main(names: Sequence[str]) -> int:
    """Runs the experiments and says what they found; keeps the page when all were run. 1 if one fails."""
    begun_s, findings = time.perf_counter(), []
    for experiment in EXPERIMENTS:
        if not names or experiment.__name__ in names:
            findings.append(experiment())
            print(section(findings[-1]), flush=True)
    if not names:
        PAGE.write_text(page(findings, time.perf_counter() - begun_s), encoding="utf-8")
    return int(any(row.holds is False for finding in findings for row in finding.rows))


def page(findings: Sequence[Finding], took_s: float) -> str:
    """The page as Markdown."""
    head = (
        "# Reliability\n\n"
        "What the service does when callers are many, things break and people are hostile. Every figure "
        "is measured by `make soak`,\nwhich writes this page; the tests hold the behaviour. "
        "How to call and set up: [Call the service](how-to/grpc.md).\n\n"
        f"Measured {datetime.now(tz=UTC):%Y-%m-%d} on {machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load average {os.getloadavg()[2]:.1f} over 15 minutes, "
        f"in {took_s / 60.0:.1f} minutes. Client and service share the machine.\n\n"
    )
    return head + "\n".join(section(finding) for finding in findings)


def section(finding: Finding) -> str:
    """One experiment as Markdown."""
    table = ["| what | measured | target | met |", "|---|---|---|---|", *map(line, finding.rows)]
    return "\n".join([f"## {finding.title}", finding.done, "", *(table if finding.rows else []), ""])


def line(row: Row) -> str:
    """One figure as a line of a table."""
    return f"| {row.what} | {row.found} | {row.target} | {MARKS[row.holds]} |"


def machine() -> str:
    """The processor's name, where the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names = [one.partition(":")[2].strip() for one in text.splitlines() if one.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
