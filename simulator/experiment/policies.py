"""Policies by what a user calls them: a name of the table, or a class in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.registry import load_policy, make_policy
from router.source_file import is_file_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.policy import Policy, StepPolicy
    from simulator.scenario import Scenario


def policy_of(
    scenario: Scenario, spec: str | None, parameters: Mapping[str, object] | None
) -> Policy | StepPolicy:
    """A new policy: the one asked for, else the scenario's; parameters likewise.

    The scenario's own parameters belong to the scenario's own policy.

    Raises:
        UnknownPolicyError: nobody registered the name.
        PolicyLoadError: its file or entry point cannot be loaded.
        InvalidPolicyParameterError: lists every parameter that is unknown or wrong.
    """
    name = spec or scenario.router.policy
    own = scenario.router.parameters if name == scenario.router.policy else {}
    chosen = own if parameters is None else parameters
    return load_policy(name, chosen) if is_file_spec(name) else make_policy(name, chosen)
