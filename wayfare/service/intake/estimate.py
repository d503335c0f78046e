"""How often a scenario's requests will be simulated, and how large its timeline will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.registry import BASELINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Scenario
    from simulator.settings.fleet import Deployment

WHOLE_FIGURES, FIGURES_EACH = 14, 8
"""Columns of a run's timeline: of the whole, and of each target (queues and replicas by state)."""


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
