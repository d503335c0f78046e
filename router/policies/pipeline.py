"""A pipeline declared in the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import parameter
from router.pipeline.declared import pipeline_of

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.pipeline.pipeline import Pipeline
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineParameters:
    """Which parts there are; each is a name, or a name with its knobs."""

    filters: tuple[object, ...] = parameter((), "parts that take targets out, in order")
    scorers: tuple[object, ...] = parameter(
        ({"success": {"weight": 1.0}}, {"cost": {"weight": 0.5}}, {"load": {"weight": 0.5}}),
        "parts that rate what is left; the scores are summed by their weights",
    )
    picker: object = parameter("best_score", "the part that chooses among the rated")
    when_empty: Literal["skip", "reject"] = parameter(
        "skip", "a filter that would leave none is passed over, or the request is rejected"
    )

    def __post_init__(self) -> None:
        """Holds only parts that there are, with knobs that they have."""
        self.pipeline()

    def pipeline(self) -> Pipeline:
        """A fresh pipeline as declared."""
        return pipeline_of(
            filters=self.filters,
            scorers=self.scorers,
            picker=self.picker,
            when_empty=self.when_empty,
            reason="pipeline",
        )


class PipelinePolicy:
    """Filters take candidates out, scorers rate the rest, a picker chooses: all of them declared as data.

    Filters work in order, each on what the one before left. The scores of a candidate are summed by their
    weights. A candidate that is left alone is sent to without scores or draws. Ties go as the picker says.

    Errors: `UnknownTargetError` when a part names a model or deployment that the fleet does not have.

    Source: filter, scorer and picker of llm-d's router.
    """

    name: ClassVar[str] = "pipeline"
    source: ClassVar[str] = "filter, scorer and picker of llm-d's inference scheduler"

    def __init__(self, parameters: PipelineParameters | None = None) -> None:
        """Puts the declared parts together."""
        self._pipeline = (parameters or PipelineParameters()).pipeline()

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the candidate picked, or a rejection where a filter that must not be empty left none."""
        return self._pipeline.route(request, fleet, rng)
