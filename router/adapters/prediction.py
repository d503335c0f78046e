"""Hosts routers that name a model for a query, as RouterArena's do."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (knobs are read by their types)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from router.adapters.models import ModelNames
from router.adapters.prompt import prompt_of
from router.parameters import parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


class PredictionRouter(Protocol):
    """What RouterArena calls a `BaseRouter`."""

    def _get_prediction(self, query: str) -> str:
        """The name of the model that is to answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionParameters:
    """What the router's names stand for."""

    mapping: Mapping[str, str] | None = parameter(
        None, "deployment or model of the fleet by the router's name for it; names stand for themselves else"
    )


class PredictionPolicy:
    """Hosts `_get_prediction(query)`: sends to the model it names.

    The query is the query's id or a description (`router/adapters/prompt.py`). A name stands for a target, a
    deployment or a model, after `mapping`; replicas and deployments of one model: the least outstanding, ties
    by lowest index. Where constraints exclude the model: the strongest candidate.

    Errors: `UnknownTargetError` when the fleet has nothing of that name.

    Source: RouterArena's `BaseRouter` (github.com/RouteWorks/RouterArena, `router_inference/router`).
    """

    def __init__(self, hosted: PredictionRouter, parameters: PredictionParameters) -> None:
        """Keeps the router and the mapping."""
        self.name = type(hosted).__name__
        self._prediction = hosted._get_prediction  # noqa: SLF001  (the library's own extension point)
        self._models = ModelNames(parameters.mapping)

    def prepare(self, targets: Sequence[Target]) -> None:
        """Refuses a mapping to what the fleet does not have."""
        self._models.check(targets)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the model that the router names."""
        decision, _as_named = self._models.send(self._prediction(prompt_of(request)), request, fleet)
        return decision
