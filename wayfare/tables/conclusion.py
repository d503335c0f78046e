"""What follows from a comparison, in sentences that its own figures make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.numbers import share, usd

if TYPE_CHECKING:
    from simulator import Comparison, Report

STRONGEST = "always_strongest"


def conclusion(comparison: Comparison) -> str:
    """Against sending everything to the strongest model; then which policies are dominated."""
    reports = {report.policy: report for report in comparison.reports}
    strongest = reports[STRONGEST]
    asked = [reports[name] for name in comparison.policies if name not in comparison.baselines]
    lines = [against(report, strongest) for report in asked]
    lines.append(dominated(comparison))
    return "\n".join(line for line in lines if line)


def against(report: Report, strongest: Report) -> str:
    """A policy's cost and quality beside those of the strongest model alone."""
    cost, full = report.figure("cost_usd.per_month"), strongest.figure("cost_usd.per_month")
    right, best = report.figure("quality.success_ratio"), strongest.figure("quality.success_ratio")
    if not cost or not full or right is None or best is None:
        return ""
    less = 1.0 - cost / full
    change = f"{share(less)} less" if less >= 0 else f"{share(-less)} more"
    points = (right - best) * 100.0
    quality = f"{abs(points):.1f} points {'more' if points >= 0 else 'fewer'} right answers"
    return f"{report.policy} costs {usd(cost)} a month, {change} than {STRONGEST}, with {quality}."


def dominated(comparison: Comparison) -> str:
    """Which policies another one beats in cost, right answers and latency at once."""
    beaten = [
        report.policy
        for report in comparison.reports
        if report.policy not in comparison.pareto and not report.fields["oracle"]
    ]
    if not beaten:
        return "No policy is beaten in cost, right answers and p95 latency at once."
    return f"Beaten in cost, right answers and p95 latency at once: {', '.join(beaten)}."
