"""The RoutingService: policies decide on live requests."""

from __future__ import annotations

import asyncio
import logging
from math import nan
from typing import TYPE_CHECKING

import grpc

from router.host.live import UnknownRequestError
from router.steps import Event, EventKind
from wayfare.convert.decision import decision_message, stated_request, target_message
from wayfare.convert.routing import load_messages, step_message
from wayfare.service.errors import RefusedError, invalid
from wayfare.service.limits import OpenStreams
from wayfare.service.rpc.errors import answering, code_of, streaming
from wayfare.service.rpc.live_input import (
    apply_loads,
    checked,
    checked_event,
    constraints,
    demand_reporter,
    instant_of,
    stream_named,
)
from wayfare.service.rpc.messages import instant
from wayfare.v1 import routing_pb2 as pb
from wayfare.v1 import routing_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from router.host.live import RouterReply
    from router.views.fleet import Target
    from router.views.stated import StatedRequest
    from wayfare.service.hosted_router import HostedRouter
    from wayfare.service.limits import TenantQuotas
    from wayfare.service.ports import LiveRouters
    from wayfare.service.rpc.access import Access
    from wayfare.service.rpc.errors import Context
    from wayfare.v1.decision_pb2 import TargetFacts

LOG = logging.getLogger(__name__)
MOST_ENTRIES = 1_000
ENTRIES_AT_ONCE = 20
"""Entries of a stream's message that are answered before other calls get a turn."""
ATTEMPT_EVENTS = {
    pb.ReportOutcomeRequest.AttemptEvent.KIND_FIRST_TOKEN: EventKind.FIRST_TOKEN,
    pb.ReportOutcomeRequest.AttemptEvent.KIND_COMPLETED: EventKind.COMPLETED,
    pb.ReportOutcomeRequest.AttemptEvent.KIND_FAILED: EventKind.FAILED,
}


class RoutingServicer(routing_pb2_grpc.RoutingServiceServicer):
    """Each method finds the caller's tenant first; other tenants' routers do not exist."""

    def __init__(self, access: Access, routers: LiveRouters, limits: TenantQuotas) -> None:
        """Keeps who may ask, and what there is to ask."""
        self._access, self._routers = access, routers
        self._streams = OpenStreams("streams of decisions", limits.decide_streams)
        self.patience_s = limits.stream_patience_s

    @answering
    async def CreateRouter(self, request: pb.CreateRouterRequest, context: Context) -> pb.Router:
        """Makes a router."""
        return router_message(await self._routers.create(self._access.tenant(context), request))

    @answering
    async def GetRouter(self, request: pb.GetRouterRequest, context: Context) -> pb.Router:
        """A router as it stands."""
        return router_message(self._routers.find(self._access.tenant(context), request.router_id))

    @answering
    async def ListRouters(self, request: pb.ListRoutersRequest, context: Context) -> pb.ListRoutersResponse:
        """All routers the caller may ask."""
        found = self._routers.of(self._access.tenant(context))
        return pb.ListRoutersResponse(routers=[router_message(router, whole=False) for router in found])

    @answering
    async def DeleteRouter(
        self, request: pb.DeleteRouterRequest, context: Context
    ) -> pb.DeleteRouterResponse:
        """Forgets a router."""
        self._routers.delete(self._access.tenant(context), request.router_id)
        return pb.DeleteRouterResponse()

    @answering
    async def Decide(self, request: pb.DecideRequest, context: Context) -> pb.DecideResponse:
        """Decides on one request."""
        tenant = self._access.tenant(context)
        return decided(await self._router_for(tenant, request, ""), request, tenant)

    @answering
    async def ReportOutcome(
        self, request: pb.ReportOutcomeRequest, context: Context
    ) -> pb.ReportOutcomeResponse:
        """Takes note of what happened."""
        tenant = self._access.tenant(context)
        return reported(self._routers.find(tenant, request.router_id), request, tenant)

    @streaming
    async def DecideStream(
        self, request: AsyncIterator[pb.DecideStreamRequest], context: Context
    ) -> AsyncGenerator[pb.DecideStreamResponse]:
        """Answers each message in turn; the router named last is meant where none is named."""
        tenant, last = self._access.tenant(context), ""
        with self._streams.one(tenant):
            async for message in request:
                answers, last = await self._all(tenant, message, last)
                yield pb.DecideStreamResponse(entries=answers)

    async def _all(
        self, tenant: str, message: pb.DecideStreamRequest, last: str
    ) -> tuple[list[pb.DecideStreamResponse.Entry], str]:
        """The answers to a message's entries, other calls coming between; and the router named last."""
        if len(message.entries) > MOST_ENTRIES:
            invalid(f"{len(message.entries)} entries in one message; at most {MOST_ENTRIES} are taken")
        answers = []
        for number, entry in enumerate(message.entries, start=1):
            answer, last = await self._tried(tenant, entry, last)
            answers.append(answer)
            if not number % ENTRIES_AT_ONCE:
                await asyncio.sleep(0)
        return answers, last

    async def _tried(
        self, tenant: str, entry: pb.DecideStreamRequest.Entry, last: str
    ) -> tuple[pb.DecideStreamResponse.Entry, str]:
        """The answer to an entry, or why there is none; and the router named last from now on."""
        try:
            router, answer = await self._answered(tenant, entry, last)
        except Exception as error:  # noqa: BLE001  (the border: nothing passes unnamed)
            return pb.DecideStreamResponse.Entry(tag=entry.tag, refused=refusal(error)), last
        return answer, router.router_id

    async def _answered(
        self, tenant: str, entry: pb.DecideStreamRequest.Entry, last: str
    ) -> tuple[HostedRouter, pb.DecideStreamResponse.Entry]:
        """The router that an entry is put to, and its answer."""
        match entry.WhichOneof("message"):
            case "decide":
                router = await self._router_for(tenant, entry.decide, last)
                return router, pb.DecideStreamResponse.Entry(
                    tag=entry.tag, decided=decided(router, entry.decide, tenant)
                )
            case "report":
                router = self._routers.find(tenant, entry.report.router_id or last)
                answer = reported(router, entry.report, tenant)
                return router, pb.DecideStreamResponse.Entry(tag=entry.tag, reported=answer)
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "an entry is `decide` or `report`")

    async def _router_for(self, tenant: str, request: pb.DecideRequest, last: str) -> HostedRouter:
        """The router that a request is put to."""
        if request.scenario_name:
            return await self._routers.shipped(tenant, request.scenario_name, request.policy)
        if request.policy:
            invalid("a policy goes with scenario_name; a router has its own")
        return self._routers.find(tenant, request.router_id or last)


def refusal(error: Exception) -> pb.DecideStreamResponse.Refusal:
    """Why an entry of a stream is not answered."""
    code = code_of(error)
    if code is grpc.StatusCode.INTERNAL:
        LOG.error("an entry of a stream failed", exc_info=error)
    text = "internal error; the service's log has more" if code is grpc.StatusCode.INTERNAL else str(error)
    return pb.DecideStreamResponse.Refusal(code=code.value[0], message=text)


def decided(router: HostedRouter, request: pb.DecideRequest, tenant: str) -> pb.DecideResponse:
    """A router's answer to a tenant's request."""
    asked, candidates, why_none = stated_with_defaults(router, request)
    if request.loads:
        demand_reporter(router, tenant)
        apply_loads(router, request.loads)
    answer = router.live.decide(asked, candidates, why_none, tenant)
    return pb.DecideResponse(
        router_id=router.router_id,
        request=answer.request,
        decision=None if answer.decision is None else decision_message(answer.decision),
        steps=step_messages(router, answer, asked.now_s),
    )


def step_messages(router: HostedRouter, answer: RouterReply, now_s: float) -> list[pb.RouterStep]:
    """What to do, as messages."""
    targets = router.fleet.targets
    return [step_message(entry.step, entry.attempt, targets, now_s) for entry in answer.steps]


def stated_with_defaults(
    router: HostedRouter, request: pb.DecideRequest
) -> tuple[StatedRequest, tuple[int, ...], str]:
    """The request with what its stream knows of it, its candidates, and why there are none.

    Raises:
        RefusedError: it cannot be.
    """
    stream, demand = router.fleet.streams[stream_named(router, request.stream)]
    number = router.live.next_number()
    asked = stated_request(checked(request.facts), number, instant_of(request, router))
    asked.task = asked.task or stream.task
    asked.stream = stream.name if asked.task == stream.task else ""
    asked.region = asked.region or stream.region
    asked.tenant = asked.tenant or next(iter(stream.tenants))
    asked.max_output_token_count = asked.max_output_token_count or demand.max_output_tokens
    if not request.facts.HasField("ttft_limit_s"):
        asked.ttft_limit_s = demand.limits_s["ttft_s"]
    if not request.facts.HasField("e2e_limit_s"):
        asked.e2e_limit_s = demand.limits_s["e2e_s"]
    if not request.facts.HasField("deferrable_until_s") and stream.defer_deadline is not None:
        asked.deferrable_until_s = asked.now_s + stream.defer_deadline
    longest = asked.prompt_token_count + asked.max_output_token_count
    demanded = constraints(request.constraints, asked)
    return asked, *router.fleet.candidates(stream.name, demanded, longest)


def reported(router: HostedRouter, request: pb.ReportOutcomeRequest, tenant: str) -> pb.ReportOutcomeResponse:
    """A router's answer to a tenant's report on a request of its own.

    Raises:
        RefusedError: the report says nothing, or is about a request that is not under way.
    """
    now_s = instant_of(request, router)
    try:
        answer = report_reply(router, request, now_s, tenant)
    except UnknownRequestError as error:
        raise RefusedError(grpc.StatusCode.NOT_FOUND, str(error)) from error
    return pb.ReportOutcomeResponse(
        decision=None if answer.decision is None else decision_message(answer.decision),
        steps=step_messages(router, answer, now_s),
    )


def report_reply(
    router: HostedRouter, request: pb.ReportOutcomeRequest, now_s: float, tenant: str
) -> RouterReply:
    """What a report leads to."""
    live, key = router.live, request.request
    match request.WhichOneof("event"):
        case "timer":
            return live.report(key, Event(-1, EventKind.TIMER, now_s), tenant)
        case "verdict":
            return live.judge(key, accepted=request.verdict.accepted, owner=tenant)
        case "feedback":
            return live.assess(key, correct=request.feedback.correct, now_s=now_s, owner=tenant)
        case "attempt" if request.attempt.kind in ATTEMPT_EVENTS:
            return attempt_reply(router, request, now_s, tenant)
    text = "say what happened: attempt with its kind, timer, verdict or feedback"
    raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)


def attempt_reply(
    router: HostedRouter, request: pb.ReportOutcomeRequest, now_s: float, tenant: str
) -> RouterReply:
    """What an attempt's event leads to."""
    live, key, event = router.live, request.request, checked_event(request.attempt)
    kind = ATTEMPT_EVENTS[event.kind]
    seen = event.HasField("ttft_s") or live.first_token_seen(key, event.attempt, tenant)
    failed = kind is EventKind.FAILED
    happening = Event(
        event.attempt,
        kind,
        now_s,
        (event.reason or "server_error") if failed else "",
        event.retry_after_s if event.HasField("retry_after_s") else nan,
        seen,
    )
    if kind is EventKind.FIRST_TOKEN:
        return live.report(key, happening, tenant)
    ttft_s = event.ttft_s if event.HasField("ttft_s") else nan
    return live.end(key, happening, event.output_token_count, ttft_s, tenant)


def without_curves(target: Target) -> TargetFacts:
    """What callers are told of a target: curves and forecasts are for policies, and long."""
    message = target_message(target)
    message.ClearField("success_curves")
    message.ClearField("carbon")
    return message


def router_message(router: HostedRouter, *, whole: bool = True) -> pb.Router:
    """A router as callers see it, with targets and loads where it is `whole`."""
    live = router.live
    return pb.Router(
        router_id=router.router_id,
        scenario=router.scenario.name,
        policy=live.host.name,
        created_at=instant(router.created_s),
        configured=not router.tenant,
        targets=[without_curves(target) for target in router.fleet.targets] if whole else (),
        streams=router.fleet.streams,
        now_s=live.now_s,
        open_request_count=live.open_request_count,
        decided_count=live.decided_count,
        expired_count=live.expired_count,
        decisions=live.decisions,
        loads=load_messages(live.fleet) if whole else (),
        expire_after_s=live.expire_after_s,
    )
