"""One report for several replications: means, and the intervals of the figures that decide."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from simulator.report.figures import STATED, Averaging
from simulator.report.report import WITH_INTERVALS, Interval, Report
from simulator.report.warnings.merging import merged_warnings
from simulator.statistics import NOTHING_SHARED, student_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.report.figures import FigureDescription
    from simulator.statistics import SharedByFigure, SharedVariance

    B = TypeVar("B")

SAME = frozenset({"scenario", "catalog", "timeline", "length_effects", "grounds", "recorded_answers"})
"""Blocks that all replications share, or that no mean can be formed of: the first one's."""


def nothing_shared(path: str) -> SharedVariance:  # noqa: ARG001  (of any figure)
    """What replications have in common adds nothing."""
    return NOTHING_SHARED


def mean_report(
    reports: Sequence[Report],
    confidence: float,
    shared_variance: SharedByFigure = nothing_shared,
) -> Report:
    """The mean of a policy's replications, with intervals under `intervals` at the same paths.

    `shared_variance` is by figure, of what all replications have in common (`student_interval`).
    """
    first = reports[0]
    means = {
        entry.name: getattr(first, entry.name)
        if entry.name in SAME
        else mean_of([getattr(report, entry.name) for report in reports], entry.metadata[STATED])
        for entry in fields(Report)
    }
    texts = [text for report in reports for text in report.warnings]
    return Report(
        **{
            **means,
            "warnings": [*merged_warnings(texts)],
            "intervals": intervals(reports, confidence, shared_variance),
        }
    )


def mean_of(values: Sequence[Any], stated: FigureDescription) -> Any:
    """The mean of a field's values, None for each replication that lacks it; texts are the first one's."""
    first = next((value for value in values if value is not None), None)
    if is_dataclass(first):
        return mean_block([value for value in values if value is not None])
    if isinstance(first, dict):
        return mean_map([value for value in values if value is not None], stated)
    if isinstance(first, bool | str | list) or stated.averaging is Averaging.FIRST:
        return first
    return mean_figure(values, stated.averaging)


def mean_figure(values: Sequence[float | None], averaging: Averaging) -> float | None:
    """The mean of numbers; None where it is not known."""
    known = [value for value in values if value is not None]
    if averaging is Averaging.ADDED:
        return sum(known)
    if averaging is Averaging.COMPLETE and len(known) < len(values):
        return None
    return sum(known) / len(known) if known else None


def mean_block(blocks: Sequence[B]) -> B:
    """The mean of blocks of one class, field by field; what is made of an unknown total is not known."""
    first = blocks[0]
    means = {
        entry.name: mean_of([getattr(block, entry.name) for block in blocks], entry.metadata[STATED])
        for entry in fields(first)  # type: ignore[arg-type]  # blocks are dataclasses
    }
    if means.get("total", 0.0) is None:
        means |= {entry.name: None for entry in fields(first) if entry.metadata[STATED].of_total}  # type: ignore[arg-type]  # as above
    return type(first)(**means)


def mean_map(maps: Sequence[dict[str, Any]], stated: FigureDescription) -> dict[str, Any]:
    """The mean of maps, name by name; a replication that lacks a name counts there as `absent` says."""
    names = dict.fromkeys(name for entry in maps for name in entry)
    known = {name: next(entry[name] for entry in maps if name in entry) for name in names}
    return {
        name: mean_of(
            [entry[name] if name in entry else absent(known[name], stated) for entry in maps], stated
        )
        for name in names
    }


def absent(known: Any, stated: FigureDescription) -> Any:
    """What stands for a part that a replication lacks: counts and sums of it are 0, while what is
    measured of each request, answer or token is not defined, and so left out of the mean.
    """
    if is_dataclass(known) and not isinstance(known, type):
        parts = {entry.name: (getattr(known, entry.name), entry.metadata[STATED]) for entry in fields(known)}
        return type(known)(**{name: absent(value, below) for name, (value, below) in parts.items()})
    if isinstance(known, bool | str | list | dict):
        return known
    return None if stated.averaging is Averaging.MEASURED else 0


def intervals(
    reports: Sequence[Report], confidence: float, shared_variance: SharedByFigure = nothing_shared
) -> dict[str, Interval]:
    """Means with Student t intervals by dotted path; undefined figures are left out."""
    found: dict[str, Interval] = {}
    for path in WITH_INTERVALS:
        values = [report.figure(path) for report in reports]
        defined = [value for value in values if value is not None]
        if len(defined) == len(values):
            made = student_interval(defined, confidence, shared_variance(path))
            found[path] = Interval(value=made.value, low=made.low, high=made.high)
    return found
