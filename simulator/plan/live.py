"""A scenario's router without its world: the same targets, constraints, policy and draws as in a run."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from router.constraints import screen
from simulator.plan.policies import asked_variant, host_of, policy_of
from simulator.plan.resolution import fleet_of, stream_limits
from simulator.workload.demand import demand_of

if TYPE_CHECKING:
    from router.host.host import Host
    from router.views.fleet import Tier
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.workload.demand import StreamDemand

CACHE_LIMIT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConstraints:
    """What a request demands beyond its stream; it can tighten its stream's limits, never loosen them."""

    task: str
    region: str
    residency: frozenset[str] | None = None
    banned_tiers: frozenset[Tier] = field(default_factory=frozenset)
    capability_floor: float = 0.0


class LiveFleet:
    """A scenario's targets, and which of them hard constraints leave for a request at hand.

    Attributes:
        targets: the targets, as every run of the scenario has them.
        streams: the scenario's streams by name, with what their requests are like.
    """

    def __init__(self, scenario: Scenario) -> None:
        """Works the fleet out; no workload is made."""
        demands = [demand_of(scenario, stream) for stream in scenario.streams]
        fleet = fleet_of(scenario)
        self.targets = fleet.targets
        self.streams: dict[str, tuple[Stream, StreamDemand]] = {
            stream.name: (stream, demand) for stream, demand in zip(scenario.streams, demands, strict=True)
        }
        self._scenario, self._batch = scenario, fleet.batch
        self._windows = sorted({target.context_window_tokens for target in fleet.targets})
        self._known: dict[tuple[str, LiveConstraints, int], tuple[tuple[int, ...], str]] = {}

    def candidates(
        self, stream: str, live_constraints: LiveConstraints, token_count: int
    ) -> tuple[tuple[int, ...], str]:
        """Targets that may serve a request of the stream, ascending, and why there are none.

        Args:
            stream: the name of one of the streams.
            live_constraints: what the request demands.
            token_count: its prompt plus the most output it may ask for.
        """
        key = (stream, live_constraints, bisect_left(self._windows, token_count))
        found = self._known.get(key)
        if found is None:
            if len(self._known) > CACHE_LIMIT:
                self._known.clear()
            found = self._known[key] = self._screened(stream, live_constraints, token_count)
        return found

    def _screened(
        self, stream: str, live_constraints: LiveConstraints, token_count: int
    ) -> tuple[tuple[int, ...], str]:
        """The same, worked out as for a run."""
        asked = tightened(self.streams[stream][0], live_constraints)
        limits = stream_limits(self._scenario, asked, self.targets, self._batch)
        screening = screen(self.targets, [limits], np.zeros(1, np.int64), np.array([token_count]))
        return screening.sets[0], screening.reasons[0]


def tightened(stream: Stream, live_constraints: LiveConstraints) -> Stream:
    """The stream as narrow as the request demands."""
    own = stream.residency
    residency = None if live_constraints.residency is None else tuple(sorted(live_constraints.residency))
    if own is not None:
        residency = tuple(name for name in own if residency is None or name in residency)
    return stream.model_copy(
        update={
            "task": live_constraints.task,
            "region": live_constraints.region,
            "residency": residency,
            "banned_tiers": tuple(sorted({*stream.banned_tiers, *live_constraints.banned_tiers})),
            "capability_floor": max(stream.capability_floor, live_constraints.capability_floor),
        }
    )


def live_host(scenario: Scenario, fleet: LiveFleet, policy: str | None = None) -> Host:
    """A router of the scenario with a new policy, as its first replication begins with.

    Raises:
        RouterError: the policy is unknown, cannot be loaded, or its parameters are wrong.
    """
    name = asked_variant(scenario, policy).label
    return host_of(scenario, fleet.targets, policy_of(scenario, policy, None), name, 0)
