"""A scenario that exists is valid: settings, the catalog they stand on, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.settings.digest import settings_digest

if TYPE_CHECKING:
    from datetime import datetime

    from catalogs import Catalog
    from simulator.settings.document import ScenarioSettings
    from simulator.settings.faults import FaultSettings
    from simulator.settings.fleet import Deployment
    from simulator.settings.router import RouterSettings
    from simulator.settings.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A checked scenario. Made by `load_scenario`; `file` is what it was read from."""

    settings: ScenarioSettings
    catalog: Catalog
    file: str

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.settings.name

    @property
    def description(self) -> str:
        """What the scenario is about."""
        return self.settings.description

    @property
    def seed(self) -> int:
        """The seed of all randomness."""
        return self.settings.seed

    @property
    def start(self) -> datetime:
        """The instant of virtual time 0."""
        return self.settings.start

    @property
    def duration_s(self) -> float:
        """Seconds in which requests arrive and capacity is held."""
        return self.settings.duration

    @property
    def warmup_s(self) -> float:
        """Seconds at the beginning that the report leaves out."""
        return self.settings.warmup

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams of requests."""
        return self.settings.workload.streams

    @property
    def fleet(self) -> tuple[Deployment, ...]:
        """The deployments."""
        return self.settings.fleet

    @property
    def router(self) -> RouterSettings:
        """The router's settings."""
        return self.settings.router

    @property
    def faults(self) -> tuple[FaultSettings, ...]:
        """What goes wrong, as written."""
        return self.settings.faults

    @property
    def digest(self) -> str:
        """SHA-256 of the settings, recorded traffic and answers included by their content.

        What came later counts only where it is given: scenarios from before keep their digests.
        """
        return settings_digest(self.settings, self.streams)
