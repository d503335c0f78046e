"""Policies side by side: the same requests through each, paired differences, who dominates."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import cpu_count
from typing import TYPE_CHECKING

from router.registry import BASELINES
from simulator.arrivals import TraceArrivals
from simulator.experiment.cost_quality import SweepCurve, reference_labels, sweep_curves
from simulator.experiment.differences import Difference, differences
from simulator.experiment.pareto import pareto_front
from simulator.experiment.query_sampling import query_residuals, query_sums
from simulator.experiment.scoring import routing_quality
from simulator.experiment.simulation import RunResult, simulate
from simulator.experiment.sweeps import PolicySelection, selected
from simulator.experiment.workers import worker_pool
from simulator.observer import SilentObserver
from simulator.plan.policies import policy_of
from simulator.report.mean_report import mean_report
from simulator.scenario.recorded_answers import recorded_answers
from simulator.statistics import LEAST_REPLICATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from simulator.experiment.query_sampling import QueryResiduals, QuerySums
    from simulator.observer import Observer
    from simulator.report.figures import Json
    from simulator.report.report import Report
    from simulator.settings.scenario import Scenario

SCHEMA = "wayfare.comparison/1"
POOL_WORTH_S = 6.0
"""Expected seconds of work below which starting a pool of processes does not pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Reports of all policies over the same replications, and what differs between them.

    `policies` are the labels of those asked for, then the baselines that were not; `results` are the first
    replication of each, `replicated` the reports of all, `sampling` what queries of a table differ by.
    `pareto` names the policies that no other one beats in cost, quality and latency at once, by the
    intervals of their paired differences. `sweeps` are the curves of the knobs that were swept.
    """

    policies: tuple[str, ...]
    baselines: tuple[str, ...]
    replications: int
    confidence: float
    reports: tuple[Report, ...]
    differences: tuple[Difference, ...] = field(repr=False)
    pareto: tuple[str, ...]
    routing_quality: Mapping[str, Json]
    results: tuple[RunResult, ...] = field(repr=False)
    replicated: Mapping[str, Sequence[Report]] = field(repr=False)
    sampling: Mapping[str, QueryResiduals] = field(repr=False)
    sweeps: tuple[SweepCurve, ...] = field(repr=False, default=())

    @property
    def swept(self) -> frozenset[str]:
        """The labels of all points of all sweeps."""
        return frozenset(point.policy for curve in self.sweeps for point in curve.points)

    def to_dict(self) -> dict[str, Json]:
        """The comparison as plain data (schema `wayfare.comparison/1`)."""
        return {
            "schema": SCHEMA,
            "policies": list(self.policies),
            "baselines": list(self.baselines),
            "replications": self.replications,
            "confidence": self.confidence,
            "reports": [report.to_dict() for report in self.reports],
            "differences": [difference.to_dict() for difference in self.differences],
            "pareto": list(self.pareto),
            "routing_quality": dict(self.routing_quality),
            "sweeps": [curve.to_dict() for curve in self.sweeps],
        }


def compare(
    scenario: Scenario,
    policies: Sequence[str],
    *,
    replications: int = 10,
    confidence: float = 0.95,
    executor: Executor | None = None,
    observer: Observer | None = None,
    sweeps: Sequence[str] = (),
) -> Comparison:
    """Runs every policy over the same replications.

    Args:
        scenario: a loaded scenario.
        policies: names, `path/to/file.py:Class` or `grpc://host:port`, knobs behind them as in
            `hedge:after_s=0.5`; the baselines are added.
        replications: independent replications of the scenario's seed, at least 1.
        confidence: of the intervals, within (0, 1).
        executor: runs the replications; a local pool of processes where omitted.
        observer: is told how many of the runs are over.
        sweeps: knobs and their values as in `policy.threshold=0.1..0.9/9`; each policy that has the knob
            runs with every value, and one run more sends everything to each deployment.

    Raises:
        InvalidSweepError: a sweep cannot be read, or no policy has its knob.
        ValueError: `replications` or `confidence` is impossible.
        PolicyFailedError: a policy failed; chained.
        RouterError: a policy is unknown, cannot be loaded, or its parameters are wrong.
    """
    if replications < 1 or not 0.0 < confidence < 1.0:
        message = f"replications {replications!r} must be >= 1, confidence {confidence!r} in (0, 1)"
        raise ValueError(message)
    selection = selected(policies, sweeps)
    names = all_labels(scenario, selection)
    for name in names:
        policy_of(scenario, name, None)
    results = run_all(scenario, names, replications, executor, observer or SilentObserver())
    return summarised(scenario, names, results, confidence, selection)


def all_labels(scenario: Scenario, selection: PolicySelection) -> tuple[str, ...]:
    """Labels of everything that runs: what was asked for, what a sweep is held against, the baselines."""
    references = reference_labels(scenario) if selection.series else ()
    return tuple(dict.fromkeys((*selection.labels, *references, *BASELINES)))


def summarised(
    scenario: Scenario,
    names: tuple[str, ...],
    results: Mapping[str, Sequence[ReplicationResult]],
    confidence: float,
    selection: PolicySelection,
) -> Comparison:
    """The comparison of finished runs: by policy, in order of replications."""
    references = reference_labels(scenario) if selection.series else ()
    reports = {name: [outcome.report for outcome in results[name]] for name in names}
    sampling = {name: query_residuals([outcome.query_sums for outcome in results[name]]) for name in names}
    merged = tuple(mean_report(reports[name], confidence, sampling[name].variance) for name in names)
    count = len(reports[names[0]])
    first = tuple(outcome.result for name in names for outcome in results[name][:1])
    kept = tuple(result for result in first if result is not None)
    merged = tuple(report.warned(notes(scenario, count)) for report in merged)
    return Comparison(
        policies=names,
        baselines=(*BASELINES, *(label for label in references if label not in selection.labels)),
        replications=count,
        confidence=confidence,
        reports=merged,
        differences=tuple(differences(reports, confidence, sampling)),
        pareto=pareto_front(reports, confidence, sampling),
        routing_quality=routing_quality(merged, kept, confidence, recorded_answers(scenario.settings)),
        results=kept,
        replicated=reports,
        sampling=sampling,
        sweeps=tuple(sweep_curves(selection.series, merged, references)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationResult:
    """What comes back of one run: its report, and the whole result where it is kept.

    `query_sums` are by figure and query of a table of recorded answers; None without one.
    """

    report: Report
    result: RunResult | None = field(repr=False)
    query_sums: Mapping[str, QuerySums] | None = field(default=None, repr=False)


def replicate(scenario: Scenario, policy: str, replication: int) -> ReplicationResult:
    """One run, as a task of a pool; only the first replication's columns are kept."""
    result = simulate(scenario, policy, replication=replication)
    sums = sums_by_query(scenario, result)
    return ReplicationResult(report=result.report, result=None if replication else result, query_sums=sums)


def sums_by_query(scenario: Scenario, result: RunResult) -> Mapping[str, QuerySums] | None:
    """What figures sum over each query of the scenario's table; None where answers are drawn."""
    table = recorded_answers(scenario.settings)
    query = result.settlement.plan.workload.query_code
    if table is None or query is None:
        return None
    return query_sums(result.settlement, query, len(table.queries))


def run_all(
    scenario: Scenario,
    names: tuple[str, ...],
    replications: int,
    executor: Executor | None,
    observer: Observer,
) -> dict[str, list[ReplicationResult]]:
    """Every policy's runs in order of replications."""
    tasks = [(name, number) for number in range(replications) for name in names]
    observer.begin(float(len(tasks)), f"{len(names)} policies x {replications} replications")
    try:
        done = dict(zip(tasks, in_order(scenario, tasks, executor, observer), strict=True))
    finally:
        observer.end()
    return {name: [done[name, number] for number in range(replications)] for name in names}


def in_order(
    scenario: Scenario,
    tasks: Sequence[tuple[str, int]],
    executor: Executor | None,
    observer: Observer,
) -> Iterator[ReplicationResult]:
    """The outcomes of the tasks, in their order.

    The first is run here: when it shows that a pool would cost more than it saves, so are the rest.
    """
    began_s = time.perf_counter()
    yield replicate(scenario, *tasks[0])
    observer.advance(1.0, 1)
    spent_s = time.perf_counter() - began_s
    rest = tasks[1:]
    with pool_for(executor, spent_s * len(rest)) as pool:
        outcomes = mapped(pool, scenario, rest)
        for number, outcome in enumerate(outcomes, start=2):
            observer.advance(float(number), number)
            yield outcome


def mapped(
    pool: Executor | None, scenario: Scenario, tasks: Sequence[tuple[str, int]]
) -> Iterator[ReplicationResult]:
    """The tasks' outcomes, by the pool or here; a failure cancels what has not begun."""
    if pool is None:
        yield from (replicate(scenario, *task) for task in tasks)
        return
    futures = [pool.submit(replicate, scenario, *task) for task in tasks]
    try:
        yield from (future.result() for future in futures)
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def pool_for(executor: Executor | None, expected_s: float) -> Iterator[Executor | None]:
    """The given executor, a local pool of processes, or none where so little is to be done."""
    if executor is not None or expected_s < POOL_WORTH_S or (cpu_count() or 1) == 1:
        yield executor
        return
    with worker_pool(cpu_count() or 1) as pool:
        yield pool


def notes(scenario: Scenario, replications: int) -> list[str]:
    """What readers of intervals must know."""
    found = []
    if replications == 1:
        found.append(
            "1 replication: no intervals; who beats whom is read from one run's figures, chance included"
        )
    elif replications < LEAST_REPLICATIONS:
        found.append(f"{replications} replications: intervals are rough below {LEAST_REPLICATIONS}")
    if all(isinstance(stream.arrivals, TraceArrivals) for stream in scenario.streams):
        found.append("all requests are recorded: intervals are conditional on this trace")
    return found
