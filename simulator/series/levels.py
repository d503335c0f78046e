"""What goes up and down: queues, replicas, caches, faults. Levels are known up to the duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.spec import BatchingSpec
from simulator.series.columns import FigureSeries
from simulator.series.labels import PLACE, places_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.settlement import Settlement
    from simulator.series.columns import Axis, Column
    from simulator.world.plan import Incident
    from simulator.world.telemetry import Samples

    Mask = NDArray[np.bool_]

STATES = {"held": 1.0, "starting": 0.0, "ready": 1.0, "draining": 0.0, "down": 0.0}
"""Reported states of replicas, and the share of those there can be that is in each where none
ever changes.
"""
RANDOM_OUTAGE = "random_outage"


class GaugeReader:
    """Reads the samples of a run, place by place."""

    def __init__(self, settlement: Settlement, samples: Samples, axis: Axis) -> None:
        """Finds out which targets are held, and by whom."""
        terms = settlement.run.terms
        self._settlement, self._samples, self._axis = settlement, samples, axis
        self._places = places_of(settlement)
        self._counts = np.array([float(term.queue_count) for term in terms])
        self._held = np.array([term.held for term in terms])
        self._metered = np.array([term.held and term.provisioned is None for term in terms])
        self._room = np.array([kv_room_tokens(group.queues) for group in settlement.plan.groups])

    def measures(self) -> tuple[FigureSeries, ...]:
        """All levels."""
        everywhere = np.ones(len(self._held), np.bool_)
        return (
            self._level("queue_length", self._gauge("waiting"), everywhere),
            self._level("running_requests", self._gauge("running"), everywhere),
            self._replicas(),
            self._level("utilization_ratio", self._utilization(), self._metered),
            self._level("kv_cache_usage_ratio", self._kv_usage(), self._room > 0.0),
            faults_active(self._settlement.plan.incidents, self._samples.t_s, len(self._axis)),
        )

    def _gauge(self, name: str) -> Column:
        """A sampled gauge, places x samples."""
        return self._places.summed(self._samples.gauges[name].T.astype(np.float64))

    def _level(self, name: str, values: Column, targets: Mask) -> FigureSeries:
        """The rows of the places that the targets have."""
        found = np.unique(self._places.of_target[targets])
        keys = [self._places.names[place] for place in found.tolist()]
        return FigureSeries(name=name, labels=PLACE, keys=keys, values=padded(values[found], len(self._axis)))

    def _in_state(self, state: str) -> Column:
        """Replicas in a state, targets x samples."""
        changed = self._samples.replicas.get(state)
        constant = np.repeat(self._counts[:, None] * STATES[state], len(self._samples.t_s), axis=1)
        return constant if changed is None else changed.T

    def _replicas(self) -> FigureSeries:
        """Replicas of held targets by state."""
        found = np.unique(self._places.of_target[self._metered])
        keys = [(*self._places.names[place], state) for state in STATES for place in found.tolist()]
        values = [self._places.summed(self._in_state(state))[found] for state in STATES]
        stacked = padded(np.concatenate(values), len(self._axis))
        return FigureSeries(name="replicas", labels=(*PLACE, "state"), keys=keys, values=stacked)

    def _utilization(self) -> Column:
        """Busy over held queue-seconds since the sample before; 0 at the first, nan with none held."""
        t_s, presence = self._samples.t_s, self._samples.presence
        shares = np.array([presence.share_seconds(target, t_s) for target in range(len(self._counts))])
        held_s = self._places.summed(self._counts[:, None] * shares)
        busy_s = self._places.summed(np.diff(self._samples.busy_s, axis=0).T)
        ratios = np.full(held_s.shape, np.nan)
        np.divide(busy_s, held_s, out=ratios, where=held_s > 0.0)
        return np.insert(np.minimum(ratios, 1.0), 0, 0.0, axis=1)

    def _kv_usage(self) -> Column:
        """KV-cache tokens in use over the room of the replicas that are there; nan with none."""
        room = self._places.summed(self._room[:, None] * self._in_state("held"))
        ratios = np.full(room.shape, np.nan)
        np.divide(self._gauge("kv_used"), room, out=ratios, where=room > 0.0)
        return ratios


def kv_room_tokens(queues: object) -> float:
    """KV-cache tokens of one replica; 0 where there is no cache."""
    return float(queues.kv_room_tokens) if isinstance(queues, BatchingSpec) else 0.0


def padded(values: Column, count: int) -> Column:
    """Values by sample up to the duration, with nan for the samples after it."""
    return np.pad(values, ((0, 0), (0, count - values.shape[1])), constant_values=np.nan)


def faults_active(incidents: Sequence[Incident], t_s: Column, count: int) -> FigureSeries:
    """Faults by kind and target that were in effect at any time since the sample before."""
    keys = list(dict.fromkeys(fault_key(incident) for incident in incidents))
    changes = np.zeros((len(keys), len(t_s) + 2))
    for incident in incidents:
        begins_s = incident.at_s + incident.notice_s
        first, last = np.searchsorted(t_s, (begins_s, begins_s + incident.duration_s), side="left")
        row = keys.index(fault_key(incident))
        changes[row, first] += 1.0
        changes[row, last + 1] -= 1.0
    values = padded(np.cumsum(changes, axis=1)[:, : len(t_s)], count)
    return FigureSeries(name="faults_active", labels=("kind", "target"), keys=keys, values=values)


def fault_key(incident: Incident) -> tuple[str, str]:
    """Kind and target; random outages of a deployment's replicas count together."""
    label = incident.label
    return incident.kind, label.rpartition("/")[0] if incident.kind == RANDOM_OUTAGE else label


def attained(name: str, part: FigureSeries, whole: FigureSeries) -> FigureSeries:
    """The share so far of a part in the whole, all keys together; nan before anything is over."""
    over = whole.values.sum(axis=0)
    ratios = np.full(len(over), np.nan)
    np.divide(part.values.sum(axis=0), over, out=ratios, where=over > 0.0)
    return FigureSeries(name=name, labels=(), keys=[()], values=ratios[None, :])
