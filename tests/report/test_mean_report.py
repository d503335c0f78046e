"""The mean of replications: which figures are averaged, summed, kept or left undefined."""

from __future__ import annotations

from typing import Any

import pytest

from partial_reports import partial_report, typed
from simulator import Report
from simulator.report.blocks.agent_tasks import StreamTasks
from simulator.report.blocks.rows import Block, Breakdown
from simulator.report.figures import Averaging, FigureDescription, plain
from simulator.report.mean_report import absent, intervals, mean_of, mean_report
from simulator.report.report import WITH_INTERVALS

T_1 = 12.7062
"""t(1, 0.975): two replications at 95 %."""


PLAIN = FigureDescription(text="")
"""A figure of which nothing is said: a sum."""


def nested(path: str, value: float | None) -> dict[str, Any]:
    """A value at a dotted path."""
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


def merged(*trees: dict[str, Any]) -> dict[str, Any]:
    """Trees laid over each other."""
    found: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            both = isinstance(value, dict) and key in found
            found[key] = merged(found[key], value) if both else value
    return found


def report(number: int, **fields: Any) -> Report:
    """One replication whose every figure with an interval is its number plus the figure's place."""
    figures = [nested(path, number + float(place)) for place, path in enumerate(WITH_INTERVALS)]
    given = {
        "seed": 7 + number,
        "scenario": {"name": f"s{number}", "digest": f"d{number}"},
        "catalog": {"edition": f"e{number}"},
        "simulated_s": 60.0 + number,
        "timeline": {"events": [{"t_s": float(number)}]},
        "oracle": False,
        "tasks": {"energy_wh": {"total": 1.0}},
        "wall_s": 1.5 * (number + 1),
        "replications": 1,
        "warnings": [f"input {number + 1} tokens"],
        **fields,
    }
    return partial_report("p", merged(*figures, given))


def test_figures_are_means_and_what_is_said_of_the_run_is_the_firsts() -> None:
    """Figures 0 and 2 above their place have a mean 1 above; seed, scenario and events are no figures."""
    found = mean_report([report(0), report(2)], 0.95)
    for place, path in enumerate(WITH_INTERVALS):
        assert found.figure(path) == place + 1.0, path
    assert found.policy == "p"
    assert found.seed == 7
    assert found.plain["scenario"] == {"name": "s0", "digest": "d0"}
    assert found.catalog.edition == "e0"
    assert found.plain["simulated_s"] == 60.0
    assert [event.t_s for event in found.timeline.events] == [0.0]
    assert found.plain["oracle"] is False


def test_wall_time_is_a_sum_and_replications_are_counted() -> None:
    """1.5, 3 and 4.5 seconds took 9; three reports are three replications, with one warning of a kind."""
    found = mean_report([report(0), report(1), report(2)], 0.95).plain
    assert found["wall_s"] == 9.0
    assert found["replications"] == 3
    assert found["warnings"] == ["input 1 to 3 tokens"]


def test_intervals_stand_at_the_figures_own_paths() -> None:
    """Two values 2 apart have a spread of 1 about their mean: t(1, 0.975) = 12.706 on either side."""
    found = mean_report([report(0), report(2)], 0.95).plain["intervals"]
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
    assert "tasks.latency_s.p95" not in found
    assert found["tasks.latency_s.p50"].value == pytest.approx(
        (3.0 + WITH_INTERVALS.index("tasks.latency_s.p50")) / 2.0
    )
    (known, lacking), place = reports, WITH_INTERVALS.index("tasks.latency_s.p95")
    assert mean_of([known.tasks.latency_s, lacking.tasks.latency_s, None], PLAIN).p95 == place


def test_undefined_everywhere_stays_undefined_and_names_stay_names() -> None:
    """No mean of nothing; texts, lists and truths are the first one's; counts of replications add up."""
    assert mean_of([None, None], PLAIN) is None
    assert mean_of([None, 3, 4], PLAIN) == 3.5
    assert mean_of(["a", "b"], PLAIN) == "a"
    assert mean_of([[1], [2, 3]], PLAIN) == [1]
    assert mean_of([True, False], PLAIN) is True
    assert mean_of([False, True], PLAIN) is False
    assert mean_of([1, 1, 1], FigureDescription(text="", averaging=Averaging.ADDED)) == 3


ROW: dict[str, Any] = {
    "replications": 1,
    "requests": {"arrived": 4, "completed": 3},
    "cost_usd": {
        "total": 2.0,
        "per_request": 0.5,
        "per_correct": 1.0,
        "per_mtok": 9.0,
        "per_month_basis": "as it is",
    },
    "latency": {"e2e_s": {"mean": 1.0, "p50": 1.0, "p90": 2.0, "p95": 3.0, "p99": 4.0, "max": 5.0}},
    "quality": {"success_ratio": 0.5, "oracle_success_ratio": 0.75},
    "slo": {"attainment_ratio": 0.25, "goodput_per_s": 8.0},
    "completion_ratio": 0.75,
    "utilization": 0.4,
}


def test_a_row_that_a_replication_lacks_counts_as_nothing_and_measures_nothing() -> None:
    """Counts and sums of it are 0; what is measured of each request, answer, token or task is not known."""
    lacking = plain(absent(typed(Block, ROW), PLAIN))
    assert set(lacking["requests"].values()) == {0}
    costs = {name: lacking["cost_usd"][name] for name in ROW["cost_usd"]}
    assert costs == {
        "total": 0,
        "per_request": None,
        "per_correct": None,
        "per_mtok": None,
        "per_month_basis": "as it is",
    }
    assert set(lacking["latency"]["e2e_s"].values()) == {None}
    assert lacking["quality"] == {"success_ratio": None, "oracle_success_ratio": None}
    assert lacking["slo"] == {"attainment_ratio": None, "goodput_per_s": 0}
    assert lacking["completion_ratio"] is None
    assert lacking["utilization"] is None
    tasks = plain(absent(typed(StreamTasks, {"cost_usd": {"per_task": 2.0}, "completed": 6}), PLAIN))
    assert (tasks["cost_usd"]["per_task"], tasks["cost_usd"]["per_success"]) == (None, None)
    assert tasks["completed"] == 0


def test_rows_are_averaged_over_all_replications_where_they_are_sums() -> None:
    """Of three replications one has the row: a third of its sums, all of its ratios, known once."""
    rows = [typed(Breakdown, {"task": {"rare": ROW}}), typed(Breakdown, {}), typed(Breakdown, {})]
    found = plain(mean_of(rows, PLAIN).task["rare"])
    assert found["requests"]["completed"] == 1.0
    assert found["cost_usd"]["total"] == pytest.approx(2.0 / 3.0)
    assert found["slo"]["goodput_per_s"] == pytest.approx(8.0 / 3.0)
    assert (found["quality"]["success_ratio"], found["utilization"]) == (0.5, 0.4)
    assert found["latency"]["e2e_s"]["max"] == 5.0
    assert found["replications"] == 1


def test_rows_keep_the_order_in_which_they_came() -> None:
    """A later replication's new rows follow those of the first."""
    assert list(mean_of([{"b": 1, "a": 1}, {"c": 2, "a": 3}], PLAIN)) == ["b", "a", "c"]
