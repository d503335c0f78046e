"""What an idle service holds."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from figures import Finding, Row, below, of_process_kb, plain, pss_mb

from serving import SHORT, Service, named_run
from wayfare.client import Client

SETTLE_S = 3.0
RUNS = 20


def idle_memory() -> Finding:
    """Looks at a service that has just started, and at one that has worked."""
    with tempfile.TemporaryDirectory() as folder:
        begun_s = time.perf_counter()
        with Service(folder) as service, Client(service.address) as client:
            started_s = time.perf_counter() - begun_s
            time.sleep(SETTLE_S)
            idle_mb, rows = pss_mb(service.processes()), by_process(service)
            for run in [client.create(named_run("frontier-only", settings=SHORT)) for _ in range(RUNS)]:
                client.report(run.run_id)
            time.sleep(SETTLE_S)
            worked_mb = pss_mb(service.processes())
    return Finding(
        title="An idle service",
        done="Proportional set size of all processes, the one that runs are forked from included.",
        rows=(
            plain("start to first answer", started_s, "s"),
            below("memory, just started", idle_mb, 350.0, "MB"),
            *rows,
            below(f"memory, idle again after {RUNS} runs", worked_mb, 350.0, "MB"),
        ),
    )


def by_process(service: Service) -> list[Row]:
    """The share of each process, the largest first."""
    sizes = sorted(((of_process_kb(one), one) for one in service.processes()), reverse=True)
    return [plain(f"of it {role(one)}", size / 1024.0, "MB") for size, one in sizes]


def role(process: int) -> str:
    """What a process is for, by what started it."""
    words = Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8")
    if "resource_tracker" in words:
        return "Python's resource tracker"
    return "forked from (and the checker of scenarios)" if "forkserver" in words else "the server"
