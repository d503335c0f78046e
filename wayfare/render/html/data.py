"""What the charts draw: small tables of rows, made of reports and of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from simulator import Report, RunResult
    from simulator.report.blocks.rows import Block

    Rows = list[dict[str, str | float | None]]

MOST_STEPS = 144
QUANTILES = np.concatenate([np.linspace(0.0, 0.9, 46), np.linspace(0.905, 0.995, 19), [0.999, 1.0]])
LATENCIES = {"ttft_s": "time to first token", "e2e_s": "end to end"}
REPLICAS = {"replicas ready": "replicas_ready/", "replicas starting": "replicas_starting/"}
DAY_MEASURES = ("arrivals, 1/s", "running", "waiting", *REPLICAS, "spend, $/h")
AMOUNTS = ("cost, $", "energy, Wh", "emissions, g CO2e")


def figure(report: Report, path: str) -> float | None:
    """A figure of the report."""
    return report.figure(path)


def interval(report: Report, path: str) -> tuple[float | None, float | None]:
    """Low and high end of a figure's interval; None where there is none."""
    found = report.intervals.get(path)
    return (None, None) if found is None else (found.low, found.high)


def trade_rows(reports: Sequence[Report], pareto: Sequence[str], unnamed: Collection[str] = ()) -> Rows:
    """One point a policy, those `unnamed` without a label: cost a month, share of right answers, p95."""
    rows: Rows = []
    by_cost = sorted(reports, key=lambda report: figure(report, "cost_usd.per_month") or 0.0)
    for place, report in enumerate(by_cost):
        low, high = interval(report, "cost_usd.per_month")
        kind = "on the front" if report.policy in pareto else "beaten"
        name = "" if report.policy in unnamed else report.policy
        rows.append(
            {
                "policy": report.policy,
                "cost": figure(report, "cost_usd.per_month"),
                "cost_low": low,
                "cost_high": high,
                "right": figure(report, "quality.success_ratio"),
                "p95": figure(report, "latency.e2e_s.p95"),
                "kind": "oracle" if report.oracle else kind,
                "above": "" if place % 2 else name,
                "below": name if place % 2 else "",
            }
        )
    return rows


def latency_rows(results: Sequence[RunResult]) -> Rows:
    """Points of each policy's distribution functions of the delivered latencies."""
    rows: Rows = []
    for result in results:
        for name, title in LATENCIES.items():
            values = getattr(result.settlement.run.outcomes, name)
            rows += quantile_rows(result.report.policy, title, values[~np.isnan(values)])
    return rows


def quantile_rows(policy: str, title: str, values: NDArray[np.float64]) -> Rows:
    """The quantile function of one latency at fixed probabilities; nothing for no values."""
    if not len(values):
        return []
    found = np.quantile(values, QUANTILES)
    return [
        {"policy": policy, "latency": title, "seconds": significant(x), "share": round(float(q), 4)}
        for q, x in zip(QUANTILES, found.tolist(), strict=True)
    ]


def tier_rows(reports: Sequence[Report]) -> Rows:
    """Cost, energy and emissions of each policy by tier; idle capacity is in them."""
    rows: Rows = []
    for report in reports:
        for tier, part in report.by.tier.items():
            for title, amount in zip(AMOUNTS, amounts(part), strict=True):
                if amount:
                    rows.append(
                        {"policy": report.policy, "tier": tier, "what": title, "amount": significant(amount)}
                    )
    return rows


def amounts(part: Block) -> tuple[float | None, ...]:
    """What one row of a breakdown came to, as `AMOUNTS` names it."""
    return part.cost_usd.total, part.energy_wh.total, part.emissions_gco2e.total


def day_rows(results: Sequence[RunResult]) -> Rows:
    """The run over time: requests a second, waiting, running, dollars an hour, by policy; events."""
    return [*(row for result in results for row in run_rows(result)), *event_rows(results)]


def run_rows(result: RunResult) -> Rows:
    """One run over time, in at most so many steps."""
    columns = {name: column.astype(np.float64) for name, column in result.timeline.items()}
    t_s = columns["t_s"]
    step_s = float(t_s[1] - t_s[0]) if len(t_s) > 1 else 1.0
    measures = {
        "arrivals, 1/s": columns["arrivals"] / step_s,
        "waiting": columns["queue_length"],
        "running": columns["running"],
        "spend, $/h": columns["spend_usd"] / step_s * SECONDS_PER_HOUR,
    }
    for title, prefix in REPLICAS.items():
        counts = [columns[key] for name in scaled(result) if (key := f"{prefix}{name}") in columns]
        if counts:
            measures[title] = np.sum(counts, axis=0)
    inside = slice(0, max(len(t_s) - 1, 1))
    width = -(-len(t_s[inside]) // MOST_STEPS)
    hours = thinned(t_s[inside], width) / SECONDS_PER_HOUR
    return [
        {"policy": result.report.policy, "what": what, "hour": round(float(h), 4), "value": significant(v)}
        for what, values in measures.items()
        for h, v in zip(hours, thinned(values[inside], width).tolist(), strict=True)
    ]


def scaled(result: RunResult) -> list[str]:
    """The deployments whose replicas follow the work."""
    return list(result.report.replicas)


def event_rows(results: Sequence[RunResult]) -> Rows:
    """Events of the fleet, once for each measure of the day's chart."""
    return [
        {"policy": result.report.policy, "what": what, "event_hour": round(hour, 4), "event": text}
        for result in results
        for hour, text in event_lines(result.report)
        for what in shown_measures(results)
    ]


def event_lines(report: Report) -> list[tuple[float, str]]:
    """The report's events but for scaling, which is drawn: hours since the run began, a line of text."""
    return [
        (event.t_s / SECONDS_PER_HOUR, f"{event.kind.replace('_', ' ')}, {event.target}: {event.what}")
        for event in report.timeline.events
        if event.kind != "autoscaling"
    ]


def shown_measures(results: Sequence[RunResult]) -> list[str]:
    """The day's measures; replicas only where some follow the work."""
    scales = any(scaled(result) for result in results)
    return [what for what in DAY_MEASURES if scales or what not in REPLICAS]


def thinned(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Means over groups of so many neighbours."""
    starts = np.arange(0, len(values), width)
    sizes = np.diff(np.append(starts, len(values)))
    return np.add.reduceat(values, starts) / sizes


def significant(value: float) -> float:
    """The value with four significant digits."""
    return float(f"{value:.4g}")
