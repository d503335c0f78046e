"""Models as another library names them, resolved to what the fleet has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.errors import InvalidPolicyParameterError, UnknownTargetError
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.pair import WeakStrongPair

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.decision import Send
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


class ModelNames:
    """Sends to the model of a name: a target, a deployment, or all that serve the model.

    `mapping` says first what a name stands for in the fleet. Of several candidates the least outstanding,
    ties by lowest index; where none of them is a candidate, the strongest that is.
    """

    def __init__(self, mapping: Mapping[str, str] | None) -> None:
        """Keeps the mapping; names are resolved as they come."""
        self._mapping = dict(mapping or {})
        self._named, self._gave_way = SendCache("model named"), SendCache("model not permitted: strongest")
        self._strongest = WeakStrongPair(None, None)
        self._targets: tuple[Target, ...] = ()
        self._indexes: dict[str, tuple[int, ...]] = {}

    def check(self, targets: Sequence[Target]) -> None:
        """Refuses a mapping to what the fleet does not have.

        Raises:
            InvalidPolicyParameterError: lists every such entry.
        """
        known = known_names(targets)
        problems = tuple(
            (f"mapping.{name}", f"{meant!r} is neither a deployment nor a model; known: {listed(known)}")
            for name, meant in self._mapping.items()
            if meant not in known
        )
        if problems:
            raise InvalidPolicyParameterError(problems)

    def send(self, name: object, request: RequestView, fleet: FleetView) -> tuple[Send, bool]:
        """The send that a model's name stands for, and whether it goes to that model.

        Raises:
            UnknownTargetError: nothing in the fleet has that name.
        """
        present = set(fleet.candidates)
        members = [index for index in self._members(name, fleet) if index in present]
        if members:
            return self._named.to(fleet, least_outstanding(fleet.outstanding, members)), True
        return self._gave_way.to(fleet, self._strongest.strong(request, fleet)), False

    def _members(self, name: object, fleet: FleetView) -> tuple[int, ...]:
        """Indexes of the targets that a name stands for, ascending."""
        if fleet.targets is not self._targets:
            self._targets, self._indexes = fleet.targets, {}
        wanted = self._mapping.get(str(name), str(name))
        found = self._indexes.get(wanted)
        if found is None:
            found = self._indexes[wanted] = members_of(wanted, fleet)
        return found


def members_of(wanted: str, fleet: FleetView) -> tuple[int, ...]:
    """Indexes of the target, the deployment's targets, or those that serve the model of that name.

    Raises:
        UnknownTargetError: there are none; says what is known, and the knob that helps.
    """
    if wanted in fleet.by_name or wanted in fleet.by_deployment:
        return fleet.members(wanted)
    serving = tuple(target.index for target in fleet.targets if target.model == wanted)
    if not serving:
        known = listed(known_names(fleet.targets))
        raise UnknownTargetError(f"no deployment or model {wanted!r}; known: {known}; or name it in mapping")
    return serving


def known_names(targets: Sequence[Target]) -> tuple[str, ...]:
    """Names of targets, deployments and models, each once."""
    names = [name for target in targets for name in (target.name, target.deployment, target.model)]
    return tuple(dict.fromkeys(names))


def listed(names: Sequence[str]) -> str:
    """The names as messages list them."""
    return ", ".join(map(repr, names))
