"""The parameters of a hosted gateway."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (types of fields are read at run time)
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.near_names import did_you_mean
from router.errors import InvalidPolicyParameterError
from router.parameters import at_least, check, parameter
from wayfare.litellm.features import STRATEGIES

if TYPE_CHECKING:
    from wayfare.litellm.config import GatewayConfig

FULL_MINUTE_S = 1_800_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LitellmParameters:
    """What requests ask the gateway for, and how its configuration is read."""

    group: str | None = parameter(None, "model group that requests ask for; the only one where omitted")
    groups: Mapping[str, str] | None = parameter(None, "model group by task; `group` for other tasks")
    deployments: Mapping[str, str] | None = parameter(None, "deployment of the fleet by model_info.id")
    routing_strategy: str | None = parameter(None, "in place of the configuration's own")
    ignore_unsupported: bool = parameter(
        default=False, about="run without what cannot be simulated, and warn of it"
    )
    epoch_s: float = parameter(
        FULL_MINUTE_S, "Unix time of the run's begin, UTC: limits per minute go by the clock's minutes"
    )

    def __post_init__(self) -> None:
        """Holds only strategies that can be simulated."""
        strategy, known = self.routing_strategy, ", ".join(map(repr, STRATEGIES))
        hint = did_you_mean(strategy or "", STRATEGIES)
        wrong = ("routing_strategy", f"{strategy!r}; {hint}allowed: {known}")
        unknown = strategy is not None and strategy not in STRATEGIES
        check(wrong if unknown else None, at_least("epoch_s", self.epoch_s, 0.0))

    def group_of(self, task: str, config: GatewayConfig) -> str:
        """The group that a request of a task asks for."""
        return (self.groups or {}).get(task) or self.group or config.groups()[0]

    def check_groups(self, config: GatewayConfig) -> None:
        """Nothing, where every group named is the configuration's and one is named where there are several.

        Raises:
            InvalidPolicyParameterError: lists the parameters that are wrong.
        """
        known = config.groups()
        listed = ", ".join(map(repr, known))
        named = [
            ("group", self.group),
            *((f"groups.{task}", name) for task, name in (self.groups or {}).items()),
        ]
        problems = [
            (path, f"{name!r} is no model group; {did_you_mean(name, known)}known: {listed}")
            for path, name in named
            if name is not None and name not in known
        ]
        if self.group is None and len(known) > 1:
            problems.append(("group", f"required: there are several model groups: {listed}"))
        if problems:
            raise InvalidPolicyParameterError(tuple(problems))
