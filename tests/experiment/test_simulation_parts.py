"""Parts of a run: the router's jitter by request, wall times of phases, the collector, series' labels."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from router import Decision
from router.steps import Sleep
from router.testing.samples import sample_fleet, sample_requests, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun
from simulator import simulate
from simulator.experiment import simulation
from simulator.experiment.simulation import PhaseTimer, gc_paused
from simulator.plan.policies import host_of
from simulator.plan.resolution import fleet_of
from simulator.scenario import Scenario
from simulator.series import run_series
from world_cases import SMALL, scenario

RETRIED = {"policy": "round_robin", "resilience": {"retries": 3, "cooldown": "0s"}}


@dataclass
class First:
    """Sends everything to the first target."""

    def route(self, request: Any, fleet: Any, rng: Any) -> Decision:
        """The send."""
        del request, rng
        return Decision.send(fleet.targets[0].name, reason="first")


def waits_s(
    made: Scenario, request: int, *, replication: int = 0, keys: list[int] | None = None
) -> list[float]:
    """Seconds that a router waits before each retry of one request at a target that always fails."""
    targets = fleet_of(made).targets
    given = None if keys is None else np.array(keys)
    host = host_of(made, targets, First(), "first", replication, given)
    view = sample_view(sample_requests(8), targets)
    view.index = request
    script = {targets[0].name: (ScriptedAttempt(fails_with="server_error", ends_s=0.1),)}
    played = ScriptedRun(script).play(host, view, sample_fleet(targets))
    return [step.until_s - now_s for now_s, step in played.steps if isinstance(step, Sleep)]


def test_jitter_is_drawn_by_a_requests_key_whatever_its_number() -> None:
    """Without keys the number is the key; other keys, replications, targets and tries have other draws."""
    made = scenario(fleet=[SMALL], router=RETRIED)
    usual = waits_s(made, 5)
    assert usual == waits_s(made, 0, keys=[5, 3]) == waits_s(made, 2, keys=[0, 0, 5])
    others = [
        waits_s(made, 4),
        waits_s(made, 5, replication=1),
        waits_s(scenario(fleet=[SMALL], router=RETRIED, seed=6), 5),
        waits_s(scenario(fleet=[{**SMALL, "name": "other"}], router=RETRIED), 5),
    ]
    assert all(one != usual for one in others)
    jitter = [wait - backoff for wait, backoff in zip(usual, (0.5, 1.0, 2.0), strict=True)]
    assert len(set(jitter)) == 3
    assert all(0.0 <= one < 0.75 for one in jitter)


def test_without_resilience_nothing_is_retried() -> None:
    """A scenario that says nothing of it has a router that gives up at once."""
    assert waits_s(scenario(fleet=[SMALL], router={"policy": "round_robin"}), 5) == []


def test_phases_lie_between_the_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks at 10, 11, 13, 17 and 25 s: phases of 1, 2, 4 and 8 s after a kernel of 0.5 s; 15 s in all."""
    instants = iter((10.0, 11.0, 13.0, 17.0, 25.0))
    monkeypatch.setattr(simulation.time, "perf_counter", lambda: next(instants))
    watch, walls = PhaseTimer(0.5), []
    for _phase in range(4):
        watch.mark()
        walls.append(watch.wall_s)
    found = watch.phases()
    assert found.kernel_s == 0.5
    assert (found.resolve_s, found.world_s, found.accounting_s, found.report_s) == (1.0, 2.0, 4.0, 8.0)
    assert walls == [1.0, 3.0, 7.0, 15.0]


def test_a_runs_wall_time_is_that_of_its_phases() -> None:
    """The kernel's loading, once a process, is not in it."""
    result = simulate(scenario(duration="20s"))
    phases = result.phases
    parts = (phases.resolve_s, phases.world_s, phases.accounting_s, phases.report_s)
    assert all(part > 0.0 for part in parts)
    assert result.report.figure("wall_s") == pytest.approx(sum(parts))


def test_the_collector_rests_and_is_as_it_was_afterwards() -> None:
    """On again if it was on, errors too; off still if it was off."""
    assert gc.isenabled()
    with gc_paused():
        assert not gc.isenabled()
        with gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(RuntimeError), gc_paused():
        raise RuntimeError
    assert gc.isenabled()


class Unfinished:
    """A host that hears when its run is over."""

    heard = 0

    def finish(self) -> tuple[str, ...]:
        """Says so."""
        self.heard += 1
        return ("said",)


class Broken:
    """A world that cannot be run."""

    def run(self) -> None:
        """Fails."""
        raise RuntimeError


def test_a_router_is_asked_to_finish_where_its_run_fails() -> None:
    """Connections are closed, and the collector works again."""
    host = Unfinished()
    with pytest.raises(RuntimeError):
        simulation.run_world(Broken(), [host])
    assert host.heard == 1
    assert gc.isenabled()


PLACE = ("tier", "deployment", "model")
LABELS = {
    "arrivals": ("task",),
    "requests": (*PLACE, "task", "outcome"),
    "requests_slo_met": (*PLACE, "task"),
    "requests_correct": (*PLACE, "task"),
    "attempts": (*PLACE, "task", "kind", "outcome"),
    "tokens": (*PLACE, "task", "direction"),
    "cost_usd": (*PLACE, "task", "component"),
    "energy_wh": (*PLACE, "task", "component"),
    "emissions_gco2e": (*PLACE, "task", "component"),
    "water_l": (*PLACE, "task", "component"),
    "queue_length": PLACE,
    "running_requests": PLACE,
    "replicas": (*PLACE, "state"),
    "utilization_ratio": PLACE,
    "kv_cache_usage_ratio": PLACE,
    "faults_active": ("kind", "target"),
    "slo_attainment_ratio": (),
    "quality_success_ratio": (),
}


def test_series_have_the_labels_that_boards_ask_for() -> None:
    """Names and labels of every measure, in order; each key has a value for each label."""
    result = simulate(scenario(duration="20s"))
    found = run_series(result.settlement, result.samples, {"e2e_s": (1.0,)})
    measures = (*found.totals, *found.levels)
    assert {measure.name: measure.labels for measure in measures} == LABELS
    assert [measure.name for measure in measures] == list(LABELS)
    for measure in measures:
        assert {len(key) for key in measure.keys} <= {len(measure.labels)}
        assert measure.values.shape == (len(measure.keys), len(found.t_s))
    (distribution,) = found.distributions
    assert (distribution.name, distribution.labels, distribution.edges) == ("e2e_s", (*PLACE, "task"), (1.0,))
    assert all(later > earlier for earlier, later in pairwise(found.t_s.tolist()))


def test_deciding_for_earlier_requests_is_in_no_series() -> None:
    """A tenth of a cent for each request that arrives after the warm-up, as in the report."""
    router = {"policy": "round_robin", "decision_usd": 1e-3}
    result = simulate(scenario(duration="40s", warmup="20s", router=router))
    found = {measure.name: measure for measure in run_series(result.settlement, result.samples, {}).totals}
    rows = [key[-1] == "routing" for key in found["cost_usd"].keys]
    arrived = result.report.figure("requests.arrived")
    assert 0 < arrived < len(result.requests["request"])
    assert found["cost_usd"].values[rows, -1].sum() == pytest.approx(arrived * 1e-3)


def test_a_report_tells_of_fleet_and_devices() -> None:
    """Blocks that the settlement does not have stand beside those it has."""
    fields = simulate(scenario(duration="20s")).report.plain
    assert fields["devices"] == {}
    assert fields["availability"] == {"small": 1.0, "frontier": 1.0}
    assert fields["timeline"] == {"events": []}
