"""Series and timelines are made of steps, groups and sums: each worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.accounting.terms import BillingTerms
from simulator.records import timeline
from simulator.series.columns import Axis, FigureSeries, Groups, accumulated, counted, crossed, stacked
from simulator.series.labels import NOWHERE, Places, places_of
from simulator.series.levels import attained, padded
from simulator.series.run import axis_of
from simulator.world.fleet.held_capacity import HeldCapacity
from simulator.world.fleet.levels import CountOverTime

NAN = np.nan
AXIS = Axis(np.array([0.0, 10.0, 20.0, 30.0]))


def test_what_happens_counts_at_the_first_sample_at_or_after_it() -> None:
    """Nothing counts at 0; what comes after the last sample, or never, counts at the last."""
    found = AXIS.steps(np.array([0.0, 0.1, 10.0, 10.1, 30.0, 99.0, NAN]))
    assert found.tolist() == [1, 1, 1, 2, 3, 3, 3]
    assert len(AXIS) == 4


def test_groups_keep_the_keys_that_any_row_has() -> None:
    """Keys nobody has are left out, the others keep their order."""
    groups = Groups([("a",), ("b",), ("c",)], np.array([2, 0, 2, 1]))
    found = groups.only(np.array([True, True, True, False]))
    assert list(found.keys) == [("a",), ("c",)]
    assert found.codes.tolist() == [1, 0, 1]


def test_rows_by_several_keys_have_all_of_them() -> None:
    """The first key changes slowest."""
    one = Groups([("a",), ("b",)], np.array([0, 1, 1]))
    other = Groups([("x", "1"), ("y", "2"), ("z", "3")], np.array([2, 0, 1]))
    found = crossed(one, other)
    assert [found.keys[code] for code in found.codes.tolist()] == [
        ("a", "z", "3"),
        ("b", "x", "1"),
        ("b", "y", "2"),
    ]
    assert len(found.keys) == 6


def test_totals_add_up_from_step_to_step() -> None:
    """Three rows of one key and one of another, by number and by weight."""
    groups = Groups([("a",), ("b",)], np.array([0, 0, 1, 0]))
    steps = np.array([1, 3, 2, 1])
    plain = counted("n", ("key",), groups, steps, AXIS)
    weighed = counted("n", ("key",), groups, steps, AXIS, np.array([0.5, 2.0, 8.0, 0.25]))
    assert (plain.name, plain.labels, list(plain.keys)) == ("n", ("key",), [("a",), ("b",)])
    assert plain.values.tolist() == [[0, 2, 2, 3], [0, 0, 1, 1]]
    assert weighed.values.tolist() == [[0, 0.75, 0.75, 2.75], [0, 0, 8.0, 8.0]]
    assert accumulated(np.array([4, 1]), 2, AXIS).tolist() == [[0, 1, 1, 1], [1, 1, 1, 1]]


def measure(keys: list[tuple[str, ...]], *values: list[float]) -> FigureSeries:
    """A measure with one label."""
    return FigureSeries(name="n", labels=("key",), keys=keys, values=np.array(values))


def test_equal_keys_of_stacked_measures_are_added_up() -> None:
    """Each key once, in order of appearance."""
    found = stacked([measure([("a",), ("b",)], [1, 2], [3, 4]), measure([("c",), ("a",)], [5, 6], [10, 20])])
    assert (found.name, found.labels, found.keys) == ("n", ("key",), [("a",), ("b",), ("c",)])
    assert found.values.tolist() == [[11, 22], [3, 4], [5, 6]]


def test_a_share_so_far_is_of_all_keys_together() -> None:
    """1 of 2, then 3 of 6; before anything is over there is none."""
    part = measure([("a",), ("b",)], [0, 1, 1], [0, 0, 2])
    whole = measure([("a",)], [0, 2, 6])
    found = attained("share", part, whole)
    assert (found.name, found.labels, list(found.keys)) == ("share", (), [()])
    np.testing.assert_array_equal(found.values, [[NAN, 0.5, 0.5]])


def test_levels_are_unknown_after_the_last_sample() -> None:
    """Two samples of an axis of four."""
    np.testing.assert_array_equal(padded(np.array([[1.0, 2.0]]), 4), [[1.0, 2.0, NAN, NAN]])


def settlement(*deployments: str) -> SimpleNamespace:
    """Targets of some deployments, of a model each."""
    place = {"tier": "cloud", "region": "r", "queue_count": 1}
    terms = [BillingTerms(target=f"{name}/{i}", deployment=name, model=f"m-{name}", **place)
             for i, name in enumerate(deployments)]  # fmt: skip
    return SimpleNamespace(run=SimpleNamespace(terms=terms))


def test_targets_of_one_deployment_are_one_place() -> None:
    """Sums go to the deployment; who has no target is nowhere, and nowhere has nothing."""
    found = places_of(settlement("a", "b", "a"))
    a, b = ("cloud", "a", "m-a"), ("cloud", "b", "m-b")
    assert list(found.names) == [a, b, NOWHERE]
    assert found.of_target.tolist() == [0, 1, 0]
    rows = found.groups(np.array([2, -1, 1, 0], np.int32))
    assert [rows.keys[code] for code in rows.codes.tolist()] == [a, NOWHERE, b, a]
    by_target = np.array([[1.0, 2.0], [4.0, 8.0], [16.0, 32.0]])
    assert found.summed(by_target).tolist() == [[17.0, 34.0], [4.0, 8.0], [0.0, 0.0]]
    assert isinstance(found, Places)


def axis(final_s: list[float], finish_s: list[float], *, kept: bool = True, samples: int = 1) -> list[float]:
    """The axis of a run of 60 s, sampled every 10 s, whose requests and attempts end then."""
    outcomes = SimpleNamespace(final_s=np.array(final_s, np.float64))
    run = SimpleNamespace(
        outcomes=outcomes, attempts=SimpleNamespace(finish_s=np.array(finish_s, np.float64))
    )
    cohort = SimpleNamespace(requests=np.full(len(final_s), kept), attempts=np.full(len(finish_s), kept))
    plan = SimpleNamespace(duration_s=60.0, telemetry_step_s=10.0)
    settled = SimpleNamespace(run=run, cohort=cohort, plan=plan)
    return axis_of(settled, SimpleNamespace(t_s=np.arange(samples) * 10.0)).t_s.tolist()


def test_series_go_on_until_the_last_of_the_report_is_over() -> None:
    """To the duration at least, to the last sample, and to the step after whoever is later; nan is nobody."""
    to_60 = [10.0 * step for step in range(7)]
    assert axis([], []) == axis([30.0, NAN], [12.0]) == axis([99.0], [99.0], kept=False) == to_60
    assert axis([60.1], []) == [*to_60, 70.0] == axis([NAN], [69.0]) == axis([70.0], [65.0])
    assert axis([], [], samples=9) == [*to_60, 70.0, 80.0]


def test_instants_fall_into_the_step_they_lie_in() -> None:
    """A step's beginning belongs to it, what comes after the end to the last, nan to none."""
    edges, instants = np.array([0.0, 10.0, 20.0, 30.0]), np.array([0.0, 9.9, 10.0, 30.0, 44.0, NAN])
    assert timeline.counted(instants, edges).tolist() == [2.0, 1.0, 2.0]
    weights = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    assert timeline.summed(instants, weights, edges).tolist() == [3.0, 4.0, 24.0]


def test_idling_is_spread_over_the_time_that_was_held() -> None:
    """A window from 1 to 1.5 s lies half before and half after 1.25 s; of nothing held there is no share."""
    made = SimpleNamespace(plan=SimpleNamespace(targets=range(2), warmup_s=1.0, duration_s=1.5))
    presence = HeldCapacity(counts=[4, 1], held=[CountOverTime(2.0), CountOverTime(0.0)])
    found = timeline.idle_shares(made, SimpleNamespace(presence=presence), np.array([0.5, 1.25, 1.5, 2.0]))
    assert found == pytest.approx(np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]))


@pytest.mark.parametrize(("instants", "step_s"), [([0.0, 4.0, 8.0], 4.0), ([5.0, 7.0], 2.0), ([3.0], 1.0)])
def test_a_step_is_what_lies_between_two_samples(instants: list[float], step_s: float) -> None:
    """A single sample is a second long."""
    assert timeline.step_of(SimpleNamespace(t_s=np.array(instants))) == step_s
