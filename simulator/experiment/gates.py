"""Verdicts of gates: whether a policy is beyond a limit, beyond chance, or too close to say."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from catalogs.errors import InputProblem
from catalogs.near_names import unknown_name
from simulator.experiment.gate_conditions import InvalidGateError, read_conditions
from simulator.experiment.query_sampling import NO_QUERIES
from simulator.statistics import half_width, student_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.experiment.comparison import Comparison
    from simulator.experiment.gate_conditions import GateCondition
    from simulator.report.figures import Json
    from simulator.report.report import Report
    from simulator.statistics import SharedVariance

    Values: TypeAlias = Sequence[float | None]

Verdict: TypeAlias = Literal["passed", "violated", "undecided"]
MOST_REPLICATIONS = 100_000
"""Beyond so many replications a gate counts as one that no number of them decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """One condition judged on one policy.

    `excess` is how far the figure lies beyond the limit, negative on the right side of it, with its
    interval; None where it cannot be formed. `replications_needed` would decide an undecided gate;
    None where none would, or where it is decided.
    """

    condition: str
    figure: str
    policy: str
    baseline: str | None
    value: float | None
    limit: float | None
    excess: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    reason: str
    replications_needed: int | None = None

    def to_dict(self) -> dict[str, Json]:
        """The verdict as plain data."""
        return {**asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Conditions with the policies they are judged on, and the one they are held against."""

    conditions: tuple[GateCondition, ...]
    judged: tuple[str, ...]
    baseline: str | None


def gates_of(texts: Sequence[str], policies: Sequence[str], baseline: str | None) -> Gates:
    """The gates of `--fail-if` texts; without a name the first policy is the baseline of the others.

    `policies` are those asked for, `baseline` any of the comparison's.

    Raises:
        InvalidGateError: lists conditions that cannot be read or have no baseline.
    """
    conditions = read_conditions(texts)
    first = policies[0] if baseline is None and len(policies) > 1 else baseline
    judged = tuple(name for name in policies if name != first)
    if first is None:
        lacking = [condition.text for condition in conditions if condition.needs_baseline]
        what = "a limit with 'baseline' needs a second --policy, or --baseline NAME"
        if lacking:
            raise InvalidGateError(tuple(InputProblem("--fail-if", repr(text), what) for text in lacking))
    return Gates(conditions=conditions, judged=judged or tuple(policies), baseline=first)


def check_baseline(baseline: str | None, known: Sequence[str]) -> None:
    """Raises `InvalidGateError` where no policy of the comparison is called so."""
    if baseline is not None and baseline not in known:
        what = unknown_name("policy of this comparison", baseline, known)
        raise InvalidGateError((InputProblem("--baseline", "", what),))


def judge(comparison: Comparison, gates: Gates) -> tuple[GateVerdict, ...]:
    """Every condition's verdict on every judged policy, in their order."""
    check_baseline(gates.baseline, comparison.policies)
    return tuple(
        verdict_on(comparison, condition, policy, gates.baseline)
        for policy in gates.judged
        for condition in gates.conditions
    )


def verdict_on(
    comparison: Comparison, condition: GateCondition, policy: str, baseline: str | None
) -> GateVerdict:
    """One condition's verdict on one policy."""
    against = baseline if condition.needs_baseline else None
    values = figures_of(comparison, policy, condition.figure)
    bases = [0.0] * len(values) if against is None else figures_of(comparison, against, condition.figure)
    pairs = [(x, y) for x, y in zip(values, bases, strict=True) if x is not None and y is not None]
    if len(pairs) < len(values):
        return unknown(condition, policy, against)
    shared = shared_variance(comparison, condition, policy, against)
    limits = [condition.factor * base + condition.offset for _value, base in pairs]
    beyond = [condition.sign * (value - limit) for (value, _base), limit in zip(pairs, limits, strict=True)]
    found = student_interval(beyond, comparison.confidence, shared)
    verdict, reason = decided(found.low, found.high, strict=condition.strict)
    needed = replications_needed(beyond, comparison.confidence, shared) if verdict == "undecided" else None
    return GateVerdict(
        condition=condition.text,
        figure=condition.figure,
        policy=policy,
        baseline=against,
        value=float(np.mean([value for value, _base in pairs])),
        limit=float(np.mean(limits)),
        excess=found.value,
        low=found.low,
        high=found.high,
        verdict=verdict,
        reason=reason,
        replications_needed=needed,
    )


def figures_of(comparison: Comparison, policy: str, figure: str) -> list[float | None]:
    """The figure of every replication of a policy; None where a report has no such part."""
    return [figure_or_none(report, figure) for report in comparison.replicated[policy]]


def figure_or_none(report: Report, figure: str) -> float | None:
    """A report's figure; None where it is not known or the report lacks its block."""
    try:
        return report.figure(figure)
    except KeyError:
        return None


def shared_variance(
    comparison: Comparison, condition: GateCondition, policy: str, against: str | None
) -> SharedVariance:
    """What the queries of a table, as a sample, add to the variance of the excess."""
    own = comparison.sampling.get(policy, NO_QUERIES)
    base = NO_QUERIES if against is None else comparison.sampling.get(against, NO_QUERIES)
    return own.variance_beyond(base, condition.figure, condition.factor)


def unknown(condition: GateCondition, policy: str, against: str | None) -> GateVerdict:
    """The verdict where the figure is not known in every replication."""
    return GateVerdict(
        condition=condition.text,
        figure=condition.figure,
        policy=policy,
        baseline=against,
        value=None,
        limit=None,
        excess=None,
        low=None,
        high=None,
        verdict="undecided",
        reason="the figure is not known in every replication",
    )


def decided(low: float | None, high: float | None, *, strict: bool) -> tuple[Verdict, str]:
    """The verdict of an interval of the excess, and why."""
    if low is None or high is None:
        return "undecided", "one replication has no interval"
    if low > 0.0 or (low >= 0.0 and not strict):
        return "violated", "the whole interval is beyond the limit"
    if high < 0.0 or (high <= 0.0 and strict):
        return "passed", "the whole interval is within the limit"
    return "undecided", "the limit lies within the interval"


def replications_needed(beyond: Sequence[float], confidence: float, shared: SharedVariance) -> int | None:
    """The fewest replications whose interval would leave 0 out, were mean and spread as now.

    None where the queries of a table alone are too few, or the figure lies at the limit.
    """
    if len(beyond) < 2:  # noqa: PLR2004  (a spread needs two)
        return 2
    mean, variance = abs(float(np.mean(beyond))), float(np.var(beyond, ddof=1))
    low, high = len(beyond), MOST_REPLICATIONS

    def decides(count: int) -> bool:
        return half_width(variance, count, confidence, shared) < mean

    if not decides(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def overall(verdicts: Sequence[GateVerdict]) -> Verdict:
    """Violated where any is, else undecided where any is, else passed."""
    found = {verdict.verdict for verdict in verdicts}
    return "violated" if "violated" in found else "undecided" if "undecided" in found else "passed"


def by_verdict(verdicts: Sequence[GateVerdict]) -> Mapping[str, int]:
    """How many gates came out how."""
    names = ("passed", "violated", "undecided")
    return {name: sum(verdict.verdict == name for verdict in verdicts) for name in names}
