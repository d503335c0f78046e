"""A comparison's table: one row a policy, differences to the first, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wayfare.numbers import duration, significant
from wayfare.tables.conclusion import conclusion
from wayfare.tables.run import print_warnings
from wayfare.tables.tasks import print_tasks_by_policy
from wayfare.terminal import console, plain_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

    from simulator import Comparison, Report, Scenario
    from simulator.experiment.differences import Difference

FIGURES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("$/month", "cost_usd.per_month", lambda value: f"{value:,.0f}"),
    ("$/1k requests", "cost_usd.per_request", lambda value: significant(value * 1_000)),
    ("right %", "quality.success_ratio", lambda value: f"{value * 100:.1f}"),
    ("TTFT p95 s", "latency.ttft_s.p95", significant),
    ("E2E p95 s", "latency.e2e_s.p95", significant),
    ("in SLO %", "slo.attainment_ratio", lambda value: f"{value * 100:.1f}"),
    ("Wh/request", "energy_wh.per_request", significant),
)
"""Columns of the table: head, path in the report, and how a number is written."""


def print_comparison(scenario: Scenario, comparison: Comparison) -> None:
    """Prints a comparison."""
    out = console()
    out.print(title(scenario, comparison))
    out.print(policies(comparison))
    out.print(
        "[dim]* nobody else is cheaper, better and faster at once   "
        "b baseline   o oracle: knows the answers[/dim]"
    )
    if comparison.replications > 1:
        out.print()
        out.print(differences(comparison))
    print_tasks_by_policy(out, comparison.reports)
    out.print()
    out.print(conclusion(comparison))
    print_warnings(out, comparison.reports[0])


def title(scenario: Scenario, comparison: Comparison) -> str:
    """What was compared, and how sure the figures are."""
    span = duration(scenario.duration_s)
    arrived = comparison.reports[0].figure("requests.arrived") or 0.0
    level = f"{comparison.confidence * 100:g} % intervals over {comparison.replications} replications"
    return f"[bold]{scenario.name}[/bold], {span}, {arrived:,.0f} requests, seed {scenario.seed}; {level}"


def policies(comparison: Comparison) -> Table:
    """One row a policy: means, with the half-width of the interval below."""
    table = plain_table("policy", *(head for head, _path, _write in FIGURES), numbers_from=1)
    for report in comparison.reports:
        cells = [cell(report, path, write) for _head, path, write in FIGURES]
        table.add_row(f"{report.policy} {marks(comparison, report)}".strip(), *cells)
    return table


def marks(comparison: Comparison, report: Report) -> str:
    """Marks of the Pareto front, of baselines and of oracles."""
    return "".join(
        mark
        for mark, holds in (
            ("*", report.policy in comparison.pareto),
            ("b", report.policy in comparison.baselines),
            ("o", bool(report.fields["oracle"])),
        )
        if holds
    )


def cell(report: Report, path: str, write: Callable[[float], str]) -> str:
    """A figure, and the half-width of its interval where there is one."""
    value = report.figure(path)
    if value is None:
        return "-"
    half = half_width(report, path)
    return write(value) if half is None else f"{write(value)}\n[dim]±{write(half)}[/dim]"


def half_width(report: Report, path: str) -> float | None:
    """Half the width of a figure's interval; None where it has none."""
    found: object = report.fields["intervals"]
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    interval = cast("dict[str, float | None]", found) if isinstance(found, dict) else {}
    low, high = interval.get("low"), interval.get("high")
    return None if low is None or high is None else (high - low) / 2.0


SHOWN: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("cost, $", "cost_usd.total", significant),
    ("right, points", "quality.success_ratio", lambda value: f"{value * 100:.1f}"),
    ("E2E p95, s", "latency.e2e_s.p95", significant),
    ("energy, Wh", "energy_wh.total", significant),
)
"""Differences that the terminal shows; the JSON has all."""


def differences(comparison: Comparison) -> Table:
    """Every other policy minus the first, replication by replication."""
    first = comparison.policies[0]
    table = plain_table(f"minus {first}", *(head for head, _metric, _write in SHOWN), numbers_from=1)
    known = {(entry.b, entry.metric): entry for entry in comparison.differences if entry.a == first}
    for name in comparison.policies[1:]:
        cells = [gap(known.get((name, metric)), write) for _head, metric, write in SHOWN]
        table.add_row(name, *cells)
    return table


def gap(difference: Difference | None, write: Callable[[float], str]) -> str:
    """A difference and the half-width of its interval; in grey where the interval holds 0."""
    if difference is None or difference.low is None or difference.high is None:
        return "-"
    if difference.low == difference.high == 0.0:
        return "[dim]the same[/dim]"
    half = write((difference.high - difference.low) / 2.0)
    text = f"{signed(difference.mean, write)} ±{half}"
    return text if difference.significant else f"[dim]{text} (unsure)[/dim]"


def signed(value: float, write: Callable[[float], str]) -> str:
    """A number with its sign."""
    return f"+{write(value)}" if value > 0 else write(value)
