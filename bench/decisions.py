"""How long the policies take to decide: microseconds per decision over 16 targets, as JSON.

python bench/decisions.py [TARGETS]: over so many targets, a quarter of each kind.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, cast

import numpy as np

from router import make_policy
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view

if TYPE_CHECKING:
    from router import FleetView, Policy, RequestView

POLICIES = (
    "round_robin",
    "least_outstanding",
    "power_of_two",
    "weighted_score",
    "pipeline",
    "random_mix",
    "score_threshold",
    "cheapest_capable",
    "edge_first",
    "weighted_shuffle",
    "lowest_latency",
    "usage_based",
    "spill_over",
    "lowest_price",
    "expected_cost",
    "budget_cap",
    "budget_pacing",
    "utility",
    "multi_factor",
    "slo_headroom",
    "domain_rule",
)
COUNT = 5_000
REPEATS = 15


def decision_us(name: str, count: int = 16) -> float:
    """Median over repeats of the microseconds that one decision among so many targets takes."""
    targets = sample_targets([count // 4] * 4)
    loads = np.random.default_rng(1).integers(0, 40, len(targets))
    fleet = sample_fleet(targets, loads)
    request = sample_view(sample_requests(64), targets)
    policy, rng = cast("Policy", make_policy(name)), np.random.default_rng(2)
    return statistics.median(spent_us(policy, request, fleet, rng) for _ in range(REPEATS))


def spent_us(policy: Policy, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> float:
    """Microseconds per decision over many requests in turn."""
    route = policy.route
    began_s = time.perf_counter()
    for number in range(COUNT):
        request.index = number % 64
        route(request, fleet, rng)
    return (time.perf_counter() - began_s) / COUNT * 1e6


if __name__ == "__main__":
    chosen = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    print(json.dumps({name: decision_us(name, chosen) for name in POLICIES}))
