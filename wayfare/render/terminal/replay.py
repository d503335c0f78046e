"""What `wayfare replay` shows: each policy's estimates beside the log's own means, and the overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import count
from wayfare.render.terminal.console import console
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures

if TYPE_CHECKING:
    from simulator.offline.replay import LogReplay, PolicyReplay
    from simulator.statistics import ConfidenceInterval

ESTIMATORS = ("ips", "snips", "dr")


def print_replay(name: str, found: LogReplay) -> None:
    """Prints a table for each policy."""
    out = console()
    out.print(f"{name}: {count(found.rows)} rows, {100 * found.confidence:g} % intervals", style="bold")
    for policy in found.policies:
        out.print()
        columns = [
            TableColumn(head=head, rank=place)
            for place, head in enumerate(("log", *map(str.upper, ESTIMATORS)))
        ]
        out.print(policy.policy, style="bold", markup=False, highlight=False)
        print_figures(out, "mean", columns, rows_of(found, policy))
        out.print(overlap(found, policy), markup=False, highlight=False)


def rows_of(found: LogReplay, policy: PolicyReplay) -> list[TableRow]:
    """A row for each reward."""
    return [
        TableRow(
            name=name,
            cells=(cell(found.logged[name]), *(cell(getattr(estimates, one)) for one in ESTIMATORS)),
        )
        for name, estimates in policy.rewards.items()
    ]


def cell(interval: ConfidenceInterval) -> str:
    """A mean with the reach of its interval."""
    if interval.high is None:
        return f"{interval.value:.4g}"
    return f"{interval.value:.4g} ±{interval.high - interval.value:.2g}"


def overlap(found: LogReplay, policy: PolicyReplay) -> str:
    """How well the log covers the policy's choices."""
    return (
        f"overlap: {100 * policy.matched_ratio:.1f} % of rows matched, effective sample size "
        f"{policy.effective_rows:,.0f} of {count(found.rows)}, weights {policy.mean_weight:.3f} in the mean "
        f"(1 expected), {policy.max_weight:.3g} at most"
    )
