"""A gateway's settings as a scenario's router: policy, parameters and resilience; the rest is listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalogs.near_names import did_you_mean
from wayfare.litellm.features import STRATEGIES
from wayfare.litellm.native_settings import (
    LITELLM_RETRIES,
    READ_ELSEWHERE,
    RESILIENCE_KEYS,
    STRATEGY_PARAMETERS,
    STRATEGY_POLICIES,
    UnreadableGatewayError,
    fallback_groups,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wayfare.litellm.config import GatewayConfig

SHUFFLE = STRATEGIES[0]
FALLBACKS = ("fallbacks", "default_fallbacks")
SECTIONS = ("litellm_settings", "router_settings")


@dataclass(slots=True, kw_only=True)
class ImportedRouter:
    """A scenario's router: `origins` say by key of `resilience` which setting it was."""

    policy: str
    parameters: dict[str, object] = field(default_factory=dict)
    resilience: dict[str, object] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)


class GatewaySettings:
    """Reads a configuration's settings; collects problems, and what no key of a scenario says."""

    def __init__(self, config: GatewayConfig) -> None:
        """Nothing was read yet."""
        self._config = config
        self.strategy = str(config.router.get("routing_strategy", SHUFFLE))
        self.problems: list[str] = []
        self.unsupported: list[str] = []

    def group(self, stated: str | None) -> str | None:
        """The model group that requests ask for, aliases resolved; None where that is not clear."""
        known = self._config.groups()
        listed = ", ".join(map(repr, known))
        if stated is None and len({self._resolved(name) for name in known}) > 1:
            self.problems.append(f"several model groups: {listed}; name the one to simulate by --group")
        elif stated is not None and stated not in known:
            hint = did_you_mean(stated, known)
            self.problems.append(f"--group: {stated!r} is no model group; {hint}known: {listed}")
        elif known:
            return self._resolved(stated or known[0])
        return None

    def groups(self, first: str) -> tuple[str, ...]:
        """The group and those that it falls back to, as far as fallbacks reach."""
        found = [first]
        if self.strategy == SHUFFLE:
            for group in found:
                found += [name for name in self._fallbacks_of(group) if name not in found]
        return tuple(found)

    def router(self, simulated: Mapping[str, tuple[str, ...]]) -> ImportedRouter:
        """The router, over the deployments of the groups that are simulated."""
        members = {name: simulated.get(self._resolved(name), ()) for name in self._config.groups()}
        router = ImportedRouter(policy=STRATEGY_POLICIES.get(self.strategy, ""))
        router.resilience["retries"] = LITELLM_RETRIES
        router.origins["retries"] = "LiteLLM's default"
        settings = zip(SECTIONS, (self._config.module, self._config.router), strict=True)
        for section, values in settings:
            for key, value in values.items():
                self._read(router, members, f"{section}.{key}", value)
        self._arguments(router)
        return router

    def _read(
        self, router: ImportedRouter, members: Mapping[str, tuple[str, ...]], path: str, value: object
    ) -> None:
        """Notes one setting in the router, or that it has no key."""
        key = path.rpartition(".")[2]
        native = RESILIENCE_KEYS.get(key)
        if value is None or key in READ_ELSEWHERE:
            return
        if native is None:
            self.unsupported.append(f"{path}: router.resilience has no such key")
            return
        if self._beyond_policy(key):
            policy = STRATEGY_POLICIES[self.strategy]
            self.unsupported.append(f"{path}: {policy!r} chooses from the whole fleet, other groups included")
            return
        try:
            said = native.reading(value, members)
        except UnreadableGatewayError as error:
            self.problems.append(f"{path}: {error}")
            return
        if said is not None and said not in ({}, []):
            router.resilience[native.key] = said
            router.origins[native.key] = path

    def _beyond_policy(self, key: str) -> bool:
        """Whether a setting needs groups that the policy cannot keep apart."""
        return key in FALLBACKS and self.strategy in STRATEGY_POLICIES and self.strategy != SHUFFLE

    def _fallbacks_of(self, group: str) -> list[str]:
        """The groups that a group falls back to directly; what cannot be read is refused elsewhere."""
        found: list[object] = []
        for settings in (self._config.module, self._config.router):
            try:
                lines = fallback_groups(settings.get("fallbacks") or [])
            except UnreadableGatewayError:
                continue
            found += [
                one for name, others in lines.items() if self._resolved(name) == group for one in others
            ]
            defaults = settings.get("default_fallbacks")
            found += defaults if isinstance(defaults, list) else []
        entries = {entry.group for entry in self._config.entries}
        named = [self._resolved(one) for one in found if isinstance(one, str)]
        return [name for name in named if name in entries]

    def _resolved(self, group: str) -> str:
        """The group that an alias stands for."""
        aliases = self._config.router.get("model_group_alias")
        target = aliases.get(group, group) if isinstance(aliases, dict) else group
        return str(target.get("model", group) if isinstance(target, dict) else target)

    def _arguments(self, router: ImportedRouter) -> None:
        """Notes the strategy's arguments."""
        arguments = self._config.router.get("routing_strategy_args")
        known = STRATEGY_PARAMETERS.get(self.strategy, {})
        for key, value in arguments.items() if isinstance(arguments, dict) else ():
            if key in known:
                router.parameters[known[key]] = value
            else:
                path = f"router_settings.routing_strategy_args.{key}"
                self.unsupported.append(f"{path}: {router.policy!r} has no such parameter")
