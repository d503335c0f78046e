"""How the runs of a comparison are done: in order, heard of, in a pool where that pays."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Self

import pytest

from partial_reports import partial_report
from simulator.experiment import comparison
from simulator.experiment.comparison import ReplicationResult, in_order, mapped, pool_for, replicate, run_all
from world_cases import scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulator.scenario import Scenario


class Heard:
    """An observer that keeps what it hears."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.calls: list[tuple[object, ...]] = []

    def begin(self, *told: object) -> None:
        """Keeps it."""
        self.calls.append(("begin", *told))

    def advance(self, *told: object) -> None:
        """Keeps it."""
        self.calls.append(("advance", *told))

    def end(self) -> None:
        """Keeps it."""
        self.calls.append(("end",))


class AtOnce(Executor):
    """Runs what it is given at once, and counts it."""

    def __init__(self) -> None:
        """Nothing was given."""
        self.count, self.futures = 0, []

    def submit(self, function: Callable[..., object], /, *given: object, **named: object) -> Future:
        """The result."""
        self.count += 1
        future: Future = Future()
        future.set_result(function(*given, **named))
        self.futures.append(future)
        return future


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int]]]:
    """Runs are made up, and which were asked for is kept."""
    asked: list[tuple[str, int]] = []

    def made_up(_scenario: Scenario, policy: str, replication: int) -> ReplicationResult:
        asked.append((policy, replication))
        return ReplicationResult(report=partial_report(f"{policy} {replication}", {}), result=None)

    monkeypatch.setattr(comparison, "replicate", made_up)
    return asked


def test_every_policy_runs_every_replication_and_is_heard_of(told: list[tuple[str, int]]) -> None:
    """Replication by replication; after each run it is said how many are over."""
    observer, pool = Heard(), AtOnce()
    found = run_all(scenario(), ("a", "b"), 3, pool, observer)
    assert told == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert {name: [one.report.policy for one in runs] for name, runs in found.items()} == {
        "a": ["a 0", "a 1", "a 2"],
        "b": ["b 0", "b 1", "b 2"],
    }
    steps = [("advance", float(number), number) for number in range(1, 7)]
    assert observer.calls == [("begin", 6.0, "2 policies x 3 replications"), *steps, ("end",)]
    assert pool.count == 5


def test_a_comparison_that_fails_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches hears the end of it."""

    def broken(*_given: object) -> ReplicationResult:
        raise RuntimeError

    monkeypatch.setattr(comparison, "replicate", broken)
    observer = Heard()
    with pytest.raises(RuntimeError):
        run_all(scenario(), ("a",), 2, None, observer)
    assert [call[0] for call in observer.calls] == ["begin", "end"]


def test_without_a_pool_runs_are_made_here(told: list[tuple[str, int]]) -> None:
    """A few quick runs are done one after the other, each when it is asked for."""
    runs = in_order(scenario(), [("a", 0), ("a", 1)], None, Heard())
    assert next(runs).report.policy == "a 0"
    assert told == [("a", 0)]
    assert [one.report.policy for one in runs] == ["a 1"]


def test_what_has_not_begun_is_cancelled_when_a_run_fails() -> None:
    """The first failure ends the others."""
    futures = [Future(), Future()]
    futures[0].set_exception(RuntimeError())
    waiting = iter(futures)

    class Slow(Executor):
        """Has not begun."""

        def submit(self, *_given: object, **_named: object) -> Future:
            """The next."""
            return next(waiting)

    with pytest.raises(RuntimeError):
        list(mapped(Slow(), scenario(), [("a", 0), ("a", 1)]))
    assert futures[1].cancelled()


def test_the_first_replication_keeps_its_columns() -> None:
    """The others' would fill the memory of who compares."""
    small = scenario(duration="10s")
    assert replicate(small, "always_cheapest", 0).result is not None
    assert replicate(small, "always_cheapest", 1).result is None


@pytest.mark.parametrize(
    ("expected_s", "cores", "count"), [(5.99, 8, None), (6.0, 8, 8), (60.0, 1, None), (60.0, None, None)]
)
def test_a_pool_is_started_where_it_pays(
    monkeypatch: pytest.MonkeyPatch, expected_s: float, cores: int | None, count: int | None
) -> None:
    """From 6 s of work on, on as many cores as there are, if there are several."""
    started: list[int] = []

    class Pool:
        """A pool of workers."""

        def __init__(self, workers: int) -> None:
            started.append(workers)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_error: object) -> None:
            started.append(-1)

    monkeypatch.setattr(comparison, "worker_pool", Pool)
    monkeypatch.setattr(comparison, "cpu_count", lambda: cores)
    with pool_for(None, expected_s) as pool:
        assert isinstance(pool, Pool) == (count is not None)
    assert started == ([] if count is None else [count, -1])


def test_a_pool_that_is_given_is_used_and_left_open() -> None:
    """However little or much there is to do."""
    given = AtOnce()
    for expected_s in (0.1, 100.0):
        with pool_for(given, expected_s) as pool:
            assert pool is given
