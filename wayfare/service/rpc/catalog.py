"""The CatalogService: the facts, and what there is to choose from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from google.protobuf import json_format

from catalogs import load_catalog
from router.registry import describe_policy, policy_names
from simulator import shipped_scenarios
from wayfare.service.rpc.errors import answering
from wayfare.v1 import catalog_pb2 as pb
from wayfare.v1 import catalog_pb2_grpc

if TYPE_CHECKING:
    from wayfare.service.rpc.access import Access
    from wayfare.service.rpc.errors import Context

EDITION = "measured"


class CatalogServicer(catalog_pb2_grpc.CatalogServiceServicer):
    """Reads the catalog that ships."""

    def __init__(self, access: Access) -> None:
        """Keeps who may ask."""
        self._access = access

    async def _entries(self, kind: str, edition: str, context: Context) -> list[pb.CatalogEntry]:
        """All entries of a kind."""
        self._access.tenant(context)
        return await asyncio.to_thread(entries, kind, edition or EDITION)

    @answering
    async def ListModels(self, request: pb.ListModelsRequest, context: Context) -> pb.ListModelsResponse:
        """Models."""
        return pb.ListModelsResponse(entries=await self._entries("models", request.edition, context))

    @answering
    async def ListAccelerators(
        self, request: pb.ListAcceleratorsRequest, context: Context
    ) -> pb.ListAcceleratorsResponse:
        """Chips."""
        return pb.ListAcceleratorsResponse(
            entries=await self._entries("accelerators", request.edition, context)
        )

    @answering
    async def ListRegions(self, request: pb.ListRegionsRequest, context: Context) -> pb.ListRegionsResponse:
        """Regions."""
        return pb.ListRegionsResponse(entries=await self._entries("regions", request.edition, context))

    @answering
    async def ListPrices(self, request: pb.ListPricesRequest, context: Context) -> pb.ListPricesResponse:
        """Offers."""
        return pb.ListPricesResponse(entries=await self._entries("offers", request.edition, context))

    @answering
    async def ListPolicies(
        self, request: pb.ListPoliciesRequest, context: Context
    ) -> pb.ListPoliciesResponse:
        """Policies."""
        self._access.tenant(context)
        return pb.ListPoliciesResponse(policies=[policy_entry(name) for name in policy_names()])

    @answering
    async def ListScenarios(
        self, request: pb.ListScenariosRequest, context: Context
    ) -> pb.ListScenariosResponse:
        """Shipped scenarios."""
        self._access.tenant(context)
        found = {name: path.read_text(encoding="utf-8") for name, path in shipped_scenarios().items()}
        entries = [pb.ScenarioEntry(name=name, scenario_yaml=text) for name, text in found.items()]
        return pb.ListScenariosResponse(scenarios=entries)


def entries(kind: str, edition: str) -> list[pb.CatalogEntry]:
    """All entries of a kind as messages."""
    found = []
    for name, entry in load_catalog(edition).kinds()[kind].items():
        message = pb.CatalogEntry(name=name)
        json_format.ParseDict(entry.model_dump(mode="json"), message.figures)
        found.append(message)
    return found


def policy_entry(name: str) -> pb.PolicyEntry:
    """A policy as a message."""
    about = describe_policy(name)
    return pb.PolicyEntry(
        name=name,
        contract=about.contract,
        oracle=about.oracle,
        baseline=about.baseline,
        source=about.source,
    )
