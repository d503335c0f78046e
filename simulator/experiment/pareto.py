"""Which policies are dominated: no cheaper, no faster and no better than some other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.report import Report

OBJECTIVES = {
    "cost_usd.total": 1.0,
    "quality.success_ratio": -1.0,
    "latency.e2e_s.p95": 1.0,
}
"""What is weighed, by path in the report: 1 where less is better, -1 where more is."""


def losses(report: Report) -> tuple[float, ...]:
    """The report's objectives, each turned so that less is better; undefined ones are infinite."""
    found = []
    for path, sign in OBJECTIVES.items():
        value = report.figure(path)
        found.append(float("inf") if value is None else sign * value)
    return tuple(found)


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether `a` is nowhere worse than `b` and somewhere better."""
    nowhere_worse = all(x <= y for x, y in zip(a, b, strict=True))
    return nowhere_worse and a != b


def pareto_front(reports: Sequence[Report]) -> tuple[str, ...]:
    """Names of the policies that no other dominates in cost, quality and p95 latency.

    Oracles are no choice that anybody has: they neither stand in the front nor dominate.
    """
    loss = {report.policy: losses(report) for report in reports if not report.fields["oracle"]}
    return tuple(name for name in loss if not any(dominates(other, loss[name]) for other in loss.values()))
