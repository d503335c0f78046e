"""A live router as the service hosts it: whose it is, its scenario, its fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.host.live import LiveRouter
    from simulator import Scenario
    from simulator.plan.live import LiveFleet


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedRouter:
    """A router with its scenario's fleet and constraints; `tenant` is empty where everybody may ask it.

    `load_reporters` are the tenants whose measured loads it believes; None: everybody who may ask it.
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
