"""The live routers there are: those the operator configured, and each tenant's own."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import grpc

from router.host.live import EXPIRE_AFTER_S, LiveRouter
from router.sources import scheme_of
from simulator import load_scenario
from simulator.plan.live import LiveFleet, live_host
from wayfare.service.rpc.errors import RefusedError
from wayfare.v1 import routing_pb2 as pb
from wayfare.v1 import simulation_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Scenario
    from wayfare.service.intake.checker import Checker
    from wayfare.service.intake.scenarios import AcceptedScenario

MOST_ROUTERS, MOST_TARGETS = 50, 2_000
"""Routers of one tenant, and targets of all of them: a target takes some 60 kB."""
MOST_EXPIRE_AFTER_S = 86_400.0
SWEEP_EVERY_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedRouter:
    """A router with its scenario's fleet and constraints; `tenant` is empty where all callers may use it.

    `load_reporters` are the tenants whose measured loads it accepts; None: all who may use it.
    """

    router_id: str
    tenant: str
    scenario: Scenario
    fleet: LiveFleet
    live: LiveRouter
    created_s: float
    load_reporters: frozenset[str] | None = None

    @property
    def shared(self) -> bool:
        """Whether several tenants may ask it: none of them sets its clock."""
        return not self.tenant


class Routers:
    """Finds routers; other tenants' routers do not exist."""

    def __init__(
        self, checker: Checker, configured: Sequence[Scenario], load_reporters: frozenset[str] | None = None
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
            made = hosted_router(scenario, "", scenario.name)
            self._hosted[scenario.name] = replace(made, load_reporters=load_reporters)

    def of(self, tenant: str) -> list[HostedRouter]:
        """Configured routers, then the tenant's own, in order of making."""
        configured = [hosted for hosted in self._hosted.values() if not hosted.tenant]
        return [
            *configured,
            *(hosted for hosted in self._hosted.values() if hosted.tenant == tenant and tenant),
        ]

    def find(self, tenant: str, router_id: str) -> HostedRouter:
        """The router of that id; without one, the configured router where there is one only.

        Raises:
            RefusedError: there is no such router.
        """
        hosted = self._hosted.get(router_id)
        if hosted is not None and hosted.tenant in ("", tenant):
            return hosted
        if router_id:
            raise RefusedError(grpc.StatusCode.NOT_FOUND, f"no router {router_id[:80]!r}")
        configured = [hosted for hosted in self._hosted.values() if not hosted.tenant]
        if len(configured) == 1:
            return configured[0]
        names = ", ".join(repr(hosted.router_id) for hosted in configured) or "none"
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
            hosted = self._hosted.get(self._shipped.get(key, ""))
            if hosted is None:
                request = pb.CreateRouterRequest(scenario_name=scenario_name, policy=policy)
                hosted = await self._made(tenant, request)
                self._shipped[key] = hosted.router_id
            return hosted

    async def _made(self, tenant: str, request: pb.CreateRouterRequest) -> HostedRouter:
        """A new router, kept."""
        if sum(hosted.tenant == tenant for hosted in self._hosted.values()) >= MOST_ROUTERS:
            text = f"{MOST_ROUTERS} routers already; delete one first"
            raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        expire_after_s = request.expire_after_s or EXPIRE_AFTER_S
        if not 0.0 < expire_after_s <= MOST_EXPIRE_AFTER_S:
            text = f"expire_after_s {expire_after_s!r} must be above 0 and at most {MOST_EXPIRE_AFTER_S:g}"
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)
        policies = (request.policy,) if request.policy else ()
        accepted = await self._checker.checked(tenant, run_request(request), policies, 0)
        self._require_room(tenant, accepted.target_count)
        hosted = await asyncio.to_thread(opened, accepted, tenant, request.policy or None, expire_after_s)
        self._hosted[hosted.router_id] = hosted
        return hosted

    def _require_room(self, tenant: str, target_count: int) -> None:
        """Raises `RefusedError` where the tenant's routers would have too many targets together."""
        held = sum(len(hosted.fleet.targets) for hosted in self._hosted.values() if hosted.tenant == tenant)
        if held + target_count > MOST_TARGETS:
            text = (
                f"the router has {target_count:,} targets (deployments, or replicas it balances itself); "
                f"a tenant's routers may have {MOST_TARGETS:,} together and have {held:,}"
            )
            raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text)

    async def expire_forever(self) -> None:
        """Forgets requests without reports, now and then, whether or not there are calls."""
        while True:
            for hosted in tuple(self._hosted.values()):
                hosted.live.expire()
                await asyncio.sleep(0)
            await asyncio.sleep(SWEEP_EVERY_S)

    def delete(self, tenant: str, router_id: str) -> None:
        """Forgets a router of the tenant's.

        Raises:
            RefusedError: there is no such router, or the operator configured it.
        """
        hosted = self.find(tenant, router_id)
        if not router_id or not hosted.tenant:
            text = f"router {hosted.router_id!r} is configured by the operator"
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, text)
        del self._hosted[router_id]
        hosted.live.host.finish()


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
    return hosted_router(scenario, tenant, uuid.uuid4().hex, policy, expire_after_s)


def hosted_router(
    scenario: Scenario,
    tenant: str,
    router_id: str,
    policy: str | None = None,
    expire_after_s: float = EXPIRE_AFTER_S,
) -> HostedRouter:
    """A router of a scenario.

    Raises:
        RefusedError: the policy is an oracle, or decides elsewhere.
        RouterError: it cannot be loaded.
    """
    name = policy or scenario.router.policy
    if scheme_of(name) is not None:
        text = f"policy {name!r} runs in another process; live routers do not support that"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)
    fleet = LiveFleet(scenario)
    host = live_host(scenario, fleet, policy)
    if host.oracle:
        text = f"policy {name!r} is an oracle; true answers of live requests are unknown"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)
    return HostedRouter(
        router_id=router_id,
        tenant=tenant,
        scenario=scenario,
        fleet=fleet,
        live=LiveRouter(host, fleet.targets, expire_after_s=expire_after_s),
        created_s=time.time(),
    )
