"""Holding a report against the accountant's: leaf by leaf, with every path accounted for."""

from __future__ import annotations

import math

EXACT = 1e-9
INTEGRATED = 1e-8
"""Grams and tariffs that change: sines of a large angle have fewer digits."""
NO_FIGURES = {
    "schema": "names the format",
    "scenario": "names what was run",
    "policy": "names what was run",
    "seed": "names what was run",
    "version": "names the product",
    "catalog": "names the facts",
    "oracle": "said by the policy",
    "replications": "1 in a single run",
    "wall_s": "of the machine, not of the run",
    "digest": "of all the rest",
    "intervals": "empty in a single run",
    "warnings": "words",
    "grounds": "what figures are, in words; errors are the catalog's",
    "recorded_answers": "counts of the outcome table, an input; counted anew in tests/quality",
    "recorded": "the log's own figures, an input; counted anew in tests/report/test_recorded.py",
    "replays": "said by the policy",
    "timeline": "what happened, told as events",
}
"""Parts of a run's report that the accountant does not compute, and why."""


NO_ROWS_FIGURES = {
    "per_month_basis": "words",
    "replications": "how many replications have a row; audited where there are several",
}
"""Leaves anywhere that the accountant does not compute, and why."""


def leaves(value, path=()):
    """Paths and values of everything in nested maps; an empty map is a leaf."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    else:
        yield path, value


def agree(ours, theirs, tolerance):
    """Whether two leaves are the same figure."""
    if isinstance(ours, bool | str) or ours is None or theirs is None:
        return ours == theirs
    if isinstance(ours, dict) or isinstance(theirs, dict):
        return ours == theirs
    return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=1e-12)


def disagreements(scenario, figures, report):
    """Lines of what differs, of what only one side has, of what nobody answers for."""
    ours = dict(leaves(figures))
    theirs = {path: value for path, value in leaves(report) if is_figure(path)}
    changing = any(not isinstance(price, int | float) for price in prices_of(scenario))
    for path in sorted(ours.keys() | theirs.keys(), key=str):
        name = ".".join(path)
        loose = "emissions_gco2e" in path or (changing and "cost_usd" in path)
        if path not in theirs:
            yield f"{name}: the report has none, the accountant {ours[path]!r}"
        elif path not in ours:
            yield f"{name}: the report says {theirs[path]!r}, nobody audits it"
        elif not agree(ours[path], theirs[path], INTEGRATED if loose else EXACT):
            yield f"{name}: the report says {theirs[path]!r}, the accountant {ours[path]!r}"


def is_figure(path):
    """Whether the accountant answers for a leaf."""
    return path[0] not in NO_FIGURES and path[-1] not in NO_ROWS_FIGURES


def prices_of(scenario):
    """The electricity prices that the scenario gives."""
    return scenario.settings.signals.electricity_price.values()
