"""Hosts routers that learn from rewards, as ParetoBandit's does."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (knobs are read by their types)
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal, Protocol

from router.adapters.models import ModelNames
from router.adapters.prompt import prompt_of
from router.arguments import accepted
from router.parameters import parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.decision import Decision
    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


class RoutingLog(Protocol):
    """What such a router says of a decision."""

    request_id: str


class FeedbackRouter(Protocol):
    """What ParetoBandit calls a `BanditRouter`."""

    def route(self, prompt: str, **limits: object) -> tuple[str, RoutingLog]:
        """The model that is to answer, and the decision's log with its id."""
        ...

    def process_feedback(self, request_id: str, reward: float) -> None:
        """Takes note of a decision's reward, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackParameters:
    """What the router's names stand for, and what it is rewarded with."""

    mapping: Mapping[str, str] | None = parameter(
        None, "deployment or model of the fleet by the router's name for it; names stand for themselves else"
    )
    reward: Literal["predicted_success", "completed"] = parameter(
        "predicted_success",
        "of a completed attempt: the target's predicted success, or 1; a failed one has 0",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingFeedback:
    """A decision whose reward is not known yet."""

    request_id: str
    target: str
    reward: float


class FeedbackPolicy:
    """Hosts `route(prompt, ...)` with `process_feedback(request_id, reward)`: sends to the model it names.

    The prompt is the query's id or a description (`router/adapters/prompt.py`). `input_tokens` are the
    prompt's, `output_tokens` the mean usual answer of the candidates, where `route` takes them.
    Names stand for what they do in `mapping`, else for a target, a deployment or a model; where constraints
    exclude the model: the strongest candidate, which earns no reward. Once a decision's first
    attempt ends, its reward is reported: no policy sees whether an answer was right, so that is the target's
    predicted success (none where unknown), and 0 of an attempt that failed.

    Errors: `UnknownTargetError` when the fleet has nothing of that name.

    Source: ParetoBandit's `BanditRouter` (paretobandit 0.1.1, `router.py`).
    """

    def __init__(self, hosted: FeedbackRouter, parameters: FeedbackParameters) -> None:
        """Keeps the router; no reward is pending."""
        self.name = type(hosted).__name__
        self._hosted = hosted
        self._models = ModelNames(parameters.mapping)
        self._rewards_success = parameters.reward == "predicted_success"
        self._takes = tuple(accepted(hosted.route, {"input_tokens": 0, "output_tokens": 0}))
        self._pending: dict[int, PendingFeedback] = {}

    def prepare(self, targets: Sequence[Target]) -> None:
        """Refuses a mapping to what the fleet does not have."""
        self._models.check(targets)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the model that the router names; its reward is pending."""
        tokens = {"input_tokens": request.prompt_token_count, "output_tokens": usual_answer(request, fleet)}
        limits = {name: tokens[name] for name in self._takes if tokens[name]}
        model, log = self._hosted.route(prompt_of(request), **limits)
        decision, as_named = self._models.send(model, request, fleet)
        self._pending.pop(request.index, None)
        if as_named:
            reward = (
                fleet.by_name[decision.target].predicted_success(request) if self._rewards_success else 1.0
            )
            pending = PendingFeedback(request_id=log.request_id, target=decision.target, reward=reward)
            self._pending[request.index] = pending
        return decision

    def observe(self, outcome: Outcome) -> None:
        """Reports the reward of the decision whose first attempt this is."""
        pending = self._pending.pop(outcome.request_index, None)
        if pending is None or pending.target != outcome.target:
            return
        reward = pending.reward if outcome.completed else 0.0
        if isfinite(reward):
            self._hosted.process_feedback(pending.request_id, reward)


def usual_answer(request: RequestView, fleet: FleetView) -> int:
    """Mean usual answer of the candidates in tokens; 0 where none is known."""
    answers = [
        target.usual_answer_tokens(request.task, request.stream) for target in fleet.candidate_targets()
    ]
    known = [tokens for tokens in answers if tokens is not None]
    return round(sum(known) / len(known)) if known else 0
