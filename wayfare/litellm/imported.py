"""A gateway's configuration as a scenario: who serves, who routes, and what was left out; plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wayfare.errors import WrongInputError
from wayfare.litellm.config import GatewayReader, file_data
from wayfare.litellm.imported_fleet import (
    ImportedDeployment,
    deployment_names,
    imported_deployment,
    shuffle_weights,
    unsupported_of,
)
from wayfare.litellm.imported_router import SHUFFLE, GatewaySettings, ImportedRouter
from wayfare.litellm.served import ServedModels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalogs import Catalog
    from wayfare.litellm.config import GatewayConfig

    Numbered = list[tuple[int, ImportedDeployment]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedGateway:
    """What a configuration comes to.

    Attributes:
        path: the configuration's file.
        group: the model group that requests ask for.
        fallback_groups: groups that are simulated because this one falls back to them.
        other_groups: groups that are not simulated.
        unsupported: what cannot be simulated, as `path.to.key: why`.
    """

    path: str
    group: str
    fallback_groups: tuple[str, ...]
    other_groups: tuple[str, ...]
    strategy: str
    deployments: tuple[ImportedDeployment, ...]
    router: ImportedRouter
    unsupported: tuple[str, ...]

    def offers(self) -> dict[str, object]:
        """Offers at the configuration's own prices, by name."""
        return {name: offer for one in self.deployments for name, offer in one.offer.items()}


def imported_gateway(
    path: str, catalog: Catalog, *, group: str | None, region: str, stated: Mapping[str, str]
) -> ImportedGateway:
    """The configuration at the path as fleet and router; `stated` says what serves a model or an entry.

    Raises:
        PolicyLoadError: the file cannot be read.
        WrongInputError: lists all that is wrong or unknown.
    """
    data = file_data(path)
    reader = GatewayReader(path)
    config = reader.config(data if isinstance(data, Mapping) else {})
    settings = GatewaySettings(config)
    chosen = settings.group(group)
    served = ServedModels(catalog, stated)
    served.check_stated(config.entries)
    groups = settings.groups(chosen) if chosen is not None else config.groups()
    fleet = fleet_of(config, served, groups, region, catalog)
    router = settings.router(members_of(fleet))
    problems = [*reader.problems, *served.problems, *settings.problems]
    if problems or chosen is None:
        raise WrongInputError("\n".join(f"{path}: {problem}" for problem in dict.fromkeys(problems)))
    add_limits(router, fleet)
    left = [line for one in fleet for line in unsupported_of(one.number, one.entry)]
    return ImportedGateway(
        path=path,
        group=chosen,
        fallback_groups=groups[1:],
        other_groups=tuple(dict.fromkeys(e.group for e in config.entries if e.group not in groups)),
        strategy=settings.strategy,
        deployments=weighted(fleet, chosen) if settings.strategy == SHUFFLE else tuple(fleet),
        router=router,
        unsupported=(*config.unsupported, *left, *settings.unsupported),
    )


def fleet_of(
    config: GatewayConfig, served: ServedModels, groups: Sequence[str], region: str, catalog: Catalog
) -> list[ImportedDeployment]:
    """The deployments of the groups, in the order of the groups; problems stay with `served`."""
    names = deployment_names(config.entries)
    found = []
    for group in groups:
        for number, entry in enumerate(config.entries):
            by = served.of(number, entry) if entry.group == group else None
            if by is not None:
                found.append(imported_deployment(number, entry, by, names[number], region, catalog))
    return found


def members_of(fleet: Sequence[ImportedDeployment]) -> dict[str, tuple[str, ...]]:
    """The deployments' names by group."""
    groups = dict.fromkeys(one.entry.group for one in fleet)
    return {group: tuple(one.name for one in fleet if one.entry.group == group) for group in groups}


def weighted(fleet: Sequence[ImportedDeployment], group: str) -> tuple[ImportedDeployment, ...]:
    """The deployments with the weights that `simple-shuffle` draws by; other groups have none."""
    first = [one for one in fleet if one.entry.group == group]
    shares = iter(shuffle_weights([one.entry for one in first]))
    return tuple(with_weight(one, next(shares) if one.entry.group == group else 0.0) for one in fleet)


def with_weight(one: ImportedDeployment, weight: float) -> ImportedDeployment:
    """The deployment with a weight."""
    return ImportedDeployment(
        number=one.number,
        entry=one.entry,
        fields={**one.fields, "weight": weight},
        offer=one.offer,
        comments=one.comments,
    )


def add_limits(router: ImportedRouter, fleet: Sequence[ImportedDeployment]) -> None:
    """Gives a policy that goes by usage the limits that the entries state."""
    if router.policy != "usage_based":
        return
    for key in ("rpm", "tpm"):
        limits = {one.name: one.entry.settings[key] for one in fleet if one.entry.settings.get(key)}
        if limits:
            router.parameters[key] = limits


def mixed_models(gateway: ImportedGateway) -> Iterator[str]:
    """What retries do otherwise where groups and models are not the same."""
    own = {str(one.fields["model"]) for one in gateway.deployments if one.entry.group == gateway.group}
    others = {str(one.fields["model"]) for one in gateway.deployments if one.entry.group != gateway.group}
    if len(own) > 1:
        yield "A retry stays with the failed attempt's model; LiteLLM's may go to any of the group."
    if own & others:
        both = ", ".join(sorted(own & others))
        yield f"A retry may go to {both} of a fallback group; LiteLLM's stays in its group."
