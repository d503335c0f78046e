"""A comparison is what an independent accountant makes of its replications one by one."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from oracle.accountant import comparison as books
from oracle.accountant.comparing import agree, is_figure, leaves
from oracle.accountant.report import Accountant
from simulator import compare, simulate
from simulator.report.report import COMPARED
from world_cases import CHAT, FRONTIER, SMALL, scenario

POLICIES = ["cheapest_capable", "cascade", "score_threshold"]
TALKS = {**CHAT, "tenants": {"retail": 2, "press": 1}, "arrivals": {"pattern": "steady", "rate": 0.7}}
AGENTS = {
    **CHAT,
    "name": "agents",
    "arrivals": {"pattern": "steady", "rate": 0.05},
    "agent": {"calls": 3, "tool_time": "1s", "tool_output_tokens": 200},
}


@pytest.fixture(scope="module")
def compared():
    """A comparison of few replications, and the accountant's figures of each run of it."""
    world = scenario(duration="60s", workload={"streams": [TALKS, AGENTS]}, fleet=[SMALL, FRONTIER])
    found = compare(world, POLICIES, replications=4, confidence=0.9)
    runs = {
        name: [Accountant(world, simulate(world, name, replication=number)) for number in range(4)]
        for name in found.policies
    }
    return found, runs, {name: [run.figures() for run in several] for name, several in runs.items()}


def test_a_policys_figures_are_the_means_of_its_replications(compared) -> None:
    """Every figure of a merged report is the mean of what the accountant found in each replication."""
    found, _runs, figures = compared
    for report in found.reports:
        ours = dict(leaves(books.mean_of(figures[report.policy])))
        theirs = {path: leaf for path, leaf in leaves(report.to_dict()) if is_figure(path)}
        wrong = [path for path in ours.keys() | theirs.keys() if not same(ours, theirs, path)]
        assert not wrong, [(path, ours.get(path), theirs.get(path)) for path in wrong[:10]]


def test_rows_that_a_replication_lacks_are_left_out_of_ratios() -> None:
    """A tenant seen in one replication of four has the success ratio of that one."""
    rare = {**TALKS, "tenants": {"retail": 25, "press": 1}}
    world = scenario(duration="30s", workload={"streams": [rare]}, fleet=[SMALL, FRONTIER])
    found = compare(world, ["cascade"], replications=4)
    runs = [Accountant(world, simulate(world, "cascade", replication=number)) for number in range(4)]
    figures = [run.figures() for run in runs]
    having = sum("press" in entry["by"]["tenant"] for entry in figures)
    assert 0 < having < 4
    ours, theirs = (dict(leaves(report)) for report in (books.mean_of(figures), found.reports[0].to_dict()))
    wrong = [path for path in ours if not same(ours, theirs, path)]
    assert not wrong, [(path, ours[path], theirs.get(path)) for path in wrong[:10]]
    assert found.reports[0].plain["by"]["tenant"]["press"]["replications"] == having


def same(ours, theirs, path):
    """Whether both sides have a path, and the same there."""
    loose = 1e-4 if "emissions_gco2e" in path else 1e-9
    return path in ours and path in theirs and agree(ours[path], theirs[path], loose)


def test_intervals_are_students(compared) -> None:
    """Mean and ends of every interval are those of Student's t over the replications."""
    found, _runs, figures = compared
    reach = books.student_reach(found.confidence, 3)
    for report in found.reports:
        told = dict(leaves(report.plain["intervals"]))
        paths = {".".join(path[:-1]) for path in told}
        assert {"cost_usd.total", "latency.ttft_s.p95", "tasks.success_ratio"} <= paths
        for path in paths:
            values = [books.at(entry, path) for entry in figures[report.policy]]
            expected = dict(zip(("value", "low", "high"), books.interval(values, reach), strict=True))
            given = {name: told[(*path.split("."), name)] for name in expected}
            assert given == pytest.approx(expected, rel=1e-4 if "emissions" in path else 1e-8), path


def test_differences_are_paired(compared) -> None:
    """Every pair of policies differs as its replications do, one by one."""
    found, _runs, figures = compared
    reach = books.student_reach(found.confidence, 3)
    told = {(entry.a, entry.b, entry.metric): entry for entry in found.differences}
    assert len(told) == len(found.differences)
    expected = set()
    for a, b in combinations(found.policies, 2):
        for metric in COMPARED:
            pairs = [
                (books.at(x, metric), books.at(y, metric))
                for x, y in zip(figures[a], figures[b], strict=True)
            ]
            if any(None in pair for pair in pairs):
                continue
            expected.add((a, b, metric))
            entry = told[a, b, metric]
            mean, low, high = books.interval([y - x for x, y in pairs], reach)
            slack = 1e-8 * max(abs(x) + abs(y) for x, y in pairs) * (1e4 if "emissions" in metric else 1.0)
            assert (entry.mean, entry.low, entry.high) == pytest.approx((mean, low, high), abs=slack)
            assert entry.replications == 4
    assert set(told) == expected
    assert len(expected) > 100


def test_the_front_is_whom_nobody_beats(compared) -> None:
    """The Pareto front stands as the accountant sees it."""
    found, _runs, figures = compared
    reach = books.student_reach(found.confidence, 3)
    assert set(found.pareto) == set(books.front(figures, {"oracle"}, reach))
    assert set(found.pareto) < set(found.policies)


def test_routing_quality_is_that_of_the_records(compared) -> None:
    """Gap recovered by policy, the score's curve and the hull's mean height are as the records have it."""
    found, runs, figures = compared
    means = {name: books.mean_of(several) for name, several in figures.items()}
    quality = {name: books.at(several, "quality.success_ratio") for name, several in means.items()}
    weak, strong = quality["always_cheapest"], quality["always_strongest"]
    told = found.routing_quality
    assert told["pgr"] == pytest.approx({n: (q - weak) / (strong - weak) for n, q in quality.items()})
    points = [(books.at(means[n], "cost_usd.per_request"), q) for n, q in quality.items() if n != "oracle"]
    assert told["aiq"] == pytest.approx(books.aiq(points), rel=1e-9)
    models = {"small": SMALL["model"], "frontier": FRONTIER["model"]}
    ends = [
        books.usual_model(runs[n][0].records.requests, models)
        for n in ("always_cheapest", "always_strongest")
    ]
    rows = runs["cascade"][0].records.requests
    measures = books.score_measures(rows, *ends)
    assert {name: told[name] for name in measures} == pytest.approx(measures, rel=1e-9)
    assert measures["cpt50"] < measures["cpt80"]


def test_the_accountants_own_t_is_the_tables() -> None:
    """Student's t of the accountant agrees with published tables."""
    tables = {(0.95, 1): 12.706205, (0.95, 9): 2.262157, (0.9, 3): 2.353363, (0.99, 30): 2.749996}
    for (confidence, freedom), published in tables.items():
        assert math.isclose(books.student_reach(confidence, freedom), published, rel_tol=1e-6)
