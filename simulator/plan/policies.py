"""Policies by what a user calls them, and the router that hosts one in front of a scenario's targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.host.host import Host
from router.host.resilience import NO_RESILIENCE
from router.variants import PolicyVariant, make_variant, read_variant
from simulator.plan.resolution import run_seed
from simulator.streams import RandomStreams, keyed_uniform_scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from router.policy import Policy, StepPolicy
    from router.views.fleet import Target
    from simulator.settings.scenario import Scenario


def asked_variant(scenario: Scenario, spec: str | None) -> PolicyVariant:
    """The variant asked for, else the scenario's own policy.

    Raises:
        RouterError: its knobs cannot be read.
    """
    own = scenario.router.policy
    return PolicyVariant(label=own, policy=own) if not spec or spec == own else read_variant(spec)


def policy_of(
    scenario: Scenario, spec: str | None, parameters: Mapping[str, object] | None
) -> Policy | StepPolicy:
    """A new policy: the one asked for, else the scenario's; parameters likewise, knobs on top.

    The scenario's own parameters belong to the scenario's own policy and to its variants.

    Raises:
        UnknownPolicyError: the name is not registered.
        PolicyLoadError: its file, source or entry point cannot be loaded.
        InvalidPolicyParameterError: lists every parameter that is unknown or wrong.
    """
    variant = asked_variant(scenario, spec)
    own = scenario.router.parameters if variant.policy == scenario.router.policy else {}
    return make_variant(variant, own if parameters is None else parameters)


def host_of(
    scenario: Scenario,
    targets: Sequence[Target],
    policy: Policy | StepPolicy,
    name: str,
    replication: int,
    keys: NDArray[np.int64] | None = None,
    instance: int = 0,
) -> Host:
    """One router in front of a scenario's targets; backoff jitter is drawn by request, target and try.

    `keys` are the requests' own; without them they go by number. Each instance has its own policy,
    generator and state.
    """
    settings, seed = scenario.router.resilience, run_seed(scenario, replication)
    draws = [f"jitter/{target.name}" for target in targets]

    def jitter_u(request: int, target: int, tries: int) -> float:
        key = request if keys is None else keys.item(request)
        return keyed_uniform_scalar(seed, draws[target], key, tries)

    return Host(
        policy,
        targets,
        rng=RandomStreams(scenario.seed, replication)[policy_stream(instance)],
        resilience=NO_RESILIENCE if settings is None else settings.resilience(),
        jitter_u=jitter_u,
        name=name,
    )


def policy_stream(instance: int) -> str:
    """Name of the stream that a router instance's policy draws from."""
    return f"policy/{instance}" if instance else "policy"
