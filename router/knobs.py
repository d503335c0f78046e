"""Parameters of a policy with one knob set, as sweeps and variants name it: by a dotted path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.errors import InvalidPolicyParameterError
from router.parameters import unknown_parameter
from router.registry import describe_policy

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_knob(policy: str, parameters: Mapping[str, object], path: str, value: object) -> dict[str, object]:
    """A copy of the parameters in which the knob at `path` has the value; the original stays as it is.

    A plain policy's knob is its parameter (`threshold`), or an entry of a parameter that is a mapping
    (`weights.small`). The value is checked by `make_policy`, as the whole is.

    Args:
        policy: whatever `make_policy` takes.
        parameters: the policy's parameters so far, as a scenario states them.
        path: the knob's name; names are joined by dots.
        value: what the knob is set to, as YAML or JSON gives it.

    Raises:
        UnknownPolicyError: there is no such policy.
        PolicyLoadError: the policy cannot be loaded.
        InvalidPolicyParameterError: there is no such knob; names near ones and all there are.
    """
    name, _, entry = path.partition(".")
    known = tuple(parameter.name for parameter in describe_policy(policy).parameters)
    if name not in known:
        raise InvalidPolicyParameterError(((path, unknown_parameter(name, known)),))
    return {**parameters, name: _with_entry(parameters.get(name), path, entry, value) if entry else value}


def _with_entry(before: object, path: str, entry: str, value: object) -> dict[str, object]:
    """A parameter's mapping with one entry set."""
    if before is None:
        return {entry: value}
    if not isinstance(before, dict):
        raise InvalidPolicyParameterError(
            ((path, f"{before!r} has no entry {entry!r}; it is not a mapping"),)
        )
    return {**before, entry: value}
