"""Policies by what a user calls them: a name, a class in a file, or what a source knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.registry import make_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.policy import Policy, StepPolicy
    from simulator.settings.scenario import Scenario


def policy_of(
    scenario: Scenario, spec: str | None, parameters: Mapping[str, object] | None
) -> Policy | StepPolicy:
    """A new policy: the one asked for, else the scenario's; parameters likewise.

    The scenario's own parameters belong to the scenario's own policy.

    Raises:
        UnknownPolicyError: nobody registered the name.
        PolicyLoadError: its file, source or entry point cannot be loaded.
        InvalidPolicyParameterError: lists every parameter that is unknown or wrong.
    """
    name = spec or scenario.router.policy
    own = scenario.router.parameters if name == scenario.router.policy else {}
    return make_policy(name, own if parameters is None else parameters)
