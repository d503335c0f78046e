"""Single decisions of fresh policies before the specimen fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from router import (
    Decision,
    FleetView,
    Policy,
    RequestView,
    Send,
    Target,
    make_policy,
)
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGETS = sample_targets()
REPLICATED = sample_targets((4, 0, 2, 1))


def fleet_of(targets: Sequence[Target], loads: Sequence[int] | None = None) -> FleetView:
    """A view of these targets under these loads."""
    return sample_fleet(targets, loads)


def request_of(
    *, difficulty: float = 0.0, prompt: int = 100, score: float = 0.5, oracle: bool = False
) -> RequestView:
    """A single request with these properties."""
    table = replace(
        sample_requests(1),
        estimated_difficulty=np.array([difficulty]),
        prompt_token_count=np.array([prompt], dtype=np.int32),
        router_score=np.array([score]),
    )
    return sample_view(table, TARGETS, oracle=oracle)


def decide(
    name: str,
    request: RequestView,
    fleet: FleetView,
    parameters: Mapping[str, object] | None = None,
) -> Decision:
    """One decision of a fresh policy."""
    policy = make_policy(name, parameters)
    assert isinstance(policy, Policy)
    return policy.route(request, fleet, np.random.default_rng(1))


def chosen(
    name: str,
    request: RequestView | None = None,
    fleet: FleetView | None = None,
    **parameters: object,
) -> tuple[str, str]:
    """Target and reason of one send."""
    decision = decide(name, request or request_of(), fleet or fleet_of(TARGETS), parameters)
    assert isinstance(decision, Send)
    return decision.target, decision.reason
