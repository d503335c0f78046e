"""Which targets of the fleet an entry of a gateway's configuration stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.errors import PolicyLoadError
from wayfare.litellm.config import OWN_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.views.fleet import Target
    from wayfare.litellm.config import GatewayConfig, GatewayEntry

Places = tuple[int, ...]


def mapped(config: GatewayConfig, targets: Sequence[Target], stated: Mapping[str, str]) -> tuple[Places, ...]:
    """For each entry the indexes of the targets it stands for, ascending.

    What is stated goes first: the entry's own `wayfare_deployment`, then `stated` by the entry's id. Else
    the id, the model or the model's name without its provider is the name of a target or a deployment, or
    of the model of just one deployment.

    Raises:
        PolicyLoadError: entries stand for nothing in the fleet; lists them all and says how to map them.
    """
    fleet = FleetNames(targets)
    found = [fleet.places(entry, stated) for entry in config.entries]
    problems = [
        f"  {entry.id!r} (group {entry.group!r}, model {entry.model!r})"
        for entry, places in zip(config.entries, found, strict=True)
        if not places
    ]
    problems += unknown_ids(config, stated)
    if problems:
        raise PolicyLoadError("\n".join((f"{config.path}: {fleet.advice()}", *problems)))
    return tuple(found)


def unknown_ids(config: GatewayConfig, stated: Mapping[str, str]) -> list[str]:
    """What to say of mapped identifiers that no entry has."""
    known = {entry.id for entry in config.entries}
    return [f"  {name!r} is in `deployments`, but is no entry's id" for name in stated if name not in known]


class FleetNames:
    """A fleet's targets by the names an entry may call them."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """Looks at the fleet."""
        self._by_name: dict[str, Places] = {}
        self._deployments: dict[str, list[str]] = {}
        for target in targets:
            members = self._by_name.get(target.deployment, ())
            self._by_name[target.deployment] = (*members, target.index)
            models = self._deployments.setdefault(target.model, [])
            models += [] if target.deployment in models else [target.deployment]
        self._by_name |= {
            target.name: (target.index,) for target in targets if target.name not in self._by_name
        }

    def places(self, entry: GatewayEntry, stated: Mapping[str, str]) -> Places:
        """The targets an entry stands for; none where that is unknown or not clear."""
        own = entry.deployment or stated.get(entry.id)
        if own is not None:
            return self._by_name.get(own, ())
        names = (entry.id, entry.model, entry.model.rpartition("/")[2])
        named = next((self._by_name[name] for name in names if name in self._by_name), ())
        return named or self._of_model(names[1:])

    def _of_model(self, names: tuple[str, ...]) -> Places:
        """The targets of the only deployment of a model, by its name with or without a provider."""
        for model, deployments in self._deployments.items():
            if len(deployments) == 1 and (model in names or model.rpartition("/")[2] in names):
                return self._by_name[deployments[0]]
        return ()

    def advice(self) -> str:
        """How to map entries that stand for nothing."""
        known = ", ".join(map(repr, self._by_name))
        return (
            "these entries stand for no deployment of the fleet; name it in their model_info as "
            f"{OWN_KEY!r}, or by entry id in the parameter `deployments`; known: {known}"
        )
