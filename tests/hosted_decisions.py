"""One request played through the host by a policy that always decides alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from router import (
    NO_RESILIENCE,
    Decision,
    FleetView,
    Host,
    RequestView,
    Resilience,
    Target,
)
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.host.progress import JitterSource

TARGETS = sample_targets()
SMALL, MEDIUM, LARGE, FRONTIER = range(4)


@dataclass
class Decides:
    """A policy that gives the same decision each time."""

    decision: object
    name: str = "decides"

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """The decision."""
        return self.decision


def play(
    decision: object,
    scripts: Mapping[str, Sequence[ScriptedAttempt]] | None = None,
    *,
    resilience: Resilience = NO_RESILIENCE,
    targets: tuple[Target, ...] = TARGETS,
    candidates: tuple[int, ...] | None = None,
    jitter_u: JitterSource = lambda _request, _target, _try: 0.0,
) -> ScriptedRun:
    """One request played through a policy that takes this decision."""
    host = Host(
        Decides(decision), targets, rng=np.random.default_rng(1), resilience=resilience, jitter_u=jitter_u
    )
    fleet = sample_fleet(targets)
    fleet.candidates = candidates or fleet.candidates
    return ScriptedRun(scripts or {}).play(host, sample_view(sample_requests(4), targets), fleet)


def fails(reason: str = "server_error", **script: float) -> tuple[ScriptedAttempt, ...]:
    """A target at which every attempt fails after a tenth of a second, before any token."""
    return (ScriptedAttempt(fails_with=reason, ends_s=0.1, **script),)


def send(target: str = "small", fallbacks: tuple[str, ...] = ()) -> Decision:
    """A plain send."""
    return Decision.send(target, reason="test", fallbacks=fallbacks)
