"""What a log's own router did: the status quo."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping  # noqa: TC003  (parameters' types are read)
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from router.decision import Decision
from router.errors import UnknownTargetError
from router.parameters import parameter
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, cheapest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np

    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

    Names = tuple[str, ...]
    Problem = tuple[str, str]

PLAIN_NAME: Final = re.compile(r"[\w.-]+")
NOTHING_RECORDED: Final = "no recorded choice"
NOT_PERMITTED: Final = "recorded target not permitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedParameters:
    """Which deployments a log's names stand for."""

    mapping: Mapping[str, str] | None = parameter(
        None, "deployments by the log's names of deployments or models; equal names need none"
    )
    otherwise: Literal["reject", "cheapest"] = parameter(
        "reject", "what becomes of requests without a recorded choice"
    )


class Recorded:
    """Sends every request to the deployment that served it in the log that is replayed: the status quo.

    A logged name stands for the deployment it is mapped to, else for one that is called so, else for
    the fleet's first one of that model; of the log's names for a request the most exact counts first
    (deployment, served model, requested model), with and without what stands before a slash. Failed
    requests are sent likewise. Among a deployment's replicas the least outstanding is chosen, ties by
    lowest index. A request that hard constraints keep from its target is rejected; one without a
    recorded choice is rejected too, or sent to the cheapest candidate (`otherwise`).

    Errors: `UnknownTargetError` for a name that stands for no deployment of the fleet.
    """

    name: ClassVar[str] = "recorded"
    source: ClassVar[str] = ""
    replays: ClassVar[bool] = True

    def __init__(self, parameters: RecordedParameters | None = None) -> None:
        """Prepares decisions for the parameters' mapping."""
        self._parameters = parameters or RecordedParameters()
        self._options = OptionTable()
        self._recorded = SendCache("as recorded")
        self._cheapest = SendCache("no recorded choice: cheapest")
        self._not_permitted = Decision.reject(reason=NOT_PERMITTED)
        self._nothing = Decision.reject(reason=NOTHING_RECORDED)
        self._known: dict[Names, str] = {}
        self._targets: tuple[Target, ...] = ()

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the recorded deployment, or what `otherwise` says where none is recorded."""
        names = request.recorded_names
        if not names:
            return self._without_choice(request, fleet)
        members = fleet.members(self._deployment(names, fleet))
        usable = [index for index in members if index in fleet.candidates]
        usable = usable or [index for index in members if fleet.permits(index)]
        if not usable:
            return self._not_permitted
        return self._recorded.to(fleet, least_outstanding(fleet.outstanding, usable))

    def _without_choice(self, request: RequestView, fleet: FleetView) -> Decision:
        """A rejection, or the cheapest candidate."""
        if self._parameters.otherwise == "reject":
            return self._nothing
        options = self._options.of(fleet, request.task, request.stream)
        members = cheapest(options, request).members
        return self._cheapest.to(fleet, least_outstanding(fleet.outstanding, members))

    def _deployment(self, names: Names, fleet: FleetView) -> str:
        """What the names stand for in this fleet; looked up once."""
        if fleet.targets is not self._targets:
            self._targets, self._known = fleet.targets, {}
        if names not in self._known:
            models = {target.deployment: target.model for target in reversed(fleet.targets)}
            found = self._meant(names, dict(reversed(models.items())))
            if found is None:
                message = f"no deployment for the recorded {names[-1]!r}; map it: mapping.{names[-1]}"
                raise UnknownTargetError(message)
            self._known[names] = found
        return self._known[names]

    def _meant(self, names: Names, models: Mapping[str, str]) -> str | None:
        """The deployment that the names stand for, of those in `models` (with their models)."""
        mapping, spelled = self._parameters.mapping or {}, list(spellings(names))
        by_model: dict[str, str] = {}
        for deployment, model in models.items():
            by_model.setdefault(model, deployment)
        mapped = (mapping[name] for name in spelled if name in mapping)
        equal = (name for name in spelled if name in models)
        of_model = (by_model[name] for name in spelled if name in by_model)
        return next(mapped, None) or next(equal, None) or next(of_model, None)

    def replay_problems(self, choices: Iterable[Names], models: Mapping[str, str]) -> Iterator[Problem]:
        """What keeps a log from being replayed on a fleet, by parameter; all missing names at once.

        Args:
            choices: the log's names for each request or kind of request.
            models: the fleet's deployments in their order, with their models.
        """
        for name, deployment in (self._parameters.mapping or {}).items():
            if deployment not in models:
                yield f"mapping.{name}", f"{deployment!r} is no deployment; known: {listed(models)}"
        missing = dict.fromkeys(
            names[-1] for names in choices if names and self._meant(names, models) is None
        )
        if missing:
            first = next(iter(models))
            what = (
                f"the log names what is neither a deployment nor a model of the fleet: {listed(missing)}; "
                f"say which deployment each stands for: --policy '{self.name}:{knobs(missing, first)}', or "
                f"{settings(missing, first)}; deployments: {listed(models)}"
            )
            yield "mapping", what


def spellings(names: Names) -> Iterator[str]:
    """The names, each followed by what stands behind its slashes: `azure/eu/mini`, `eu/mini`, `mini`."""
    for name in names:
        parts = name.split("/")
        yield from ("/".join(parts[first:]) for first in range(len(parts)))


def listed(names: Iterable[str]) -> str:
    """The names as messages list them."""
    return ", ".join(map(repr, names))


def knobs(names: Iterable[str], deployment: str) -> str:
    """The knobs of a variant that maps these names."""
    if all(PLAIN_NAME.fullmatch(name) for name in names):
        return ",".join(f"mapping.{name}={deployment}" for name in names)
    return f"mapping={json.dumps(dict.fromkeys(names, deployment), ensure_ascii=False)}"


def settings(names: Iterable[str], deployment: str) -> str:
    """The options that map these names where the scenario's own policy replays."""
    written = json.dumps(dict.fromkeys(names, deployment), ensure_ascii=False)
    return f"--set 'router.parameters.mapping={written}' where the scenario's own policy is recorded"
