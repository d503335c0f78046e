"""How likely a policy takes each action for each logged request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from router.decision import Send
from router.host.host import Host
from router.policy import LearningPolicy, StepPolicy, is_oracle
from router.variants import make_variant, read_variant
from simulator.offline.errors import InvalidReplayError
from simulator.offline.fleet import idle_fleet, stated_requests, targets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from router.policy import Policy
    from simulator.offline.log import DecisionLog


def action_probabilities(log: DecisionLog, spec: str, draws: int, seed: int) -> NDArray[np.float64]:
    """pi(a|x), rows x actions: 1 and 0 of a policy that draws nothing, else shares of so many draws.

    Raises:
        InvalidReplayError: the policy learns, sees the truth, or decides more than one target.
        RouterError: there is no such policy, or it fails.
    """
    counts = np.zeros((len(log), len(log.action_names)), np.float64)
    made = 0
    for draw in range(draws):
        drew = count_choices(log, spec, np.random.default_rng((seed, draw)), counts)
        made += 1
        if not drew:
            break
    return counts / made


def count_choices(log: DecisionLog, spec: str, rng: np.random.Generator, counts: NDArray[np.float64]) -> bool:
    """Adds the choices of a new policy, request by request; returns whether it drew random numbers."""
    before = rng.bit_generator.state
    targets = targets_of(log)
    host, fleet = Host(replayable(spec), targets, rng=rng, name=spec), idle_fleet(targets)
    for request in stated_requests(log):
        fleet.candidates = tuple(range(len(targets)))
        decision = host.decide(request, fleet)
        if not isinstance(decision, Send):
            kind = type(decision).__name__.lower()
            raise InvalidReplayError(
                f"{spec}: decides a {kind}; the log has what one action a request earned"
            )
        counts[request.index, fleet.members(decision.target)[0]] += 1.0
    host.finish()
    return bool(rng.bit_generator.state != before)


def replayable(spec: str) -> Policy:
    """A new policy whose choices do not depend on what only a world could tell it.

    Raises:
        InvalidReplayError: it learns, sees the truth, or reacts to outcomes.
    """
    policy = make_variant(read_variant(spec), {})
    if isinstance(policy, StepPolicy):
        raise InvalidReplayError(
            f"{spec}: reacts to outcomes step by step; a log has those of its own actions"
        )
    if is_oracle(policy):
        raise InvalidReplayError(f"{spec}: sees the true answers, which a log does not have of every action")
    if isinstance(policy, LearningPolicy):
        raise InvalidReplayError(f"{spec}: learns from outcomes; a log has those of its own actions alone")
    return policy
