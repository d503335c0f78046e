"""What follows from a comparison, in sentences that its own figures make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import share, usd
from wayfare.render.routing import routing_lines

if TYPE_CHECKING:
    from simulator import Comparison, Report
    from simulator.experiment.cost_quality import SweepCurve

STRONGEST = "always_strongest"
LEAST = 0.0005
"""Half of the last digit that a sentence shows, as a ratio."""
MOST_CURVES = 6
"""Of sweeps that sentences are made of."""
OBJECTIVES = "cost, accuracy and p95 latency"


def conclusion(comparison: Comparison) -> str:
    """Against sending everything to the strongest model; then which policies are dominated."""
    reports = {report.policy: report for report in comparison.reports}
    strongest = reports[STRONGEST]
    said = {*comparison.baselines, *comparison.swept}
    asked = [reports[name] for name in comparison.policies if name not in said]
    lines = [against(comparison, report, strongest) for report in asked]
    lines += [swept_line(curve) for curve in comparison.sweeps[:MOST_CURVES]]
    lines += [*routing_lines(comparison), incomparable(comparison), dominated_line(comparison)]
    return "\n".join(line for line in lines if line)


def swept_line(curve: SweepCurve) -> str:
    """How many settings of a knob beat mixes of single deployments, and which one the most."""
    known = [(gain, point) for point in curve.points if (gain := curve.gain_ratio(point)) is not None]
    if not known:
        return ""
    count = sum(curve.is_above(point) for point in curve.points)
    what = f"{curve.policy}, {curve.path}: {count} of {len(curve.points)} settings are better than any mix of"
    gain, best = max(known, key=lambda each: each[0])
    if gain < LEAST:
        return f"{what} single deployments at their cost."
    return (
        f"{what} single deployments at their cost, most of all {best.to_dict()['value']}: "
        f"accuracy {gain * 100:.1f} points higher, by the means."
    )


def incomparable(comparison: Comparison) -> str:
    """What nothing follows for, since some policy's figure is unknown."""
    paths = {"cost": "cost_usd.total", "accuracy": "quality.success_ratio"}
    lines = []
    for what, path in paths.items():
        unknown = [report.policy for report in comparison.reports if report.figure(path) is None]
        if unknown:
            lines.append(f"{what.capitalize()} cannot be compared: unknown under {', '.join(unknown)}.")
    return "\n".join(lines)


def against(comparison: Comparison, report: Report, strongest: Report) -> str:
    """A policy's cost and quality beside those of the strongest model alone."""
    cost, full = report.figure("cost_usd.per_month"), strongest.figure("cost_usd.per_month")
    right, best = report.figure("quality.success_ratio"), strongest.figure("quality.success_ratio")
    if not cost or not full or right is None or best is None:
        return ""
    less = 1.0 - cost / full
    change = f"{share(abs(less))} {'less' if less >= 0 else 'more'} than {STRONGEST}"
    if abs(less) < LEAST:
        change = f"as much as {STRONGEST}"
    gap = right - best
    quality = f"accuracy {abs(gap) * 100:.1f} points {'higher' if gap >= 0 else 'lower'}"
    if abs(gap) < LEAST:
        return f"{report.policy} costs {usd(cost)} a month, {change}, with the same accuracy."
    doubt = "" if is_sure(comparison, report, "quality.success_ratio") else " (not significant)"
    return f"{report.policy} costs {usd(cost)} a month, {change}, with {quality}{doubt}."


def is_sure(comparison: Comparison, report: Report, metric: str) -> bool:
    """Whether the paired interval of a policy and the strongest model leaves out 0."""
    pair = {report.policy, STRONGEST}
    found = [each for each in comparison.differences if {each.a, each.b} == pair and each.metric == metric]
    return any(each.significant for each in found)


def dominated_line(comparison: Comparison) -> str:
    """Which policies another one beats: nowhere significantly worse, somewhere significantly better."""
    beaten = [
        report.policy
        for report in comparison.reports
        if report.policy not in comparison.pareto and not report.oracle
    ]
    if comparison.replications == 1:
        level = "by one replication, without intervals"
    else:
        level = f"by {comparison.confidence * 100:g} % paired intervals"
    if not beaten:
        return f"No policy is significantly dominated in {OBJECTIVES}, {level}."
    rule = "another policy is significantly better in one and significantly worse in none"
    return f"Not Pareto-optimal in {OBJECTIVES}: {', '.join(beaten)} ({rule}, {level})."
