"""All benchmarks, medians over fresh processes: `make bench`, or `TRACE=file make bench`.

Prints the tables and keeps them in bench/RESULTS.md with the machine's description. Timings are
of this machine at this hour; ratios within one table carry further.
"""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tables import HEAD, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
TRACE = HERE.parent / "out" / "bench" / "trace.csv"
REPEATS = 5
AZURE_COUNT = 19_366
AZURE_SPAN_S = 3_501.7

Figures = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A scenario with settings over it, measured as a process of its own."""

    title: str
    scenario: str
    settings: tuple[str, ...] = ()
    traced: bool = False
    repeats: int = REPEATS


AZURE = "azure-16xa100.yaml"
OWN_RATE = ("duration=1h", "workload.streams.chat.arrivals.time_scale=1")
CASES = (
    Case(title="trace, 16 replicas, about 70 % busy", scenario=AZURE, traced=True),
    Case(
        title="trace 12 times as fast, 16 replicas",
        scenario=AZURE,
        settings=("duration=292s", "workload.streams.chat.arrivals.time_scale=0.08333333333333333"),
        traced=True,
    ),
    Case(
        title="trace at its own rate, 1 replica",
        scenario=AZURE,
        settings=(*OWN_RATE, "fleet.small.replicas=1"),
        traced=True,
    ),
    Case(
        title="trace at its own rate, 4 replicas",
        scenario=AZURE,
        settings=(*OWN_RATE, "fleet.small.replicas=4"),
        traced=True,
    ),
    Case(title="timeouts, retries, hedge 5 %, sessions", scenario="everything-on.yaml"),
    Case(title="caches, agents, priorities, scaling, faults, limits, edge", scenario="everything.yaml"),
    Case(title="8 deployments, 10,000 requests", scenario="million.yaml", settings=("duration=100s",)),
    Case(title="8 deployments, 100,000 requests", scenario="million.yaml", settings=("duration=1000s",)),
    Case(title="8 deployments, 1,000,000 requests", scenario="million.yaml", repeats=3),
    Case(
        title="16 user devices",
        scenario="edge-queues.yaml",
        settings=("workload.streams.app.devices=16",),
    ),
    Case(title="10,000 user devices", scenario="edge-queues.yaml"),
)

MOONCAKE = Case(title="Mooncake's trace, 8 workers in turn", scenario="mooncake-8.yaml", traced=True)
"""Needs the published trace: `MOONCAKE=mooncake_conversation.jsonl.gz make bench`."""

STARTS = {
    "`wayfare --help`": ("-m", "wayfare", "--help"),
    "a minute of traffic, to its table": (
        "-m",
        "wayfare",
        "run",
        "support-desk-diurnal",
        "--set",
        "duration=1min",
        "--quiet",
    ),
    "compiling the kernel, once": ("-c", "from simulator.kernel import building; building.object_code()"),
}
"""Whole processes: what each does, and Python's arguments for it."""


def trace() -> tuple[Path, str]:
    """The trace to play and what to call it: the one given, else one generated in its shape."""
    given = os.environ.get("TRACE")
    if given:
        return Path(given), f"`{Path(given).name}`"
    if not TRACE.exists():
        TRACE.parent.mkdir(parents=True, exist_ok=True)
        write_shaped_trace(TRACE)
    return TRACE, f"generated in the shape of the Azure 2023 conversation trace, {AZURE_COUNT:,} rows"


def write_shaped_trace(path: Path) -> None:
    """Writes a trace with the published statistics of the Azure trace (as the sample that ships)."""
    sys.path.insert(0, str(HERE.parent / "scenarios" / "traces"))
    import generate_sample
    import numpy as np

    generate_sample.COUNT, generate_sample.SPAN_S = AZURE_COUNT, AZURE_SPAN_S
    rows = generate_sample.rows(np.random.default_rng(generate_sample.SEED))
    lines = ["TIMESTAMP,ContextTokens,GeneratedTokens", *(f"{at},{p},{a}" for at, p, a in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def measured(case: Case, path: Path) -> Figures:
    """Medians of a case's figures over fresh processes."""
    command = [sys.executable, str(HERE / "case.py"), str(HERE / "scenarios" / case.scenario)]
    for setting in case.settings:
        command += ["--set", setting]
    command += ["--trace", str(path)] if case.traced else []
    runs = [one_process(command) for _ in range(case.repeats)]
    return {name: statistics.median(run[name] or 0.0 for run in runs) for name in runs[0]}


def one_process(command: list[str]) -> Figures:
    """One run's figures; `whole_s` is the process from its start to its end."""
    began_s = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (our own script)
    found: Figures = json.loads(done.stdout)
    return {**found, "whole_s": time.perf_counter() - began_s}


def inside_s(run: Figures) -> float:
    """Seconds inside the run: workload, world, ledger, accounting and report."""
    return run["resolve_s"] + run["world_s"] + run["accounting_s"] + run["report_s"]


def row(case: Case, run: Figures) -> tuple[str, ...]:
    """One line of the table."""
    count = run["requests"]
    return (
        case.title,
        f"{count:,.0f}",
        f"{count / inside_s(run):,.0f}",
        f"{count / run['whole_s']:,.0f}",
        f"{run['busy'] * 100:.0f} %" if run["busy"] else "-",
        *(f"{run[name] * 1e6 / count:.2f}" for name in ("resolve_s", "world_s", "accounting_s", "report_s")),
        f"{run['load_s'] + run['kernel_s']:.2f}",
        f"{run['peak_mb']:,.0f}",
    )


def exponent(runs: dict[str, Figures]) -> float:
    """Growth of the cost from ten thousand requests to a million: slope in logarithms."""
    small, large = runs["8 deployments, 10,000 requests"], runs["8 deployments, 1,000,000 requests"]
    cost = math.log(inside_s(large) / inside_s(small))
    return cost / math.log(large["requests"] / small["requests"])


def devices_ratio(runs: dict[str, Figures]) -> float:
    """Cost of a request with ten thousand devices over that with sixteen."""
    few, many = runs["16 user devices"], runs["10,000 user devices"]
    return (inside_s(many) / many["requests"]) / (inside_s(few) / few["requests"])


def starts() -> list[tuple[str, str]]:
    """Median seconds of each whole process in `STARTS`."""
    return [(title, f"{process_s(arguments):.2f}") for title, arguments in STARTS.items()]


def process_s(arguments: Sequence[str]) -> float:
    """Median seconds of a Python process from start to end."""
    taken = []
    for _ in range(REPEATS):
        began_s = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)  # noqa: S603  (our own)
        taken.append(time.perf_counter() - began_s)
    return statistics.median(taken)


def decisions() -> dict[str, float]:
    """Microseconds per decision of the load policies, by their own process."""
    return figures_by("decisions.py")


def figures_by(script: str) -> dict[str, float]:
    """The figures by title that a script of this folder prints."""
    command = [sys.executable, str(HERE / script)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (our own script)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def machine() -> str:
    """What the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text(encoding="utf-8").splitlines() if "model name" in line]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    return f"{os.cpu_count()} x {cpu}, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    """Measures every case, prints the page and keeps it."""
    path, called = trace()
    runs = {case.title: measured(case, path) for case in CASES}
    rows = [row(case, runs[case.title]) for case in CASES]
    given = Path(os.environ.get("MOONCAKE", ""))
    if given.is_file():
        rows.append(row(MOONCAKE, measured(MOONCAKE, given)))
    policies = [(name, f"{spent_us:.2f}") for name, spent_us in decisions().items()]
    tables = [(title, f"{spent_s:.1f}") for title, spent_s in figures_by("outcomes.py").items()]
    page = "\n".join(
        [
            "# Results",
            "",
            f"Machine: {machine()}. Trace: {called}. Medians of {REPEATS} fresh processes (3 at a million).",
            "`inside` counts workload, world, ledger, accounting and report; `whole process` everything from",
            "start to exit, imports and the loading of machine code included (`start-up`).",
            "",
            markdown(HEAD, rows),
            "",
            f"Cost grows with the requests to the power {exponent(runs):.2f} (10^4 to 10^6).",
            f"Ten thousand devices cost {devices_ratio(runs):.2f} times what sixteen cost, per request.",
            "",
            markdown(("policy, 16 targets", "us per decision"), policies),
            "",
            markdown(("table of recorded answers", "s of processor time to read"), tables),
            "",
            markdown(("whole process", "s"), starts()),
            "",
        ]
    )
    (HERE / "RESULTS.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
