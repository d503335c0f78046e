"""What of a gateway's settings is which key of a scenario: the tables of the import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Members = Mapping[str, tuple[str, ...]]
    Reading = Callable[[object, Members], object]

STRATEGY_POLICIES = {
    "simple-shuffle": "weighted_shuffle",
    "least-busy": "least_outstanding",
    "latency-based-routing": "lowest_latency",
    "usage-based-routing": "usage_based",
    "usage-based-routing-v2": "usage_based",
    "cost-based-routing": "lowest_price",
}
"""Policy by `routing_strategy` (docs/how-to/host-litellm.md compares them)."""

STRATEGY_PARAMETERS = {
    "latency-based-routing": {
        "lowest_latency_buffer": "lowest_latency_buffer",
        "max_latency_list_size": "max_latency_list_size",
        "ttl": "ttl_s",
    }
}
"""Parameter of the policy by strategy and key of `routing_strategy_args`."""

LITELLM_RETRIES = 2
"""`num_retries` where a configuration states none (litellm 1.100.5, `router.py`)."""


class UnreadableGatewayError(ValueError):
    """A value that the gateway itself could not use; the message says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeKey:
    """A key of `router.resilience`, and how a gateway's value reads there."""

    key: str
    reading: Reading


def count(value: object, _members: Members) -> object:
    """A whole number.

    Raises:
        UnreadableGatewayError: it is none.
    """
    if isinstance(value, (int, float)) and value == int(value):
        return int(value)
    raise UnreadableGatewayError(f"{value!r} is not a whole number")


def seconds(value: object, _members: Members) -> object:
    """Seconds as a scenario writes them."""
    return f"{value:g}s" if isinstance(value, (int, float)) else value


def switched_off(value: object, _members: Members) -> object:
    """No time at all where the value is true; nothing to say where it is not."""
    return "0s" if value else None


def deployments(value: object, members: Members) -> object:
    """The deployments of groups, in order.

    Raises:
        UnreadableGatewayError: it is no list of groups.
    """
    if not isinstance(value, (list, tuple)):
        raise UnreadableGatewayError(f"{value!r} is not a list of model groups")
    return [name for group in value for name in members_of(group, members)]


def by_deployment(value: object, members: Members) -> object:
    """The deployments of fallback groups by each deployment of a group.

    Raises:
        UnreadableGatewayError: it is no list of `{group: [groups]}`.
    """
    found: dict[str, object] = {}
    for group, others in fallback_groups(value).items():
        tried = deployments(others, members)
        found |= {name: tried for name in members_of(group, members) if tried}
    return found


def members_of(group: object, members: Members) -> tuple[str, ...]:
    """The deployments of a group.

    Raises:
        UnreadableGatewayError: there is no such group.
    """
    if isinstance(group, str) and group in members:
        return members[group]
    raise UnreadableGatewayError(f"{group!r} is no model group; known: {', '.join(map(repr, members))}")


def fallback_groups(value: object) -> dict[str, tuple[object, ...]]:
    """Groups to fall back to by group.

    Raises:
        UnreadableGatewayError: it is no list of `{group: [groups]}`.
    """
    found: dict[str, tuple[object, ...]] = {}
    for line in value if isinstance(value, (list, tuple)) else [value]:
        if not isinstance(line, dict) or not all(isinstance(others, list) for others in line.values()):
            raise UnreadableGatewayError(f"{line!r} is not {{group: [groups]}}")
        found |= {str(group): tuple(others) for group, others in line.items()}
    return found


RESILIENCE_KEYS = {
    "num_retries": NativeKey(key="retries", reading=count),
    "retry_after": NativeKey(key="retry_after", reading=seconds),
    "cooldown_time": NativeKey(key="cooldown", reading=seconds),
    "disable_cooldowns": NativeKey(key="cooldown", reading=switched_off),
    "allowed_fails": NativeKey(key="allowed_fails", reading=count),
    "fallbacks": NativeKey(key="fallbacks", reading=by_deployment),
    "context_window_fallbacks": NativeKey(key="context_window_fallbacks", reading=by_deployment),
    "content_policy_fallbacks": NativeKey(key="content_policy_fallbacks", reading=by_deployment),
    "default_fallbacks": NativeKey(key="default_fallbacks", reading=deployments),
    "max_fallbacks": NativeKey(key="max_fallbacks", reading=count),
}
"""Key of `router.resilience` by key of `router_settings` and `litellm_settings`. What is in no table here is
not simulated, and listed."""

READ_ELSEWHERE = frozenset(
    {"enable_pre_call_checks", "model_group_alias", "routing_strategy", "routing_strategy_args"}
)
"""Settings that act by other means: groups, the policy, and what every simulation checks."""

ENTRY_READ = frozenset({"input_cost_per_token", "output_cost_per_token", "rpm", "tpm", "weight"})
"""Keys of an entry that a deployment says as well."""
