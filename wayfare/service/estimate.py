"""How many requests a scenario will simulate, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.registry import BASELINES
from simulator.scenario.streams import TraceArrivals
from simulator.workload.arrivals.trace import Recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Scenario
    from simulator.scenario.fleet import Deployment
    from simulator.scenario.streams import Stream

WHOLE_FIGURES, FIGURES_EACH = 14, 8
"""Columns of a run's timeline: of the whole, and of each target (queues and replicas by state)."""


def request_count(scenario: Scenario) -> float:
    """About how many requests arrive in one replication: turns of conversations, calls of agents."""
    return sum(of_stream(stream, scenario.duration_s) for stream in scenario.streams)


def of_stream(stream: Stream, duration_s: float) -> float:
    """About how many requests a stream has."""
    if isinstance(stream.arrivals, TraceArrivals):
        return recorded_count(stream.arrivals, duration_s) * requests_each(stream)
    rate_per_s = float(stream.arrivals.parameters().get("rate_per_s", 0.0))  # type: ignore[arg-type]
    return rate_per_s * duration_s * requests_each(stream)


def requests_each(stream: Stream) -> float:
    """Requests that an arrival brings on the average: turns of a conversation, calls of an agent's task."""
    counts = stream.session.turns if stream.session else stream.agent.calls if stream.agent else None
    return max(counts.distribution().mean, 1.0) if counts else 1.0


def recorded_count(arrivals: TraceArrivals, duration_s: float) -> float:
    """About how many requests a recording plays."""
    return Recorded(**arrivals.parameters()).expected_count(duration_s)  # type: ignore[arg-type]


def timeline_cells(scenario: Scenario) -> float:
    """About how many samples the run's timeline and series have: by step, target and stream."""
    steps = scenario.duration_s / scenario.settings.telemetry_step_s
    return steps * (WHOLE_FIGURES + FIGURES_EACH * target_count(scenario) * len(scenario.streams))


def target_count(scenario: Scenario) -> int:
    """What the router chooses among: deployments, or their replicas where it balances them itself."""
    return sum(most_replicas(entry) if entry.balancing == "router" else 1 for entry in scenario.fleet)


def most_replicas(entry: Deployment) -> int:
    """The most replicas that a deployment can come to have."""
    return entry.autoscaling.max if entry.autoscaling else entry.replicas


def repetitions(policies: Sequence[str], replications: int) -> int:
    """How often the requests are simulated: once, or by each policy and baseline in each replication."""
    return (len(policies) + len(BASELINES)) * replications if replications else 1
