"""The live routers there are: those the operator configured, and each tenant's own."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc

from router.host.live import EXPIRE_AFTER_S, LiveRouter
from router.sources import scheme_of
from router.variants import parts_of
from simulator import load_scenario
from simulator.plan.live import LiveFleet, live_host
from wayfare.service.errors import RefusedError, exhausted, invalid
from wayfare.service.hosted_router import HostedRouter
from wayfare.v1 import routing_pb2 as pb
from wayfare.v1 import simulation_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Scenario
    from wayfare.service.ports import ScenarioChecker
    from wayfare.service.submission import AcceptedScenario

MOST_ROUTERS, MOST_TARGETS = 50, 2_000
"""Routers of one tenant, and targets of all of them: a target takes some 60 kB."""
MOST_EXPIRE_AFTER_S = 86_400.0
SWEEP_EVERY_S = 15.0


class HostedRouters:
    """Finds routers; other tenants' routers do not exist."""

    def __init__(
        self,
        checker: ScenarioChecker,
        configured: Sequence[Scenario],
        load_reporters: frozenset[str] | None = None,
    ) -> None:
        """Makes the configured routers; each is called as its scenario.

        Args:
            checker: checks the scenarios of tenants' own routers.
            configured: scenarios of routers that all callers may use.
            load_reporters: tenants whose measured loads those accept; None: all.

        Raises:
            RouterError: a policy cannot be loaded.
            RefusedError: a policy cannot decide live.
        """
        self._checker = checker
        self._hosted: dict[str, HostedRouter] = {}
        self._shipped: dict[tuple[str, str, str], str] = {}
        self._making = asyncio.Lock()
        for scenario in configured:
            made = hosted(scenario, "", scenario.name)
            self._hosted[scenario.name] = replace(made, load_reporters=load_reporters)

    def of(self, tenant: str) -> list[HostedRouter]:
        """Configured routers, then the tenant's own, in order of making."""
        configured = [router for router in self._hosted.values() if not router.tenant]
        return [
            *configured,
            *(router for router in self._hosted.values() if router.tenant == tenant and tenant),
        ]

    def find(self, tenant: str, router_id: str) -> HostedRouter:
        """The router of that id; without one, the configured router where there is one only.

        Raises:
            RefusedError: there is no such router.
        """
        router = self._hosted.get(router_id)
        if router is not None and router.tenant in ("", tenant):
            return router
        if router_id:
            raise RefusedError(grpc.StatusCode.NOT_FOUND, f"no router {router_id[:80]!r}")
        configured = [router for router in self._hosted.values() if not router.tenant]
        if len(configured) == 1:
            return configured[0]
        names = ", ".join(repr(router.router_id) for router in configured) or "none"
        text = f"name a router_id or a scenario_name; configured routers: {names}"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)

    async def create(self, tenant: str, request: pb.CreateRouterRequest) -> HostedRouter:
        """A new router of the tenant's.

        Raises:
            InvalidScenarioError: lists every problem.
            RefusedError: the tenant has too many, or the policy cannot decide live.
        """
        async with self._making:
            return await self._made(tenant, request)

    async def shipped(self, tenant: str, scenario_name: str, policy: str) -> HostedRouter:
        """The tenant's router of a scenario that ships, made when it is first asked for."""
        key = (tenant, scenario_name, policy)
        known = self._hosted.get(self._shipped.get(key, ""))
        if known is not None:
            return known
        async with self._making:
            router = self._hosted.get(self._shipped.get(key, ""))
            if router is None:
                request = pb.CreateRouterRequest(scenario_name=scenario_name, policy=policy)
                router = await self._made(tenant, request)
                self._shipped[key] = router.router_id
            return router

    async def _made(self, tenant: str, request: pb.CreateRouterRequest) -> HostedRouter:
        """A new router, kept."""
        if sum(router.tenant == tenant for router in self._hosted.values()) >= MOST_ROUTERS:
            exhausted(f"{MOST_ROUTERS} routers already; delete one first")
        expire_after_s = request.expire_after_s or EXPIRE_AFTER_S
        if not 0.0 < expire_after_s <= MOST_EXPIRE_AFTER_S:
            invalid(f"expire_after_s {expire_after_s!r} must be above 0 and at most {MOST_EXPIRE_AFTER_S:g}")
        policies = (request.policy,) if request.policy else ()
        accepted = await self._checker.checked(tenant, run_request(request), policies, 0)
        self._require_room(tenant, accepted.target_count)
        router = await asyncio.to_thread(opened, accepted, tenant, request.policy or None, expire_after_s)
        self._hosted[router.router_id] = router
        return router

    def _require_room(self, tenant: str, target_count: int) -> None:
        """Raises `RefusedError` where the tenant's routers would have too many targets together."""
        held = sum(len(router.fleet.targets) for router in self._hosted.values() if router.tenant == tenant)
        if held + target_count > MOST_TARGETS:
            exhausted(
                f"the router has {target_count:,} targets (deployments, or replicas it balances itself); "
                f"a tenant's routers may have {MOST_TARGETS:,} together and have {held:,}"
            )

    async def expire_forever(self) -> None:
        """Forgets requests without reports, now and then, whether or not there are calls."""
        while True:
            for router in tuple(self._hosted.values()):
                router.live.expire()
                await asyncio.sleep(0)
            await asyncio.sleep(SWEEP_EVERY_S)

    def delete(self, tenant: str, router_id: str) -> None:
        """Forgets a router of the tenant's.

        Raises:
            RefusedError: there is no such router, or the operator configured it.
        """
        router = self.find(tenant, router_id)
        if not router_id or not router.tenant:
            text = f"router {router.router_id!r} is configured by the operator"
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, text)
        del self._hosted[router_id]
        router.live.host.finish()


def run_request(request: pb.CreateRouterRequest) -> simulation_pb2.CreateRunRequest:
    """What is to be checked: a router's scenario passes the checks that a run's does."""
    asked = simulation_pb2.CreateRunRequest(policy=request.policy, settings=request.settings)
    if request.HasField("scenario"):
        asked.scenario.CopyFrom(request.scenario)
    for name in ("scenario_yaml", "scenario_name", "seed"):
        if request.HasField(name):
            setattr(asked, name, getattr(request, name))
    return asked


def opened(
    accepted: AcceptedScenario, tenant: str, policy: str | None, expire_after_s: float
) -> HostedRouter:
    """A new router of a scenario that was checked."""
    scenario = load_scenario(json.loads(accepted.scenario_json))
    return hosted(scenario, tenant, uuid.uuid4().hex, policy, expire_after_s)


def hosted(
    scenario: Scenario,
    tenant: str,
    router_id: str,
    policy: str | None = None,
    expire_after_s: float = EXPIRE_AFTER_S,
) -> HostedRouter:
    """A router of a scenario.

    Raises:
        RefusedError: the policy is an oracle or a replay, or decides elsewhere.
        RouterError: it cannot be loaded.
    """
    name = policy or scenario.router.policy
    if scheme_of(parts_of(name)[0]) is not None:
        invalid(f"policy {name!r} runs in another process; live routers do not support that")
    fleet = LiveFleet(scenario)
    host = live_host(scenario, fleet, policy)
    if host.oracle:
        invalid(f"policy {name!r} is an oracle; true answers of live requests are unknown")
    if host.replays:
        invalid(f"policy {name!r} replays a log; live requests are in none")
    return HostedRouter(
        router_id=router_id,
        tenant=tenant,
        scenario=scenario,
        fleet=fleet,
        live=LiveRouter(host, fleet.targets, expire_after_s=expire_after_s),
        created_s=time.time(),
    )
