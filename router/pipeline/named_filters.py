"""Filters by what a target is called and where it stands; their answers are kept, as no load changes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping  # noqa: TC003  (parameters' types are read at runtime)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from catalogs.near_names import unknown_name
from router.errors import UnknownTargetError
from router.parameters import check, parameter, required
from router.pipeline.columns import CandidateCache
from router.pipeline.part import FilterPart
from router.views.fleet import TIERS, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFilter(FilterPart, ABC):
    """A filter whose answer depends on the targets and the task alone."""

    _kept: CandidateCache[tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Begins without answers."""
        object.__setattr__(self, "_kept", CandidateCache(self._keeps))

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> tuple[int, ...]:
        """Candidates that are admitted."""
        return self._kept.of(fleet, candidates, request.task)

    @abstractmethod
    def admits(self, target: Target, task: str) -> bool:
        """Whether the target may serve the task."""

    def names(self) -> Iterable[str]:
        """The names that must be known in the fleet."""
        return ()

    def _keeps(
        self, fleet: FleetView, candidates: tuple[int, ...], task: str, _stream: str
    ) -> tuple[int, ...]:
        """Candidates that are admitted, once the names are known to mean something."""
        require_known(self.names(), fleet)
        return tuple(index for index in candidates if self.admits(fleet.targets[index], task))


def require_known(names: Iterable[str], fleet: FleetView) -> None:
    """Sees to it that each name is a model, deployment or target.

    Raises:
        UnknownTargetError: for the first that is none of these; near names first, then those there are.
    """
    known = dict.fromkeys(name for target in fleet.targets for name in names_of(target))
    for name in names:
        if name not in known:
            raise UnknownTargetError(unknown_name("model or deployment", name, known))


def names_of(target: Target) -> tuple[str, str, str]:
    """What a target goes by: its model, its deployment, its own name."""
    return target.model, target.deployment, target.name


def listed_some(name: str, values: tuple[str, ...]) -> tuple[str, str] | None:
    """The problem with a list that is empty, if it is."""
    return None if values else (name, "is empty; name at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class InTiers(NamedFilter):
    """Keeps targets that stand in one of the tiers.

    Source: llm-d's router, filters by label.
    """

    name: ClassVar[str] = "in_tiers"

    tiers: tuple[Tier, ...] = required("tiers that may serve")

    def __post_init__(self) -> None:
        """Holds at least one tier."""
        check(listed_some("tiers", self.tiers))
        NamedFilter.__post_init__(self)

    def admits(self, target: Target, task: str) -> bool:  # noqa: ARG002  (the base's signature)
        """Whether it stands in one of them."""
        return target.tier in self.tiers


@dataclass(frozen=True, slots=True, kw_only=True)
class InRegions(NamedFilter):
    """Keeps targets in one of the regions.

    With `when_empty: reject` it is a hard rule, as sovereignty asks; residency of a stream is the host's and
    needs no filter.

    Source: OpenRouter's data policy by region; praxis-proxy/ai#190.
    """

    name: ClassVar[str] = "in_regions"

    regions: tuple[str, ...] = required("regions that may serve; one that no target is in is allowed")

    def __post_init__(self) -> None:
        """Holds at least one region."""
        check(listed_some("regions", self.regions))
        NamedFilter.__post_init__(self)

    def admits(self, target: Target, task: str) -> bool:  # noqa: ARG002  (the base's signature)
        """Whether it is in one of them."""
        return target.region in self.regions


@dataclass(frozen=True, slots=True, kw_only=True)
class WithModels(NamedFilter):
    """Keeps targets of these models or deployments.

    Errors: `UnknownTargetError` when a name is neither a model, a deployment nor a target of the fleet.

    Source: LiteLLM's model groups and tag filtering.
    """

    name: ClassVar[str] = "with_models"

    models: tuple[str, ...] = required("models, deployments or targets that may serve")

    def __post_init__(self) -> None:
        """Holds at least one name."""
        check(listed_some("models", self.models))
        NamedFilter.__post_init__(self)

    def names(self) -> Iterable[str]:
        """Those that may serve."""
        return self.models

    def admits(self, target: Target, task: str) -> bool:  # noqa: ARG002  (the base's signature)
        """Whether it goes by one of the names."""
        return any(name in self.models for name in names_of(target))


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutModels(NamedFilter):
    """Leaves out targets of these models or deployments.

    Errors: `UnknownTargetError` when a name is neither a model, a deployment nor a target of the fleet.

    Source: OpenRouter's `provider.ignore`.
    """

    name: ClassVar[str] = "without_models"

    models: tuple[str, ...] = required("models, deployments or targets that must not serve")

    def __post_init__(self) -> None:
        """Holds at least one name."""
        check(listed_some("models", self.models))
        NamedFilter.__post_init__(self)

    def names(self) -> Iterable[str]:
        """Those that must not serve."""
        return self.models

    def admits(self, target: Target, task: str) -> bool:  # noqa: ARG002  (the base's signature)
        """Whether it goes by none of the names."""
        return not any(name in self.models for name in names_of(target))


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRule(NamedFilter):
    """Keeps targets of the models, deployments or tiers that the request's task is given to.

    Tasks without a rule follow `otherwise`; without that they keep all.

    Errors: `UnknownTargetError` when a name is neither a model, a deployment, a target nor a tier.

    Source: domain rules of vLLM's semantic-router; NVIDIA's LLM router blueprint (intent to model).
    """

    name: ClassVar[str] = "domain_rule"

    rules: Mapping[str, tuple[str, ...]] = required(
        "task to the models, deployments or tiers that may serve it"
    )
    otherwise: tuple[str, ...] | None = parameter(
        None, "models, deployments or tiers for tasks without a rule; all where omitted"
    )

    def __post_init__(self) -> None:
        """Holds only rules that name somebody."""
        empty = [task for task, allowed in self.rules.items() if not allowed]
        check(*((f"rules.{task}", "is empty; name at least one") for task in empty))
        NamedFilter.__post_init__(self)

    def names(self) -> Iterable[str]:
        """All that a rule names, but for tiers."""
        allowed = (name for rule in (*self.rules.values(), self.otherwise or ()) for name in rule)
        return [name for name in allowed if name not in TIERS]

    def admits(self, target: Target, task: str) -> bool:
        """Whether the task's rule names it."""
        allowed = self.rules.get(task, self.otherwise)
        return allowed is None or any(name in allowed for name in (*names_of(target), target.tier))
