"""A router that takes its time sends every request later by just that time."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import simulate
from world_cases import CHAT, SMALL, scenario

FAR = {**SMALL, "name": "far", "region": "us-texas"}
CUT = {
    "kind": "partition",
    "between": ["us-virginia", "us-texas"],
    "at": "20s",
    "duration": "30s",
    "timeout": "4s",
}
TALK = {**CHAT, "arrivals": {"pattern": "steady", "rate": 1.0}}


@pytest.mark.parametrize("faults", [[], [CUT]], ids=["calm", "cut"])
def test_a_decision_delays_each_attempt_by_its_own_time(faults: list[dict[str, object]]) -> None:
    """Over networks that work and networks that are cut, every first attempt leaves so much later."""
    ways = []
    for latency_s in (0.0, 0.25):
        router = {"policy": "round_robin", "decision_latency": latency_s}
        world = scenario(
            duration="90s", workload={"streams": [TALK]}, fleet=[SMALL, FAR], router=router, faults=faults
        )
        attempts = simulate(world).attempts
        first = np.unique(attempts["request"], return_index=True)[1]
        ways.append(attempts["ready_s"][first])
    np.testing.assert_allclose(ways[1] - ways[0], 0.25, rtol=0, atol=1e-6)
