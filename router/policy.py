"""The router's extension points: what a routing policy promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    import numpy as np

    from router.decision import Decision
    from router.outcome import Feedback, Outcome
    from router.steps import Reply, Step
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@runtime_checkable
class Policy(Protocol):
    """Decides one request at a time, as data.

    `route` must be pure but for its own state and `rng`: no wall clock, no I/O, no module-level
    randomness. It picks among `fleet.candidates` (never empty); ties are broken explicitly. Any
    exception fails the run with the policy's name, the request and the traceback. A policy that
    reads true answers says so with a class attribute `oracle = True`; it then receives an
    `OracleRequestView`, and every report says so. One that replays a log's own choices, which are known
    only afterwards, says so with `replays = True`; it then receives a `ReplayRequestView`.
    """

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """The decision for this request."""
        ...


@runtime_checkable
class StepPolicy(Protocol):
    """Reacts to outcomes: yields steps and receives their replies (see `router.steps`)."""

    def steps(
        self, request: RequestView, fleet: FleetView, rng: np.random.Generator
    ) -> Generator[Step, Reply, None]:
        """The steps for this request, ending in `Follow`, `Finish`, `Fail` or `TurnAway`.

        Both views show the request and its candidates, at the clock of the latest reply, whenever
        the generator runs. The host adds no retries or fallbacks: the policy reacts itself.
        """
        ...


@runtime_checkable
class LearningPolicy(Protocol):
    """A policy that also receives outcomes, in order, before its next decision."""

    def observe(self, outcome: Outcome) -> None:
        """Takes note of one finished attempt."""
        ...


@runtime_checkable
class PreparingPolicy(Protocol):
    """A policy that must know the fleet before the first request."""

    def prepare(self, targets: Sequence[Target]) -> None:
        """Takes note of all targets, in the order of their indexes.

        Raises:
            RouterError: the policy cannot route to this fleet; lists every problem.
        """
        ...


@runtime_checkable
class FeedbackPolicy(Protocol):
    """A policy that also hears, later and of some answers only, whether they were right.

    Feedback comes in order of `received_s`, before the next decision. What a request looked like when it
    was routed is for the policy to remember.
    """

    def observe_feedback(self, feedback: Feedback) -> None:
        """Takes note of what became known of one answer."""
        ...


@runtime_checkable
class FinishingPolicy(Protocol):
    """A policy that holds something for the length of a run, or has something to say about it."""

    def finish(self) -> tuple[str, ...]:
        """Releases what it holds, once no decision is left; returns warnings for the report."""
        ...


@runtime_checkable
class ReplayPolicy(Protocol):
    """A policy that replays a log, and can say beforehand why it cannot."""

    def replay_problems(
        self, choices: Iterable[tuple[str, ...]], models: Mapping[str, str]
    ) -> Iterable[tuple[str, str]]:
        """Parameters and what is wrong: the log's `choices` on a fleet of deployments with their `models`."""
        ...


def policy_name(policy: Policy | StepPolicy) -> str:
    """The policy's own `name`, or its class's where it has none."""
    return str(getattr(policy, "name", type(policy).__name__))


def is_oracle(policy: Policy | StepPolicy) -> bool:
    """Whether the policy declares that it reads true answers (`oracle = True`)."""
    return bool(getattr(policy, "oracle", False))


def replays_log(policy: Policy | StepPolicy) -> bool:
    """Whether the policy declares that it replays a log's own choices (`replays = True`)."""
    return bool(getattr(policy, "replays", False))
