"""The hosted gateway as a policy in steps: what the router calls is attempted, what happens is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.host.failures import FailureReason
from router.steps import Await, Cancel, Event, EventKind, Fail, Finish, Sleep, Start, TurnAway
from router.views.loads import least_outstanding
from wayfare.litellm.answers import completion, error_response
from wayfare.litellm.child import GatewayProcess
from wayfare.litellm.config import opening_of
from wayfare.litellm.errors import HostedGatewayError
from wayfare.litellm.instance import GatewayCall, GatewayInstance
from wayfare.litellm.mapping import mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    import numpy as np

    from router.outcome import Outcome
    from router.steps import Reply, Step
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView
    from wayfare.litellm.config import GatewayConfig
    from wayfare.litellm.instance import Command, GatewayConnection, GatewayRequest
    from wayfare.litellm.mapping import Places
    from wayfare.litellm.parameters import LitellmParameters

    Steps = Generator[Step, Reply, None]
    Timed = Generator[Step, Reply, float | None]

RECHECK_S = 0.01
"""How often a request looks again that waits for another one, as behind `max_parallel_requests`."""
SEED_BELOW = 2**63
NO_HINT = float("nan")


class LitellmPolicy:
    """LiteLLM's `Router`, unmodified, in virtual time. Each router instance hosts one of its own.

    Every call of the router is an attempt; an answer is one HTTP response when the attempt completes,
    with the tokens it has, a failure the error that a provider would send. Retries, cooldowns, fallbacks
    and timeouts are the router's. A call to a target that the request may not go to loses its connection.
    """

    def __init__(
        self,
        name: str,
        config: GatewayConfig,
        parameters: LitellmParameters,
        connect: Callable[[Mapping[str, object]], GatewayConnection] = GatewayProcess,
    ) -> None:
        """Starts nothing yet; `connect` starts a gateway of an opening."""
        self.name = name
        self._config = config
        self._parameters = parameters
        self._connect = connect
        self._places: tuple[Places, ...] = ()
        self._gateways: list[tuple[FleetView, GatewayInstance]] = []
        self._output_counts: dict[tuple[int, str], int] = {}
        self._refused_count = 0

    def prepare(self, targets: Sequence[Target]) -> None:
        """Maps the configuration's entries to the fleet.

        Raises:
            PolicyLoadError: entries stand for nothing in it; lists them all.
        """
        self._places = mapped(self._config, targets, self._parameters.deployments or {})

    def observe(self, outcome: Outcome) -> None:
        """Keeps an answer's length until the gateway is told: a provider reveals it in the response."""
        if outcome.completed:
            self._output_counts[outcome.request_index, outcome.target] = outcome.output_token_count

    def steps(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Steps:
        """The steps for this request: the gateway's calls until it answers or gives up."""
        gateway = self._gateway(fleet, rng)
        group = self._parameters.group_of(request.task, self._config)
        prompt = request.prompt_token_count
        live = gateway.begin(index=request.index, group=group, prompt_token_count=prompt)
        facts = {"group": group, "prompt": prompt, "limit": request.max_output_token_count}
        try:
            until_s = gateway.tell("arrive", live, request.now_s, **facts)
            while not live.ended:
                yield from self._carry_out(gateway, live, request, fleet)
                if live.refused:
                    until_s = self._refuse(gateway, live, request.now_s)
                elif not live.ended:
                    until_s = yield from self._wait(gateway, live, request, fleet, until_s)
        finally:
            gateway.forget(live)

    def finish(self) -> tuple[str, ...]:
        """Ends the gateways; says what of the configuration had no effect, and what went another way."""
        for _fleet, gateway in self._gateways:
            gateway.end()
        return tuple(self._warnings(sum(gateway.late_count for _fleet, gateway in self._gateways)))

    def _warnings(self, late_count: int) -> Iterator[str]:
        """What a reader of the report must know."""
        for feature in self._config.unsupported:
            yield f"{self.name}: not simulated: {feature}"
        if self._refused_count:
            yield (
                f"{self.name}: {self._refused_count} calls lost their connection: "
                "the request may not go to that deployment"
            )
        if late_count:
            yield (
                f"{self.name}: {late_count} calls of requests that wait for others (max_parallel_requests) "
                f"began up to {RECHECK_S:g} s late"
            )

    def _gateway(self, fleet: FleetView, rng: np.random.Generator) -> GatewayInstance:
        """The gateway of the router instance with this view of the fleet; started at its first request."""
        for seen, gateway in self._gateways:
            if seen is fleet:
                return gateway
        seed = int(rng.integers(SEED_BELOW))
        gateway = GatewayInstance(self._connect(opening_of(self._config, seed, self._parameters.epoch_s)))
        self._gateways.append((fleet, gateway))
        return gateway

    def _carry_out(
        self, gateway: GatewayInstance, live: GatewayRequest, request: RequestView, fleet: FleetView
    ) -> Steps:
        """What the gateway asked for this request, in order."""
        while (command := gateway.take(live, request.now_s)) is not None:
            what, number = command[:2]
            if what == "start":
                yield from self._start(live, fleet, number, command[2])
            elif what == "cancel":
                yield from give_up(live, number)
            else:
                live.ended = True
                yield ending(live, command)

    def _start(self, live: GatewayRequest, fleet: FleetView, number: int, entry: int) -> Steps:
        """An attempt for a call; none where the request may not go there."""
        permitted = tuple(place for place in self._places[entry] if place in fleet.candidates)
        if not permitted:
            live.refused.append(number)
            return
        target = least_outstanding(fleet.outstanding, permitted)
        handle = yield Start(target, live.next_kind(entry, self._config))
        if type(handle) is not int:
            raise TypeError(f"a handle was due, not {handle!r}")
        live.calls.append(GatewayCall(number=number, entry=entry, handle=handle, target=target))
        live.open_handles.append(handle)

    def _refuse(self, gateway: GatewayInstance, live: GatewayRequest, now_s: float) -> float | None:
        """Answers calls that may not be made: their connection is lost. Returns the next timer."""
        self._refused_count += 1
        live.reason = FailureReason.CONNECTION_ERROR
        answer = error_response(live.reason, NO_HINT)
        return gateway.tell("answer", live, now_s, call=live.refused.pop(0), answer=answer)

    def _wait(
        self,
        gateway: GatewayInstance,
        live: GatewayRequest,
        request: RequestView,
        fleet: FleetView,
        until_s: float | None,
    ) -> Timed:
        """Waits for an attempt or the gateway's timer, and tells the gateway; returns its next timer."""
        if live.open_handles:
            event = yield Await(tuple(live.open_handles), EventKind.COMPLETED, until_s)
            if isinstance(event, Event) and event.kind is not EventKind.TIMER:
                return self._answer(gateway, live, fleet, event)
        else:
            now_s = request.now_s
            yield Sleep(now_s + RECHECK_S if until_s is None else max(until_s, now_s))
        return gateway.tell("wake", live, request.now_s)

    def _answer(
        self, gateway: GatewayInstance, live: GatewayRequest, fleet: FleetView, event: Event
    ) -> float | None:
        """Answers the call that an attempt was made for; returns the next timer."""
        call = live.call_of(event.handle)
        live.open_handles.remove(event.handle)
        if event.kind is EventKind.COMPLETED:
            answer = self._completion(live, call, fleet.targets[call.target].name)
        else:
            live.reason = event.reason
            answer = error_response(event.reason, event.retry_after_s)
        return gateway.tell("answer", live, event.now_s, call=call.number, answer=answer)

    def _completion(self, live: GatewayRequest, call: GatewayCall, target: str) -> dict[str, object]:
        """The response to a call that was answered.

        Raises:
            HostedGatewayError: nobody said how long the answer is.
        """
        count = self._output_counts.pop((live.index, target), None)
        if count is None:
            raise HostedGatewayError(
                f"request {live.index}: no outcome was observed of the answer by {target!r}"
            )
        model = self._config.entries[call.entry].model
        return completion(call.number, model, live.prompt_token_count, count)


def give_up(live: GatewayRequest, number: int) -> Steps:
    """Cancels the attempt of a call that the router waits for no longer, if it is still waited for."""
    call = live.call(number)
    live.reason = FailureReason.TIMED_OUT
    if call is not None and call.handle in live.open_handles:
        live.open_handles.remove(call.handle)
        yield Cancel(call.handle)


def ending(live: GatewayRequest, command: Command) -> Step:
    """The step that ends a request as the gateway says."""
    what, detail = command
    if what == "finish":
        answered = live.call(detail)
        if answered is None:
            raise HostedGatewayError(f"the gateway answers with call {detail}, which was never made")
        return Finish(answered.handle)
    if not live.calls:
        return TurnAway(f"litellm: {detail}")
    return Fail(live.reason or f"litellm: {detail}")
