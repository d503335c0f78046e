"""Means, intervals and verdicts over replications, from the accountant's own figures of each.

Written from DESIGN ("Statistics") and docs/methodology/statistics.md.
"""

from __future__ import annotations

import math
from collections import Counter

OBJECTIVES = ("cost_usd.total", "quality.success_ratio", "latency.e2e_s.p95")


def at(figures, path):
    """The figure at a dotted path."""
    for key in path.split("."):
        figures = figures[key]
    return figures


def student_density(x, freedom):
    """Density of Student's t distribution."""
    half = freedom / 2.0
    scale = math.lgamma(half + 0.5) - math.lgamma(half) - 0.5 * math.log(freedom * math.pi)
    return math.exp(scale - (half + 0.5) * math.log1p(x * x / freedom))


def student_central(x, freedom, steps=2_000):
    """Probability between -x and x: twice Simpson's rule from 0 to x."""
    width = x / steps
    inner = math.fsum(
        (4.0 if place % 2 else 2.0) * student_density(place * width, freedom) for place in range(1, steps)
    )
    ends = student_density(0.0, freedom) + student_density(x, freedom)
    return 2.0 * width / 3.0 * (ends + inner)


def student_reach(confidence, freedom):
    """The t with so much probability between -t and t, by bisection."""
    low, high = 0.0, 1.0
    while student_central(high, freedom) < confidence:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if student_central(middle, freedom) < confidence else (low, middle)
    return (low + high) / 2.0


def interval(values, reach):
    """Mean and t interval of independent values; no interval of a single one."""
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, None, None
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    half = reach * math.sqrt(variance / len(values))
    return mean, mean - half, mean + half


LACKING = object()
"""What stands for the figure of a row that a replication does not have."""


def mean_of(reports, path=()):
    """The mean of nested figures over replications, each in those where it is defined.

    Of a row that a replication lacks, counts and sums are 0 there; ratios and times are left out.
    """
    keys = dict.fromkeys(key for report in reports if report is not LACKING for key in report)
    return {key: mean_at((*path, key), [look(report, key) for report in reports]) for key in keys}


def look(report, key):
    """A replication's value of a key."""
    return LACKING if report is LACKING else report.get(key, LACKING)


def mean_at(path, values):
    """The mean of the values of one path."""
    if any(isinstance(value, dict) and value for value in values):
        return mean_of([value if isinstance(value, dict) else LACKING for value in values], path)
    if is_quotient(path):
        known = [value for value in values if value is not LACKING and value is not None]
    else:
        known = [0 if value is LACKING else value for value in values if value is not None]
    if any(isinstance(value, dict) for value in values):
        return {}
    if any(isinstance(value, str) for value in known):
        return "; ".join(dict.fromkeys(value for value in known if isinstance(value, str)))
    return math.fsum(known) / len(known) if known else None


def is_quotient(path):
    """Whether a figure is a share, a time or an amount by unit: nothing where there is nothing."""
    name = path[-1]
    units = ("per_request", "per_correct", "per_mtok", "per_task", "per_success", "utilization")
    return name in units or name.endswith("_ratio") or any(part.startswith("latency") for part in path)


def beats(a, b, reach):
    """Whether a policy is worse than another in nothing beyond chance, and better in something."""
    losses = [
        paired(a, b, path, sign, reach) for path, sign in zip(OBJECTIVES, (1.0, -1.0, 1.0), strict=True)
    ]
    worse = any(low is not None and low > 0.0 for _mean, low, _high in losses)
    better = any(high is not None and high < 0.0 for _mean, _low, high in losses)
    return better and not worse


def paired(a, b, path, sign, reach):
    """What a loses to b by replication: mean and interval; rounding is no difference."""
    pairs = [(at(x, path), at(y, path)) for x, y in zip(a, b, strict=True)]
    if any(None in pair for pair in pairs):
        return 0.0, None, None
    gaps = [0.0 if math.isclose(x, y, rel_tol=1e-12) else sign * (x - y) for x, y in pairs]
    return interval(gaps, reach)


def front(figures, oracles, reach):
    """Policies that nobody beats; oracles stand outside. `figures` by policy and replication."""
    real = [name for name in figures if name not in oracles]
    return [
        name
        for name in real
        if not any(beats(figures[other], figures[name], reach) for other in real if other != name)
    ]


# -- routing quality ------------------------------------------------------------------------------


def share_curve(rows, weak, strong):
    """Quality after 0, 1, 2 ... requests of the highest score went to the strong model."""
    ordered = sorted(rows, key=lambda row: -row["router_score"])
    right = [set(row["right_models"].split(",")) for row in ordered]
    quality = sum(weak in models for models in right)
    curve = [quality / len(rows)]
    for models in right:
        quality += (strong in models) - (weak in models)
        curve.append(quality / len(rows))
    return curve


def score_measures(rows, weak, strong):
    """APGR, and the least share of strong calls that recovers half and four fifths of the gap."""
    curve = share_curve(rows, weak, strong)
    if curve[0] == curve[-1]:
        return {"apgr": None, "cpt50": None, "cpt80": None}
    recovered = [(quality - curve[0]) / (curve[-1] - curve[0]) for quality in curve]
    inner = math.fsum(recovered[1:-1]) + (recovered[0] + recovered[-1]) / 2.0
    return {
        "apgr": inner / len(rows),
        "cpt50": least_share(recovered, 0.5),
        "cpt80": least_share(recovered, 0.8),
    }


def least_share(recovered, wanted):
    """The first share of strong calls that recovers so much."""
    return next((n / (len(recovered) - 1) for n, part in enumerate(recovered) if part >= wanted), None)


def usual_model(rows, models):
    """The model that a policy names most often."""
    named = Counter(row["policy_target"].split("/")[0] for row in rows if row["policy_target"])
    return models[named.most_common(1)[0][0]]


def aiq(points):
    """Mean height of the upper concave hull of (cost, quality), flat beyond the best, over all costs."""
    best, dearest = max(quality for _cost, quality in points), max(cost for cost, _quality in points)
    known = [*points, (dearest, best)]
    costs = sorted({cost for cost, _quality in known})
    if len(costs) < 2:
        return None
    heights = [height(known, cost) for cost in costs]
    area = math.fsum(
        (b - a) * (first + second) / 2.0
        for a, b, first, second in zip(costs, costs[1:], heights, heights[1:], strict=False)
    )
    return area / (costs[-1] - costs[0])


def height(points, cost):
    """The highest that a straight line between two points reaches at a cost."""
    left = [point for point in points if point[0] <= cost]
    right = [point for point in points if point[0] >= cost]
    return max(line(a, b, cost) for a in left for b in right)


def line(a, b, cost):
    """The line from one point to another at a cost between."""
    if a[0] == b[0]:
        return max(a[1], b[1])
    return a[1] + (b[1] - a[1]) * (cost - a[0]) / (b[0] - a[0])
