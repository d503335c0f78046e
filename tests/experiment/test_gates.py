"""Gates say whether a policy is beyond a limit, beyond chance."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from simulator import compare
from simulator.experiment.gate_conditions import InvalidGateError, read_conditions
from simulator.experiment.gates import Gates, check_baseline, gates_of, judge, overall, replications_needed
from simulator.experiment.query_sampling import QuerySums, query_residuals
from simulator.statistics import NOTHING_SHARED, SharedVariance
from world_cases import scenario

COST, RIGHT = "cost_usd.per_request", "quality.success_ratio"


@pytest.mark.parametrize(
    ("text", "operator", "factor", "offset"),
    [
        (f"{COST} > 1.05 * baseline", ">", 1.05, 0.0),
        (f"{COST}>=baseline/4-2", ">=", 0.25, -2.0),
        (f"{RIGHT} < baseline - 0.01", "<", 1.0, -0.01),
        (f"{RIGHT} <= 2 * (baseline + 0.5) * 3", "<=", 6.0, 3.0),
        ("latency.e2e_s.p95 > 5", ">", 0.0, 5.0),
        ("latency.e2e_s.p95 > -(1 - baseline)", ">", 1.0, -1.0),
    ],
)
def test_a_condition_is_a_figure_and_a_linear_limit(text, operator, factor, offset) -> None:
    """Sums, differences, multiples and parts of numbers and the baseline."""
    (found,) = read_conditions([text])
    assert (found.operator, found.factor, found.offset) == (operator, factor, offset)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cost_usd.per_reqest > 1", "did you mean 'cost_usd.per_request'"),
        (COST, "a condition is"),
        (f"{COST} > baseline * baseline", "linear"),
        (f"{COST} > 1 / baseline", "linear"),
        (f"{COST} > 1 / 0", "linear"),
        (f"{COST} > other", "'other' is neither a number nor 'baseline'"),
        (f"{COST} > 1 > 2", "a condition is"),
        (f"{COST} == 1", "a condition is"),
        (f"{COST} > 1e999", "not finite"),
        (f"{COST} > True", "a condition is"),
        (f"{COST} > __import__('os')", "neither a number"),
        ("(" * 500, "longer than"),
        ("by.tier > 1", "unknown figure"),
        ("", "a condition is"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, says: str) -> None:
    """With what is allowed, and beside the other texts that are none."""
    with pytest.raises(InvalidGateError, match="--fail-if") as caught:
        read_conditions([text, "nonsense"])
    first, second = caught.value.problems
    assert says in str(first)
    assert "nonsense" in str(second)


def reported(values):
    """Replications of one policy with these costs per request."""
    return [SimpleNamespace(figure={COST: value}.__getitem__) for value in values]


def compared(confidence=0.95, sampling=None, **policies):
    """A comparison of which only what gates read is there."""
    return SimpleNamespace(
        policies=tuple(policies),
        confidence=confidence,
        replicated={name: reported(values) for name, values in policies.items()},
        sampling=sampling or {},
    )


def verdicts(text, comparison, baseline="now"):
    """The verdicts of one condition on every other policy."""
    others = tuple(name for name in comparison.policies if name != baseline)
    gates = Gates(conditions=read_conditions([text]), judged=others, baseline=baseline)
    return judge(comparison, gates)


def test_the_excess_is_paired_with_the_baseline() -> None:
    """Beyond 1.05 times the baseline, replication by replication: t interval of x - 1.05 y."""
    now, new = [1.0, 2.0, 3.0, 4.0], [1.2, 2.3, 3.1, 4.6]
    (found,) = verdicts(f"{COST} > 1.05 * baseline", compared(now=now, new=new))
    gaps = np.array(new) - 1.05 * np.array(now)
    low, high = stats.t.interval(0.95, 3, gaps.mean(), stats.sem(gaps))
    assert (found.excess, found.low, found.high) == pytest.approx((gaps.mean(), low, high))
    assert (found.value, found.limit) == pytest.approx((np.mean(new), 1.05 * np.mean(now)))


@pytest.mark.parametrize(
    ("operator", "new", "verdict"),
    [
        (">", [2.0, 2.1, 2.2], "violated"),
        (">", [0.8, 0.82, 0.78], "passed"),
        (">", [0.5, 1.6, 1.1], "undecided"),
        ("<", [2.0, 2.1, 2.2], "passed"),
        ("<", [0.8, 0.82, 0.78], "violated"),
        (">", [1.0, 1.0, 1.0], "passed"),
        (">=", [1.0, 1.0, 1.0], "violated"),
        ("<", [1.0, 1.0, 1.0], "passed"),
        ("<=", [1.0, 1.0, 1.0], "violated"),
    ],
)
def test_a_gate_is_decided_by_its_whole_interval(operator: str, new, verdict: str) -> None:
    """At the limit exactly, `>` and `<` pass, `>=` and `<=` fail."""
    (found,) = verdicts(f"{COST} {operator} 1", compared(now=[9.0] * 3, new=new))
    assert found.verdict == verdict
    assert found.baseline is None
    assert (found.replications_needed is not None) == (verdict == "undecided")


def test_an_undecided_gate_says_how_many_replications_would_do() -> None:
    """With so many, mean and spread as now, the interval leaves 0 out; with one fewer it does not."""
    beyond = [0.4, -0.3, 0.5, -0.1]
    needed = replications_needed(beyond, 0.95, NOTHING_SHARED)

    def reach(count):
        return stats.t.ppf(0.975, count - 1) * np.std(beyond, ddof=1) / count**0.5

    assert reach(needed) < np.mean(beyond) <= reach(needed - 1)
    assert replications_needed(beyond, 0.95, SharedVariance(variance=0.5)) is None
    assert replications_needed([0.1, -0.1], 0.95, NOTHING_SHARED) is None
    assert replications_needed([3.0], 0.95, NOTHING_SHARED) == 2


def test_queries_of_a_table_can_leave_a_gate_open() -> None:
    """Replications that agree do not decide what sixty queries cannot."""
    rng = np.random.default_rng(1)
    below = np.ones(60)
    sampling = {
        name: query_residuals([{COST: QuerySums(above=rng.random(60) + shift, below=below)}])
        for name, shift in (("now", 0.0), ("new", 0.01))
    }
    plain, sampled = (
        compared(now=[0.5] * 3, new=[0.51] * 3),
        compared(now=[0.5] * 3, new=[0.51] * 3, sampling=sampling),
    )
    assert [found.verdict for found in verdicts(f"{COST} > baseline", plain)] == ["violated"]
    (found,) = verdicts(f"{COST} > baseline", sampled)
    assert (found.verdict, found.replications_needed) == ("undecided", None)


def test_unknown_figures_and_single_replications_decide_nothing() -> None:
    """A figure that one replication lacks, and one without an interval."""
    (lacking,) = verdicts(f"{COST} > 1", compared(now=[1.0, 1.0], new=[2.0, None]))
    assert (lacking.verdict, lacking.excess) == ("undecided", None)
    (single,) = verdicts(f"{COST} > 1", compared(now=[1.0], new=[2.0]))
    assert (single.verdict, single.replications_needed) == ("undecided", 2)
    assert overall([lacking]) == "undecided"


def test_the_first_policy_is_the_baseline_of_the_others() -> None:
    """Unless another is named; a single policy is judged against numbers only."""
    texts = [f"{COST} > baseline"]
    assert gates_of(texts, ["a", "b", "c"], None).judged == ("b", "c")
    assert gates_of(texts, ["a", "b"], "oracle").judged == ("a", "b")
    assert gates_of([f"{COST} > 1"], ["a"], None).judged == ("a",)
    with pytest.raises(InvalidGateError, match="needs a second --policy"):
        gates_of(texts, ["a"], None)
    with pytest.raises(InvalidGateError, match="did you mean 'always_cheapest'"):
        check_baseline("always_cheepest", ["a", "always_cheapest"])


def test_gates_of_a_comparison_agree_with_its_differences() -> None:
    """Dearer than the cheapest, and not worse than it: as the paired differences have it."""
    found = compare(scenario(duration="60s"), ["always_cheapest", "always_strongest"], replications=3)
    gates = gates_of([f"{COST} > baseline", f"{RIGHT} < baseline"], found.policies[:2], None)
    dearer, _worse = judge(found, gates)
    told = next(
        entry
        for entry in found.differences
        if (entry.a, entry.b, entry.metric) == ("always_cheapest", "always_strongest", "cost_usd.total")
    )
    assert (dearer.verdict == "violated") == (told.low > 0.0)
    assert overall(judge(found, gates)) in {"violated", "undecided"}
