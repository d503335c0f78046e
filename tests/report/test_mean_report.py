"""The mean of replications: which figures are averaged, summed, kept or left undefined."""

from __future__ import annotations

import pytest

from simulator import Report
from simulator.report.mean_report import (
    WITH_INTERVALS,
    absent,
    intervals,
    mean_of,
    mean_report,
)

T_1 = 12.7062
"""t(1, 0.975): two replications at 95 %."""


def nested(path: str, value: float | None) -> dict[str, object]:
    """A value at a dotted path."""
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


def merged(*trees: dict[str, object]) -> dict[str, object]:
    """Trees laid over each other."""
    found: dict[str, object] = {}
    for tree in trees:
        for key, value in tree.items():
            both = isinstance(value, dict) and key in found
            found[key] = merged(found[key], value) if both else value
    return found


def report(number: int, **fields: object) -> Report:
    """One replication whose every figure with an interval is its number plus the figure's place."""
    figures = [nested(path, number + float(place)) for place, path in enumerate(WITH_INTERVALS)]
    given = {
        "seed": 7 + number,
        "scenario": {"name": f"s{number}", "digest": f"d{number}"},
        "catalog": {"edition": 3 + number},
        "simulated_s": 60.0 + number,
        "timeline": {"events": [number]},
        "oracle": False,
        "wall_s": 1.5 * (number + 1),
        "replications": 1,
        "warnings": [f"input {number + 1} tokens"],
        **fields,
    }
    return Report(policy="p", fields=merged(*figures, given))


def test_figures_are_means_and_what_is_said_of_the_run_is_the_firsts() -> None:
    """Figures 0 and 2 above their place have a mean 1 above; seed, scenario and events are no figures."""
    found = mean_report([report(0), report(2)], 0.95)
    for place, path in enumerate(WITH_INTERVALS):
        assert found.figure(path) == place + 1.0, path
    assert found.policy == "p"
    assert found.fields["seed"] == 7
    assert found.fields["scenario"] == {"name": "s0", "digest": "d0"}
    assert found.fields["catalog"] == {"edition": 3}
    assert found.fields["simulated_s"] == 60.0
    assert found.fields["timeline"] == {"events": [0]}
    assert found.fields["oracle"] is False


def test_wall_time_is_a_sum_and_replications_are_counted() -> None:
    """1.5, 3 and 4.5 seconds took 9; three reports are three replications, with one warning of a kind."""
    found = mean_report([report(0), report(1), report(2)], 0.95).fields
    assert found["wall_s"] == 9.0
    assert found["replications"] == 3
    assert found["warnings"] == ["input 1 to 3 tokens"]


def test_intervals_stand_at_the_figures_own_paths() -> None:
    """Two values 2 apart have a spread of 1 about their mean: t(1, 0.975) = 12.706 on either side."""
    found = mean_report([report(0), report(2)], 0.95).fields["intervals"]
    for place, path in enumerate(WITH_INTERVALS):
        leaf = found
        for part in path.split("."):
            leaf = leaf[part]
        middle = place + 1.0
        assert leaf == {
            "value": middle,
            "low": pytest.approx(middle - T_1, rel=1e-4),
            "high": pytest.approx(middle + T_1, rel=1e-4),
        }


def test_a_figure_that_a_replication_lacks_has_no_interval_and_the_mean_of_the_others() -> None:
    """p95 of 5 in one replication and of nothing in another: 5, and no interval beside it."""
    reports = [report(0), report(2, tasks={"latency_s": {"p95": None, "p50": 3.0}})]
    found = intervals(reports, 0.95)
    assert "p95" not in found["tasks"]["latency_s"]
    assert found["tasks"]["latency_s"]["p50"]["value"] == pytest.approx(
        (3.0 + WITH_INTERVALS.index("tasks.latency_s.p50")) / 2.0
    )
    assert mean_of([{"p95": 5.0}, {"p95": None}, None]) == {"p95": 5.0}


def test_undefined_everywhere_stays_undefined_and_names_stay_names() -> None:
    """No mean of nothing; texts, lists and truths are the first one's; counts of replications add up."""
    assert mean_of([None, None]) is None
    assert mean_of([None, 3, 4]) == 3.5
    assert mean_of(["a", "b"]) == "a"
    assert mean_of([[1], [2, 3]]) == [1]
    assert mean_of([True, False]) is True
    assert mean_of([False, True]) is False
    assert mean_of([1, 1, 1], "replications") == 3


ROW = {
    "replications": 1,
    "requests": {"arrived": 4, "completed": 3},
    "cost_usd": {"total": 2.0, "per_request": 0.5, "per_correct": 1.0, "per_mtok": 9.0, "basis": "as it is"},
    "latency": {"e2e_s": {"mean": 1.0, "p50": 1.0, "p90": 2.0, "p95": 3.0, "p99": 4.0, "max": 5.0}},
    "quality": {"success_ratio": 0.5, "oracle_success_ratio": 0.75},
    "slo": {"attainment_ratio": 0.25, "goodput_per_s": 8.0},
    "tasks": {"per_task": 2.0, "per_success": 4.0, "completed": 6},
    "completion_ratio": 0.75,
    "utilization": 0.4,
}


def test_a_row_that_a_replication_lacks_counts_as_nothing_and_measures_nothing() -> None:
    """Counts and sums of it are 0; what is measured of each request, answer, token or task is not known."""
    lacking = absent(ROW, "support_chat")
    assert lacking["requests"] == {"arrived": 0, "completed": 0}
    assert lacking["cost_usd"] == {
        "total": 0,
        "per_request": None,
        "per_correct": None,
        "per_mtok": None,
        "basis": "as it is",
    }
    assert set(lacking["latency"]["e2e_s"].values()) == {None}
    assert lacking["quality"] == {"success_ratio": None, "oracle_success_ratio": None}
    assert lacking["slo"] == {"attainment_ratio": None, "goodput_per_s": 0}
    assert lacking["tasks"] == {"per_task": None, "per_success": None, "completed": 0}
    assert lacking["completion_ratio"] is None
    assert lacking["utilization"] is None


def test_rows_are_averaged_over_all_replications_where_they_are_sums() -> None:
    """Of three replications one has the row: a third of its sums, all of its ratios, known once."""
    rows = [{"task": {"rare": ROW}}, {"task": {}}, {"task": {}}]
    found = mean_of(rows)["task"]["rare"]
    assert found["requests"]["completed"] == 1.0
    assert found["cost_usd"]["total"] == pytest.approx(2.0 / 3.0)
    assert found["slo"]["goodput_per_s"] == pytest.approx(8.0 / 3.0)
    assert (found["quality"]["success_ratio"], found["utilization"]) == (0.5, 0.4)
    assert found["latency"]["e2e_s"]["max"] == 5.0
    assert found["replications"] == 1


def test_rows_keep_the_order_in_which_they_came() -> None:
    """A later replication's new rows follow those of the first."""
    assert list(mean_of([{"b": 1, "a": 1}, {"c": 2, "a": 3}])) == ["b", "a", "c"]
