"""One replication under one policy: resolved, run, settled and reported."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.accounting.settlement import settle
from simulator.kernel.machine_code.warm import warm_kernel
from simulator.observer import SilentObserver
from simulator.plan.policies import asked_variant, host_of, policy_of
from simulator.plan.resolution import resolve
from simulator.records.capacity import capacity_columns
from simulator.records.requests import attempt_records, request_columns, step_columns
from simulator.records.timeline import timeline
from simulator.report.blocks.devices import device_blocks
from simulator.report.blocks.fleet import (
    availability,
    edges_of,
    held_capacity,
    replica_counts,
    timeline_block,
)
from simulator.report.blocks.recorded_answers import recorded_answer_use
from simulator.report.grounds import grounds
from simulator.report.head import report_head
from simulator.report.length_effects import length_effects
from simulator.report.report import Report
from simulator.report.run import report_blocks
from simulator.report.warnings.domain import domain_warnings
from simulator.report.warnings.idle import idle_warnings
from simulator.scenario.checks.effects import without_effect
from simulator.scenario.recorded_choices import demand_replayable
from simulator.world.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from router.host.host import Host
    from simulator.accounting.settlement import Settlement
    from simulator.observer import Observer
    from simulator.plan.resolution import Resolution
    from simulator.report.blocks.rows import Breakdown
    from simulator.settings.scenario import Scenario
    from simulator.world.telemetry import Samples

    Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Phases:
    """Wall seconds of each part of a run; the kernel is loaded once a process, not once a run."""

    kernel_s: float

    resolve_s: float
    world_s: float
    accounting_s: float
    report_s: float


class PhaseTimer:
    """Wall time from its making on, and the marks at which one phase of a run gives way to the next."""

    def __init__(self, kernel_s: float) -> None:
        """The kernel was loaded before, in `kernel_s`."""
        self._kernel_s, self._marks = kernel_s, [time.perf_counter()]

    def mark(self) -> None:
        """A phase is over."""
        self._marks.append(time.perf_counter())

    @property
    def wall_s(self) -> float:
        """Seconds of all phases so far."""
        return self._marks[-1] - self._marks[0]

    def phases(self) -> Phases:
        """Each phase's seconds, once all are over."""
        return Phases(self._kernel_s, *(after - before for before, after in pairwise(self._marks)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A run's report; its requests, attempts and timeline as named columns, made when asked for.

    `capacity` has one row for each span of the billed window in which a target's replicas did not change.
    """

    report: Report
    settlement: Settlement = field(repr=False)
    capacity: Columns = field(repr=False)
    samples: Samples = field(repr=False)
    phases: Phases

    @property
    def requests(self) -> Columns:
        """One row for each request that arrived."""
        return request_columns(self.settlement)

    @property
    def attempts(self) -> Columns:
        """One row for each attempt."""
        return attempt_records(self.settlement)

    @property
    def steps(self) -> Columns:
        """One row for each step that a router asked for besides attempts, and for each verdict."""
        return step_columns(self.settlement)

    @property
    def timeline(self) -> Columns:
        """One row for each step of virtual time."""
        return {**timeline(self.settlement, self.samples)}


def simulate(
    scenario: Scenario,
    policy: str | None = None,
    *,
    parameters: Mapping[str, object] | None = None,
    observer: Observer | None = None,
    replication: int = 0,
) -> RunResult:
    """Runs one replication of a scenario.

    Args:
        scenario: a loaded scenario.
        policy: a policy's name, `path/to/file.py:Class` or `grpc://host:port`, knobs behind it as in
            `hedge:after_s=0.5`; the scenario's own where omitted.
        parameters: the policy's parameters, below the knobs; the scenario's where omitted.
        observer: is told how far the run is.
        replication: which of the independent replications of the scenario's seed.

    Raises:
        PolicyFailedError: the policy raised or decided what cannot be done; chained.
        RouterError: the policy is unknown, cannot be loaded, or its parameters are wrong.
    """
    instances = range(scenario.router.instances)
    made = [policy_of(scenario, policy, parameters) for _ in instances]
    demand_replayable(scenario, made[0])
    watch = PhaseTimer(warm_kernel())
    resolution = resolve(scenario, replication)
    plan, name = resolution.plan, asked_variant(scenario, policy).label
    keys = plan.workload.key
    hosts = [
        host_of(scenario, plan.targets, made[number], name, replication, keys, number) for number in instances
    ]
    watch.mark()
    world = World(plan, hosts, observer or SilentObserver())
    rows, policy_warnings = run_world(world, hosts)
    watch.mark()
    settlement = settled(resolution, world, rows)
    del rows
    watch.mark()
    return result_of(scenario, world, hosts, settlement, (*resolution.warnings, *policy_warnings), watch)


def run_world(world: World, hosts: Sequence[Host]) -> tuple[NDArray[np.void], Sequence[str]]:
    """The ledger and the policy's warnings, each once; every `finish()` is called even if the run fails."""
    try:
        with gc_paused():
            rows = world.run()
    finally:
        policy_warnings = dict.fromkeys(text for host in hosts for text in host.finish())
    return rows, tuple(policy_warnings)


def settled(resolution: Resolution, world: World, rows: NDArray[np.void]) -> Settlement:
    """A finished run's settlement, of its ledger's `rows`."""
    plan = resolution.plan
    edges, presence = edges_of(plan, world.telemetry), held_capacity(plan, world.replicas)
    return settle(plan, world.journal, rows, edges, presence, resolution.terms, resolution.month)


def result_of(
    scenario: Scenario,
    world: World,
    hosts: Sequence[Host],
    settlement: Settlement,
    policy_warnings: Sequence[str],
    watch: PhaseTimer,
) -> RunResult:
    """The report and the records of a settled run; `policy_warnings` are the warnings so far."""
    blocks = blocks_of(world, settlement)
    watch.mark()
    warnings = (*policy_warnings, *final_warnings(scenario, world, settlement, blocks["by"]))
    head = report_head(scenario, hosts[0], warnings, wall_s=watch.wall_s)
    effects = length_effects(scenario, world.plan.workload)
    report = Report(
        **head,
        **blocks,
        length_effects=effects,
        grounds=grounds(scenario),
        recorded_answers=recorded_answer_use(scenario),
    )
    samples = world.telemetry.samples(held_capacity(world.plan, world.replicas), world.replicas)
    return RunResult(
        report=report,
        settlement=settlement,
        capacity=capacity_columns(world),
        samples=samples,
        phases=watch.phases(),
    )


def final_warnings(scenario: Scenario, world: World, settlement: Settlement, by: Breakdown) -> Iterator[str]:
    """Warnings that only a finished run can give."""
    yield from without_effect(scenario)
    yield from domain_warnings(scenario, settlement, world.telemetry.most_running(world.replicas))
    yield from unused(scenario, settlement, by)


def unused(scenario: Scenario, settlement: Settlement, by: Breakdown) -> Iterator[str]:
    """Warnings of deployments that answered nothing, and of streams without a request in the window."""
    counted = settlement.run.outcomes.request[settlement.cohort.requests]
    streams = settlement.plan.workload.stream_code[counted]
    names = tuple(stream.name for stream in scenario.streams)
    rows = {entry.name: by.deployment[entry.name] for entry in scenario.fleet if entry.name in by.deployment}
    return idle_warnings(rows, names, np.bincount(streams, minlength=len(names)))


def blocks_of(world: World, settlement: Settlement) -> dict[str, Any]:
    """The report's blocks: what was settled, and what happened to fleet and devices."""
    return {
        **report_blocks(settlement, world.telemetry.pool_utilizations()),
        "timeline": timeline_block(world.plan, world.happenings),
        "availability": availability(world.plan, world.replicas),
        "replicas": replica_counts(world.plan, world.replicas),
        "devices": device_blocks(settlement, world.absences),
    }


@contextmanager
def gc_paused() -> Iterator[None]:
    """Rests the garbage collector: a run makes many objects and no cycles worth collecting."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
