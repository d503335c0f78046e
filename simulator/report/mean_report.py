"""One report for several replications: means, and the intervals of the figures that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from simulator.report.report import Report
from simulator.report.totals import QUANTILES
from simulator.report.warnings.merging import merged_warnings
from simulator.statistics import student_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.report.report import Json

WITH_INTERVALS = (
    "requests.completed",
    "requests.rejected",
    "requests.timed_out",
    "requests.failed",
    "cost_usd.total",
    "cost_usd.api",
    "cost_usd.capacity_used",
    "cost_usd.capacity_idle",
    "cost_usd.wasted",
    "cost_usd.per_request",
    "cost_usd.per_correct",
    "cost_usd.per_month",
    "energy_wh.total",
    "energy_wh.per_request",
    "emissions_gco2e.total",
    "emissions_gco2e.per_request",
    "latency.ttft_s.mean",
    "latency.ttft_s.p50",
    "latency.ttft_s.p95",
    "latency.ttft_s.p99",
    "latency.tpot_s.p95",
    "latency.e2e_s.mean",
    "latency.e2e_s.p50",
    "latency.e2e_s.p95",
    "latency.e2e_s.p99",
    "completion_ratio",
    "slo.attainment_ratio",
    "slo.goodput_per_s",
    "quality.success_ratio",
    "quality.oracle_success_ratio",
    "tasks.completed",
    "tasks.failed",
    "tasks.success_ratio",
    "tasks.latency_s.mean",
    "tasks.latency_s.p50",
    "tasks.latency_s.p95",
    "tasks.latency_s.p99",
    "tasks.cost_usd.total",
    "tasks.cost_usd.per_task",
    "tasks.cost_usd.per_success",
    "tasks.energy_wh.per_task",
)
"""Figures by path that get an interval over replications."""

NOT_AVERAGED = (
    *("seed", "simulated_s", "replications", "scenario", "catalog", "intervals", "timeline"),
    *("length_effects", "grounds"),
)


MEASURED = frozenset(
    {
        *("mean", *QUANTILES, "max"),
        *("per_request", "per_correct", "per_mtok", "per_task", "per_success"),
        *("completion_ratio", "attainment_ratio", "success_ratio", "oracle_success_ratio", "utilization"),
    }
)
"""Names of figures that are no sums: nobody knows them where there was nothing."""
UNKNOWN_ALIKE = frozenset({"total", "capacity_used", "capacity_idle", "wasted", "per_month", "embodied"})
"""Sums that lack a value only where a price or a chip's carbon is unknown: so is their mean then."""
PER_TOTAL = frozenset({"per_request", "per_correct", "per_mtok", "per_task", "per_success"})
"""What is made of a total, and not known where that is not."""


def mean_report(reports: Sequence[Report], confidence: float) -> Report:
    """The mean of a policy's replications, with intervals under `intervals` at the same paths."""
    first = reports[0]
    fields = {
        key: value if key in NOT_AVERAGED else mean_of([report.fields[key] for report in reports])
        for key, value in first.fields.items()
    }
    fields["wall_s"] = sum(report.figure("wall_s") or 0.0 for report in reports)
    fields["replications"] = len(reports)
    fields["warnings"] = warnings_of(reports)
    fields["intervals"] = intervals(reports, confidence)
    return Report(policy=first.policy, fields=fields)


def warnings_of(reports: Sequence[Report]) -> list[Json]:
    """Every kind of warning of any replication once, in order."""
    given = [cast("list[str]", report.fields["warnings"]) for report in reports]
    return [*merged_warnings(text for texts in given for text in texts)]


def mean_of(values: Sequence[Json], name: str = "") -> Json:
    """The mean of numbers that are defined, part by part in maps; the first of anything else.

    `name` is the figure's: how many `replications` have a row is a sum.
    """
    first = next((value for value in values if value is not None), None)
    if isinstance(first, dict):
        return mean_map([value for value in values if isinstance(value, dict)])
    if isinstance(first, bool | str | list):
        return first
    defined = [value for value in values if isinstance(value, int | float)]
    if name == "replications":
        return sum(defined)
    if name in UNKNOWN_ALIKE and len(defined) < len(values):
        return None
    return sum(defined) / len(defined) if defined else None


def mean_map(maps: Sequence[dict[str, Json]]) -> dict[str, Json]:
    """The mean of maps, key by key; a row that a replication lacks counts there as `absent` says."""
    keys = dict.fromkeys(key for entry in maps for key in entry)
    known = {key: next(entry[key] for entry in maps if key in entry) for key in keys}
    means = {
        key: mean_of([entry[key] if key in entry else absent(known[key], key) for entry in maps], key)
        for key in keys
    }
    lost = PER_TOTAL if means.get("total", 0.0) is None else frozenset[str]()
    return {key: None if key in lost else value for key, value in means.items()}


def absent(known: Json, name: str) -> Json:
    """What stands for a part that a replication lacks: counts and sums of it are 0, while what is
    measured of each request, answer or token is not defined, and so left out of the mean.
    """
    if isinstance(known, dict):
        return {key: absent(value, key) for key, value in known.items()}
    if isinstance(known, bool | str | list):
        return known
    return None if name in MEASURED else 0


def intervals(reports: Sequence[Report], confidence: float) -> dict[str, Json]:
    """Means with Student t intervals, nested as in the report; undefined figures are left out."""
    found: dict[str, Json] = {}
    for path in WITH_INTERVALS:
        values = [report.figure(path) for report in reports]
        defined = [value for value in values if value is not None]
        if len(defined) == len(values):
            interval = student_interval(defined, confidence)
            put(found, path, {"value": interval.value, "low": interval.low, "high": interval.high})
    return found


def put(tree: dict[str, Json], path: str, value: Json) -> None:
    """Puts a value at a dotted path."""
    *parents, last = path.split(".")
    for parent in parents:
        below = tree.setdefault(parent, {})
        if not isinstance(below, dict):
            raise KeyError(path)
        tree = below
    tree[last] = value
