"""Serves a policy to simulations in other processes: a `PolicyService` around any Python policy.

from wayfare.policy_server import serve_policy
serve_policy(MyPolicy, "127.0.0.1:50061")
"""

from __future__ import annotations

import asyncio
import inspect
from traceback import format_exc
from typing import TYPE_CHECKING

import grpc
import numpy as np
from grpc_reflection.v1alpha import reflection

from router.errors import PolicyLoadError
from router.outcome import Feedback, Outcome
from router.policy import (
    FeedbackPolicy,
    LearningPolicy,
    Policy,
    StepPolicy,
    is_oracle,
    policy_name,
    replays_log,
)
from router.views.fleet import FleetView
from wayfare.convert.decision import (
    decision_message,
    stated_feedback,
    stated_outcome,
    stated_request,
    stated_target,
)
from wayfare.listening import UnsafeAddressError, is_loopback, opened_port, stop_signal
from wayfare.v1 import policy_pb2 as pb
from wayfare.v1 import policy_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from numpy.typing import NDArray

    from router.views.fleet import Target

    Context = grpc.aio.ServicerContext[object, object]
    PolicyFactory = Callable[[], Policy]

SERVICE = pb.DESCRIPTOR.services_by_name["PolicyService"].full_name
GRACE_S = 1.0


def serve_policy(
    factory: PolicyFactory,
    address: str,
    *,
    ready: Callable[[str], object] = lambda _address: None,
    insecure_anywhere: bool = False,
) -> None:
    """Serves new policies of the factory until SIGINT or SIGTERM.

    Args:
        factory: makes a new policy for every run; a class without required arguments will do.
        address: `host:port`; port 0 takes any.
        ready: called with the address when it is served.
        insecure_anywhere: allows an address beyond loopback, without access control.

    Raises:
        PolicyLoadError: what the factory makes has no `route`, or reads true answers.
        UnsafeAddressError: the address is beyond loopback.
        OSError: the address is not available.
    """
    servable(factory)
    if not (is_loopback(address.rpartition(":")[0].strip("[]")) or insecure_anywhere):
        raise UnsafeAddressError(f"{address!r} is beyond loopback: allow it with insecure_anywhere")
    asyncio.run(served(factory, address, ready))


def servable(factory: PolicyFactory) -> Policy:
    """A policy of the factory.

    Raises:
        PolicyLoadError: it cannot be served.
    """
    made = factory() if callable(factory) else factory
    if isinstance(made, StepPolicy) or not isinstance(made, Policy):
        text = f"{made!r} has no route(); only policies with route() can be served, not step policies"
        raise PolicyLoadError(text)
    if is_oracle(made):
        raise PolicyLoadError(
            f"{policy_name(made)!r} is an oracle; policy servers never receive true answers"
        )
    if replays_log(made):
        raise PolicyLoadError(f"{policy_name(made)!r} replays a log; policy servers never receive one")
    return made


async def served(factory: PolicyFactory, address: str, ready: Callable[[str], object]) -> None:
    """Serves until the process is asked to end."""
    stop = stop_signal()
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    policy_pb2_grpc.add_PolicyServiceServicer_to_server(PolicyServicer(factory), server)
    reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server)
    port = opened_port(server, address)
    await server.start()
    ready(f"{address.rpartition(':')[0]}:{port}")
    await stop.wait()
    await server.stop(GRACE_S)


class PolicyServicer(policy_pb2_grpc.PolicyServiceServicer):
    """A new policy of the factory for every stream."""

    def __init__(self, factory: PolicyFactory) -> None:
        """Keeps the factory."""
        self._factory = factory

    async def Describe(self, request: pb.DescribeRequest, context: Context) -> pb.DescribeResponse:
        """What the factory's policies are."""
        policy = servable(self._factory)
        return pb.DescribeResponse(
            name=policy_name(policy),
            contract=inspect.getdoc(policy) or "",
            learns=isinstance(policy, LearningPolicy),
            takes_feedback=isinstance(policy, FeedbackPolicy),
        )

    async def Decide(
        self, request: AsyncIterator[pb.PolicyServiceDecideRequest], context: Context
    ) -> AsyncIterator[pb.PolicyServiceDecideResponse]:
        """One run's answers."""
        session: PolicySession | None = None
        async for message in request:
            if message.WhichOneof("message") == "opening":
                session = PolicySession(servable(self._factory), message.opening)
            elif session is None:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first message must be an opening")
            else:
                yield session.answer(message.question)


class PolicySession:
    """A policy in one run: its generator, and the fleet as it was received."""

    def __init__(self, policy: Policy, opening: pb.Opening) -> None:
        """Sits down before an idle fleet."""
        targets = [stated_target(message, index) for index, message in enumerate(opening.targets)]
        self._route = policy.route
        self._observe = policy.observe if isinstance(policy, LearningPolicy) else None
        self._observe_feedback = policy.observe_feedback if isinstance(policy, FeedbackPolicy) else None
        self._fleet = idle_fleet(targets)
        self._rng = generator_of(opening)

    def answer(self, question: pb.Question) -> pb.PolicyServiceDecideResponse:
        """The answer to a question; what the policy raises is an answer as well."""
        try:
            self._apply_updates(question)
            request = stated_request(question.facts, question.request, question.now_s)
            decision = self._route(request, self._fleet, self._rng)
            told = decision_message(decision)
        except Exception:  # noqa: BLE001  (whatever a policy raises fails its run, not the server)
            return pb.PolicyServiceDecideResponse(number=question.number, error=format_exc())
        return pb.PolicyServiceDecideResponse(number=question.number, decision=told)

    def _apply_updates(self, question: pb.Question) -> None:
        """Takes over what was sent with the question."""
        fleet, loads = self._fleet, question.changed_loads
        for place, index in enumerate(loads.targets):
            fleet.outstanding[index] = loads.outstanding[place]
            fleet.waiting[index] = loads.waiting[place]
            fleet.running[index] = loads.running[place]
            fleet.kv_usage_ratio[index] = loads.kv_usage_ratio[place]
        fleet.candidates = tuple(question.candidates)
        fleet.permitted = tuple(question.permitted) or None
        fleet.seen_s = question.seen_s
        self._pass_on(question)

    def _pass_on(self, question: pb.Question) -> None:
        """Tells the policy what happened since, in order; at one instant outcomes come before feedback."""
        events: list[Outcome | Feedback] = [stated_outcome(message) for message in question.outcomes]
        events += [stated_feedback(message) for message in question.feedback]
        for news in sorted(events, key=instant_of):
            if isinstance(news, Feedback) and self._observe_feedback is not None:
                self._observe_feedback(news)
            elif isinstance(news, Outcome) and self._observe is not None:
                self._observe(news)


def instant_of(news: Outcome | Feedback) -> float:
    """When a policy in the simulation's own process would have received it."""
    return news.received_s if isinstance(news, Feedback) else news.finished_s


def idle_fleet(targets: Sequence[Target]) -> FleetView:
    """A view of these targets without any load."""

    def zeros() -> NDArray[np.int64]:
        return np.zeros(len(targets), np.int64)

    usage = np.zeros(len(targets))
    return FleetView(targets, outstanding=zeros(), waiting=zeros(), running=zeros(), kv_usage_ratio=usage)


def generator_of(opening: pb.Opening) -> np.random.Generator:
    """The generator of a run: in the state that was sent, or else seeded."""
    if not opening.HasField("generator"):
        return np.random.default_rng(opening.seed)
    told, bits = opening.generator, np.random.PCG64()
    state = bits.state
    state["state"]["state"] = int.from_bytes(told.state)
    state["state"]["inc"] = int.from_bytes(told.increment)
    bits.state = state
    return np.random.Generator(bits)
