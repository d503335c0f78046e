"""The cost-quality curve of a sweep: its points, what mixing them reaches, what needs no router at all.

The zero router after RouterBench (Hu et al. 2024, arXiv 2403.12031, section 4): the non-decreasing convex
hull of the choices that send everything to one model, reached by mixing neighbours at random. A router is
worth having where it lies above.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.variants import variant_of
from simulator.routing_quality.hulls import hull, quality_at_cost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulator.experiment.sweeps import SweepSeries
    from simulator.report.figures import Json
    from simulator.report.report import Interval, Report
    from simulator.settings.scenario import Scenario

    CostQuality = tuple[float, float]

STATIC = "static"
NOISE = 1e-9
"""Shares of right answers that are no difference."""
COST, QUALITY = "cost_usd.per_request", "quality.success_ratio"
FIGURES = {"cost_usd_per_request": COST, "success_ratio": QUALITY, "p95_e2e_s": "latency.e2e_s.p95"}
"""A point's figures, with their paths in the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One value of a swept knob, and what its variant came to; `intervals` by figure, if any."""

    value: object
    policy: str
    figures: Mapping[str, float | None]
    intervals: Mapping[str, Interval] = field(repr=False)

    @property
    def place(self) -> CostQuality | None:
        """Dollars a request and share of right answers; None where one is not known."""
        cost, quality = self.figures["cost_usd_per_request"], self.figures["success_ratio"]
        return None if cost is None or quality is None else (cost, quality)

    def to_dict(self) -> dict[str, Json]:
        """The point as plain data."""
        value = self.value if isinstance(self.value, bool | int | float | str | None) else str(self.value)
        ends: dict[str, Json] = {
            name: {"value": each.value, "low": each.low, "high": each.high}
            for name, each in self.intervals.items()
        }
        return {"value": value, "policy": self.policy, **self.figures, "intervals": ends}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCurve:
    """A policy along a sweep; hulls are dollars a request and shares of right answers, by cost."""

    path: str
    policy: str
    points: tuple[SweepPoint, ...]
    hull_of_mixes: tuple[CostQuality, ...]
    zero_router: tuple[CostQuality, ...]

    def is_on_hull(self, point: SweepPoint) -> bool:
        """Whether no mix of other points is better than this one at its cost."""
        return point.place in self.hull_of_mixes

    def gain_ratio(self, point: SweepPoint) -> float | None:
        """The share of right answers that a point has over the zero router at its cost.

        None where the point's place is not known, or there is nothing at its cost without a router.
        """
        if point.place is None:
            return None
        without = quality_at_cost(self.zero_router, point.place[0])
        return None if without is None else point.place[1] - without

    def is_above(self, point: SweepPoint) -> bool:
        """Whether a point is better than the zero router at its cost, or cheaper than all of it."""
        gain = self.gain_ratio(point)
        return point.place is not None and bool(self.zero_router) and (gain is None or gain > NOISE)

    def to_dict(self) -> dict[str, Json]:
        """The curve as plain data."""
        return {
            "path": self.path,
            "policy": self.policy,
            "points": [point.to_dict() for point in self.points],
            "hull_of_mixes": [list(place) for place in self.hull_of_mixes],
            "zero_router": [list(place) for place in self.zero_router],
        }


def reference_labels(scenario: Scenario) -> tuple[str, ...]:
    """Variants that send everything to one deployment, one for each."""
    return tuple(variant_of(STATIC, {"target": entry.name}).label for entry in scenario.fleet)


def sweep_curves(
    series: Sequence[SweepSeries], reports: Sequence[Report], references: Sequence[str]
) -> Iterator[SweepCurve]:
    """The curves of series that have run, beside the references that answered anything."""
    known = {report.policy: report for report in reports}
    alone = [known[label] for label in references if known[label].figure("requests.completed")]
    zero = hull_of(place for report in alone if (place := place_of(report)) is not None)
    for one in series:
        points = tuple(point_of(value, known[label]) for value, label in one.points)
        mixes = hull_of(point.place for point in points if point.place is not None)
        yield SweepCurve(
            path=one.path, policy=one.policy, points=points, hull_of_mixes=mixes, zero_router=zero
        )


def place_of(report: Report) -> CostQuality | None:
    """A report's dollars a request and share of right answers; None where one is not known."""
    return point_of(None, report).place


def hull_of(places: Iterator[CostQuality]) -> tuple[CostQuality, ...]:
    """Upper concave, non-decreasing hull of some places, by cost."""
    return tuple(hull([*places]))


def point_of(value: object, report: Report) -> SweepPoint:
    """A variant's report as a point of its sweep."""
    return SweepPoint(
        value=value,
        policy=report.policy,
        figures={name: report.figure(path) for name, path in FIGURES.items()},
        intervals={
            name: report.intervals[path] for name, path in FIGURES.items() if path in report.intervals
        },
    )
