"""What callers of live routers may say: facts, clocks, constraints, loads and reports that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from router.views.fleet import TIERS
from simulator.plan.live import LiveConstraints
from wayfare.service.errors import RefusedError, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.views.stated import StatedRequest
    from wayfare.service.hosted_router import HostedRouter
    from wayfare.v1 import routing_pb2 as pb
    from wayfare.v1.decision_pb2 import RequestFacts

MOST_COUNT = 2**31 - 1
"""Tokens, turns and loads beyond this are mistakes."""
COUNTS = ("prompt_token_count", "max_output_token_count", "session", "turn", "history_token_count")
NAMES = ("task", "tenant", "region")
MOST_NAME = 200
MOST_BLOCKS = 10_000
MOST_SKEW_S = 60.0
"""How far a caller's clock may be from that of a router which others ask too."""
MOST_INSTANT_S = 1e12
MOST_RETRY_AFTER_S = 3_600.0


def stream_named(router: HostedRouter, name: str) -> str:
    """The name of a stream; the only one where none is named.

    Raises:
        RefusedError: there is no such stream, or there are several.
    """
    streams = router.fleet.streams
    if name in streams:
        return name
    if not name and len(streams) == 1:
        return next(iter(streams))
    what = f"unknown stream {name[:80]!r}" if name else "name the request's stream: it has its constraints"
    text = f"{what}; streams: {', '.join(map(repr, streams))}"
    raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)


def checked(facts: RequestFacts) -> RequestFacts:
    """The facts, if they can be.

    Raises:
        RefusedError: a count is negative or absurd, or a name is.
    """
    for name in COUNTS:
        value = getattr(facts, name)
        if not 0 <= value <= MOST_COUNT:
            invalid(f"facts.{name} {value} must be 0 to {MOST_COUNT}")
    for name in NAMES:
        if len(getattr(facts, name)) > MOST_NAME:
            invalid(f"facts.{name} has {len(getattr(facts, name))} characters; at most {MOST_NAME} are taken")
    if len(facts.prefix_blocks) > MOST_BLOCKS:
        invalid(f"facts.prefix_blocks has {len(facts.prefix_blocks)} blocks; at most {MOST_BLOCKS} are taken")
    return facts


def instant_of(request: pb.DecideRequest | pb.ReportOutcomeRequest, router: HostedRouter) -> float:
    """The instant on the caller's clock, or on the router's.

    Raises:
        RefusedError: it is no instant, or far from the clock of a router that others ask too.
    """
    if not request.HasField("now_s"):
        return router.live.now_s
    if not abs(request.now_s) <= MOST_INSTANT_S:
        invalid(f"now_s {request.now_s!r} must be a finite number of seconds, at most {MOST_INSTANT_S:g}")
    if router.shared and abs(request.now_s - router.live.now_s) > MOST_SKEW_S:
        text = f"now_s {request.now_s:.17g} is more than {MOST_SKEW_S:g} s from this router's clock"
        invalid(f"{text}, {router.live.now_s:.3f}; a router that you create accepts any clock")
    return request.now_s


def constraints(demanded: pb.RequestConstraints, asked: StatedRequest) -> LiveConstraints:
    """What a request demands beyond its stream.

    Raises:
        RefusedError: a tier does not exist, a region is absurd, or a floor is no ratio.
    """
    regions = demanded.residency
    if len(regions) > MOST_NAME or any(len(region) > MOST_NAME for region in regions):
        invalid(f"constraints.residency may have {MOST_NAME} regions of {MOST_NAME} characters")
    banned = frozenset(tier for tier in TIERS if tier in demanded.banned_tiers)
    for tier in demanded.banned_tiers:
        if tier not in banned:
            invalid(f"constraints.banned_tiers {tier[:80]!r} is not one of {', '.join(TIERS)}")
    if not 0.0 <= demanded.capability_floor <= 1.0:
        invalid(f"constraints.capability_floor {demanded.capability_floor!r} is not in [0, 1]")
    return LiveConstraints(
        task=asked.task,
        region=asked.region,
        residency=frozenset(regions) or None,
        banned_tiers=banned,
        capability_floor=demanded.capability_floor,
    )


def demand_reporter(router: HostedRouter, tenant: str) -> None:
    """Raises `RefusedError` for loads of somebody whom the router does not believe."""
    if router.load_reporters is not None and tenant not in router.load_reporters:
        text = f"loads of router {router.router_id!r} are reported by tenants that the operator names"
        raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, text)


def apply_loads(router: HostedRouter, loads: Sequence[pb.TargetLoad]) -> None:
    """Takes over loads that the caller measured.

    Raises:
        RefusedError: a target does not exist, or a load cannot be; nothing is taken over then.
    """
    fleet = router.live.fleet
    for load in loads:
        if load.target not in fleet.by_name:
            invalid(
                f"loads: unknown target {load.target[:80]!r}; known: {', '.join(map(repr, fleet.by_name))}"
            )
        if not (
            all(0 <= count <= MOST_COUNT for count in (load.outstanding, load.waiting, load.running))
            and 0.0 <= load.kv_usage_ratio <= 1.0
        ):
            invalid(f"loads: counts of {load.target!r} must be 0 to {MOST_COUNT}, kv_usage_ratio in [0, 1]")
    for load in loads:
        running = load.running if load.HasField("running") else max(load.outstanding - load.waiting, 0)
        usage = load.kv_usage_ratio if load.HasField("kv_usage_ratio") else None
        index = fleet.by_name[load.target].index
        router.live.measured(index, load.outstanding, load.waiting, running, usage)


def checked_event(event: pb.ReportOutcomeRequest.AttemptEvent) -> pb.ReportOutcomeRequest.AttemptEvent:
    """What is reported of an attempt, if it can be.

    Raises:
        RefusedError: a time or a count is absurd.
    """
    if event.HasField("retry_after_s") and not 0.0 <= event.retry_after_s <= MOST_RETRY_AFTER_S:
        invalid(f"attempt.retry_after_s {event.retry_after_s!r} must be 0 to {MOST_RETRY_AFTER_S:g}")
    if event.HasField("ttft_s") and not 0.0 <= event.ttft_s <= MOST_INSTANT_S:
        invalid(f"attempt.ttft_s {event.ttft_s!r} must be a number of seconds, 0 or more")
    if not 0 <= event.output_token_count <= MOST_COUNT:
        invalid(f"attempt.output_token_count {event.output_token_count} must be 0 to {MOST_COUNT}")
    if len(event.reason) > MOST_NAME:
        invalid(f"attempt.reason has {len(event.reason)} characters; at most {MOST_NAME} are taken")
    return event
