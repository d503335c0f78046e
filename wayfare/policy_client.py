"""Policies of policy servers, as `grpc://host:port`: asked over one stream a run, replaced when they fail."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING

import grpc
import numpy as np

from router.errors import InvalidPolicyParameterError, PolicyLoadError, RouterError
from router.factory import PolicyDescription
from router.parameters import at_least, check, describe_parameters, parameter, read_parameters
from router.policy import Policy, StepPolicy, is_oracle
from router.registry import make_policy
from router.sources import scheme_of
from simulator.streams import stable_hash
from wayfare.convert.decision import (
    facts_message,
    feedback_message,
    outcome_message,
    stated_decision,
    target_message,
)
from wayfare.v1 import policy_pb2 as pb
from wayfare.v1 import policy_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from router.decision import Decision
    from router.factory import PolicyFactory
    from router.outcome import Feedback, Outcome
    from router.views.fleet import FleetView
    from router.views.request import RequestView

SCHEME = "grpc://"
DESCRIBE_S = 5.0
PATIENCE = 3
"""Failures in a row after which the server is left alone for a while."""
FIRST_PAUSE, MOST_PAUSE = 100, 100_000
"""Decisions for which it is left alone: doubled each time, up to the bound."""
TIMED_OUT = "policy server timed out: fallback"
LOST = "policy server lost: fallback"
BACKING_OFF = "policy server left alone: fallback"
WORDS_BYTES = 16


class PolicyServerError(RouterError, RuntimeError):
    """A policy that raised at its server; the message is its traceback there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerParameters:
    """How long the server is waited for, and who decides in its place."""

    timeout_s: float = parameter(1.0, "wall seconds to wait for one decision")
    fallback: str = parameter("cheapest_capable", "policy that decides when the server does not")

    def __post_init__(self) -> None:
        """Holds only a wait that can pass."""
        positive = None if self.timeout_s > 0.0 else ("timeout_s", f"{self.timeout_s!r} is not > 0")
        check(at_least("timeout_s", self.timeout_s, 0.0), positive)

    def stand_in(self) -> Policy:
        """A new fallback policy.

        Raises:
            InvalidPolicyParameterError: there is no such policy in this process, or it cannot stand in.
        """
        problem = "a policy server; name a policy of this process"
        if scheme_of(self.fallback) is None:
            problem = "an oracle or a step policy; name a policy with route()"
            made = fallback_named(self.fallback)
            if isinstance(made, Policy) and not isinstance(made, StepPolicy) and not is_oracle(made):
                return made
        raise InvalidPolicyParameterError((("fallback", f"{self.fallback!r} is {problem}"),))


def fallback_named(name: str) -> Policy | StepPolicy:
    """A policy by name; what is wrong with the name is a parameter's problem."""
    try:
        return make_policy(name)
    except RouterError as error:
        raise InvalidPolicyParameterError((("fallback", str(error)),)) from error


def grpc_source(spec: str) -> PolicyFactory:
    """The policy of the server at `grpc://host:port`; a policy source.

    Raises:
        PolicyLoadError: the text has another form.
    """
    host, _colon, port = spec.removeprefix(SCHEME).rpartition(":")
    if not spec.startswith(SCHEME) or not host or "/" in host or not port.isdecimal():
        raise PolicyLoadError(f"{spec!r} does not have the form 'grpc://host:port'")
    return PolicyServerFactory(spec)


@dataclass(frozen=True, slots=True)
class PolicyServerFactory:
    """How to make and to describe a server's policy."""

    spec: str

    def make(self, values: Mapping[str, object]) -> Policy | StepPolicy:
        """A new policy that asks the server.

        Raises:
            InvalidPolicyParameterError: lists every parameter that is wrong.
            PolicyLoadError: no policy server answers there.
        """
        parameters = read_parameters(ServerParameters, values)
        told = self.described()
        return KINDS[told.learns, told.takes_feedback](self.spec, parameters)

    def describe(self, name: str) -> PolicyDescription:
        """What the server says of its policy, and the parameters of asking it."""
        told = self.described()
        return PolicyDescription(
            name=name,
            contract=told.contract or told.name,
            parameters=describe_parameters(ServerParameters),
            oracle=False,
            baseline=False,
        )

    def described(self) -> pb.DescribeResponse:
        """What the server says of its policy.

        Raises:
            PolicyLoadError: no policy server answers there; chained.
        """
        with grpc.insecure_channel(self.spec.removeprefix(SCHEME)) as channel:
            stub = policy_pb2_grpc.PolicyServiceStub(channel)
            try:
                return stub.Describe(pb.DescribeRequest(), timeout=DESCRIBE_S)
            except grpc.RpcError as error:
                text = f"no policy server answers at {self.spec!r}: {reason_of(error)}"
                raise PolicyLoadError(text) from error


def reason_of(error: grpc.RpcError) -> str:
    """Status and text of a call that failed."""
    code = getattr(error, "code", lambda: None)()
    details = getattr(error, "details", lambda: "")()
    return f"{code.name if code is not None else 'UNKNOWN'}: {details}"


class ServerPolicy:
    """Asks a policy server for every decision, over one stream a run.

    A server that does not answer in time, or is gone, is replaced by the fallback for that decision;
    after three failures in a row for the next 100 decisions, then 200, and so on. Then it is asked
    again, as a new policy on a new stream. What its policy raises fails the run.
    """

    def __init__(self, spec: str, parameters: ServerParameters) -> None:
        """Opens the first run's stream."""
        self.name = spec
        self._parameters = parameters
        self._fallback = parameters.stand_in()
        self._channel = grpc.insecure_channel(spec.removeprefix(SCHEME))
        self._stream: PolicyStream | None = PolicyStream(self._channel, parameters.timeout_s)
        self._outcomes: list[Outcome] = []
        self._feedback: list[Feedback] = []
        self._failures_in_a_row = 0
        self._pause, self._backoff_count = FIRST_PAUSE, 0
        self._decision_count = 0
        self._counts: dict[str, int] = {}

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """The server's decision, or the fallback's with a reason that says so."""
        self._decision_count += 1
        if self._backoff_count:
            self._backoff_count -= 1
            return self._fallback_decision(BACKING_OFF, request, fleet, rng)
        try:
            decision = self._server_decision(request, fleet, rng)
        except Empty:
            return self._failed(TIMED_OUT, request, fleet, rng)
        except grpc.RpcError:
            self._close_stream()
            return self._failed(LOST, request, fleet, rng)
        self._failures_in_a_row, self._pause = 0, FIRST_PAUSE
        return decision

    def finish(self) -> tuple[str, ...]:
        """Ends the stream; says how many decisions the server did not take."""
        self._close_stream()
        self._channel.close()
        if not self._counts:
            return ()
        parts = ", ".join(f"{count} {reason!r}" for reason, count in self._counts.items())
        total, stood_in = self._decision_count, sum(self._counts.values())
        by = self._parameters.fallback
        return (f"{self.name}: {stood_in} of {total} decisions were taken by {by!r} instead: {parts}",)

    def _server_decision(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """The server's decision.

        Raises:
            Empty: it did not come in time.
            grpc.RpcError: the stream broke.
            PolicyServerError: the policy raised.
        """
        if self._stream is None:
            self._stream = PolicyStream(self._channel, self._parameters.timeout_s)
        if not self._stream.opened:
            self._stream.open(fleet, rng)
        outcomes, self._outcomes = self._outcomes, []
        feedback, self._feedback = self._feedback, []
        answer = self._stream.ask(request, fleet, outcomes, feedback)
        if answer.WhichOneof("result") != "decision":
            raise PolicyServerError(f"at {self.name}:\n{answer.error}")
        return stated_decision(answer.decision)

    def _failed(
        self, reason: str, request: RequestView, fleet: FleetView, rng: np.random.Generator
    ) -> Decision:
        """The fallback's decision after a failure of the server."""
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= PATIENCE:
            self._close_stream()
            self._backoff_count, self._failures_in_a_row = self._pause, 0
            self._pause = min(2 * self._pause, MOST_PAUSE)
        return self._fallback_decision(reason, request, fleet, rng)

    def _fallback_decision(
        self, reason: str, request: RequestView, fleet: FleetView, rng: np.random.Generator
    ) -> Decision:
        """The fallback's decision, with the reason why it was asked."""
        self._counts[reason] = self._counts.get(reason, 0) + 1
        return replace(self._fallback.route(request, fleet, rng), reason=reason)

    def _close_stream(self) -> None:
        """Ends the stream; what was not sent by then never is."""
        if self._stream is not None:
            self._stream.end()
            self._stream = None
        self._outcomes, self._feedback = [], []

    def __del__(self) -> None:
        """Ends the stream of a policy that was not finished."""
        stream = getattr(self, "_stream", None)
        if stream is not None:
            stream.end()


class LearningServerPolicy(ServerPolicy):
    """The same for a server whose policy receives outcomes, with the next question."""

    def observe(self, outcome: Outcome) -> None:
        """Keeps an outcome until the next question; none while the server is left alone."""
        if not self._backoff_count:
            self._outcomes.append(outcome)


class FeedbackServerPolicy(ServerPolicy):
    """The same for a server whose policy hears which answers were right, with the next question."""

    def observe_feedback(self, feedback: Feedback) -> None:
        """Keeps feedback until the next question; none while the server is left alone."""
        if not self._backoff_count:
            self._feedback.append(feedback)


class LearningFeedbackServerPolicy(LearningServerPolicy, FeedbackServerPolicy):
    """The same for a server whose policy receives both."""


KINDS: Mapping[tuple[bool, bool], type[ServerPolicy]] = {
    (False, False): ServerPolicy,
    (True, False): LearningServerPolicy,
    (False, True): FeedbackServerPolicy,
    (True, True): LearningFeedbackServerPolicy,
}
"""By what a server's policy wants to receive: outcomes, and feedback."""


class PolicyStream:
    """One stream with a server: questions out, answers in, in order."""

    opened = False

    def __init__(self, channel: grpc.Channel, timeout_s: float) -> None:
        """Begins the stream; nothing is said."""
        self._out: SimpleQueue[pb.PolicyServiceDecideRequest | None] = SimpleQueue()
        self._in: SimpleQueue[pb.PolicyServiceDecideResponse | grpc.RpcError] = SimpleQueue()
        self._timeout_s = timeout_s
        self._number = 0
        self._call = policy_pb2_grpc.PolicyServiceStub(channel).Decide(iter(self._out.get, None))
        threading.Thread(target=read_answers, args=(self._call, self._in), daemon=True).start()

    def open(self, fleet: FleetView, rng: np.random.Generator) -> None:
        """Tells what holds for the whole run; the fleet is idle until questions say otherwise."""
        self._sent_loads = SentLoads(len(fleet.targets))
        self._out.put(pb.PolicyServiceDecideRequest(opening=opening_of(fleet, rng)))
        self.opened = True

    def ask(
        self, request: RequestView, fleet: FleetView, outcomes: list[Outcome], feedback: list[Feedback]
    ) -> pb.PolicyServiceDecideResponse:
        """The answer about a request; answers to earlier questions, which came too late, are passed over.

        Raises:
            Empty: it did not come in time.
            grpc.RpcError: the stream broke.
        """
        self._number += 1
        question = self._question(request, fleet, outcomes, feedback)
        self._out.put(pb.PolicyServiceDecideRequest(question=question))
        until_s = monotonic() + self._timeout_s
        while True:
            answer = self._in.get(timeout=max(until_s - monotonic(), 0.0))
            if isinstance(answer, grpc.RpcError):
                raise answer
            if answer.number == self._number:
                return answer

    def _question(
        self, request: RequestView, fleet: FleetView, outcomes: list[Outcome], feedback: list[Feedback]
    ) -> pb.Question:
        """The question about a request."""
        return pb.Question(
            number=self._number,
            request=request.index,
            now_s=request.now_s,
            facts=facts_message(request),
            candidates=fleet.candidates,
            permitted=fleet.permitted or (),
            changed_loads=self._sent_loads.changes(fleet),
            seen_s=fleet.seen_s,
            outcomes=[outcome_message(outcome) for outcome in outcomes],
            feedback=[feedback_message(known) for known in feedback],
        )

    def end(self) -> None:
        """Ends the stream."""
        self._out.put(None)
        self._call.cancel()


def read_answers(
    call: Iterator[pb.PolicyServiceDecideResponse],
    received: SimpleQueue[pb.PolicyServiceDecideResponse | grpc.RpcError],
) -> None:
    """Passes on what a server says, and why it says no more."""
    try:
        for answer in call:
            received.put(answer)
    except grpc.RpcError as error:
        received.put(error)
    else:
        received.put(grpc.RpcError("the server ended the stream"))


class SentLoads:
    """Loads as they were sent to a server."""

    def __init__(self, target_count: int) -> None:
        """All are 0."""
        self._whole = np.zeros((3, target_count), np.int64)
        self._usage = np.zeros(target_count)

    def changes(self, fleet: FleetView) -> pb.Loads | None:
        """Loads that changed since they were sent; now they count as sent."""
        whole = np.stack((fleet.outstanding, fleet.waiting, fleet.running))
        changed = (whole != self._whole).any(axis=0) | (fleet.kv_usage_ratio != self._usage)
        if not changed.any():
            return None
        self._whole, self._usage = whole, fleet.kv_usage_ratio.copy()
        return loads_message(np.flatnonzero(changed), whole, self._usage)


def loads_message(places: NDArray[np.intp], whole: NDArray[np.int64], usage: NDArray[np.float64]) -> pb.Loads:
    """Loads of some targets; rows of `whole` are outstanding, waiting and running."""
    outstanding, waiting, running = whole[:, places].tolist()
    return pb.Loads(
        targets=places.tolist(),
        outstanding=outstanding,
        waiting=waiting,
        running=running,
        kv_usage_ratio=usage[places].tolist(),
    )


def opening_of(fleet: FleetView, rng: np.random.Generator) -> pb.Opening:
    """The opening of a run: the fleet, and the state from which the policy draws."""
    bits = rng.bit_generator
    targets = [target_message(target) for target in fleet.targets]
    if not isinstance(bits, np.random.PCG64):
        return pb.Opening(targets=targets, seed=int(rng.integers(2**63)))
    state = bits.state["state"]
    words = {
        "state": state["state"].to_bytes(WORDS_BYTES, "big"),
        "increment": state["inc"].to_bytes(WORDS_BYTES, "big"),
    }
    seed = stable_hash("policy", state["state"], state["inc"]) >> 1
    return pb.Opening(targets=targets, seed=seed, generator=pb.Pcg64(**words))
