"""A scenario that exists is valid: settings, the catalog they stand on, and where they came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.arrivals import TraceArrivals
from simulator.tables.folders import files_of

if TYPE_CHECKING:
    from datetime import datetime

    from catalogs import Catalog
    from simulator.settings.document import ScenarioSettings
    from simulator.settings.faults import FaultSettings
    from simulator.settings.fleet import Deployment
    from simulator.settings.router import RouterSettings
    from simulator.settings.streams import Stream


WITHOUT_OUTCOMES = ("discrimination", "difficulty_noise", "router_auc", "outcomes")
"""Keys of `quality` that mean something where no answers are recorded."""


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
        plain = self.settings.model_dump(mode="json")
        for deployment in plain["fleet"]:
            if deployment["weight"] is None:
                del deployment["weight"]
        for stream, settings in zip(plain["workload"]["streams"], self.streams, strict=True):
            if isinstance(settings.arrivals, TraceArrivals):
                stream["arrivals"]["file"] = content_digest(settings.arrivals.file)
                for key in LATER_TRACE_KEYS & (
                    TraceArrivals.model_fields.keys() - settings.arrivals.model_fields_set
                ):
                    del stream["arrivals"][key]
        if self.settings.quality.outcomes is None:
            plain["quality"] = {name: plain["quality"][name] for name in WITHOUT_OUTCOMES}
        else:
            plain["quality"]["outcomes"] = outcomes_digest(self.settings.quality.outcomes)
        for values in plain["signals"].values():
            files = {region: file for region, file in values.items() if isinstance(file, str)}
            values |= {region: content_digest(file) for region, file in files.items()}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


LATER_TRACE_KEYS = frozenset({"failed", "history"})
"""Keys of traces that count only where they are given."""


def outcomes_digest(path: str) -> str:
    """SHA-256 of a file's bytes, or of the names and bytes of a folder's tables."""
    folder = Path(path)
    if not folder.is_dir():
        return content_digest(path)
    inside = [(str(file.relative_to(folder)), content_digest(str(file))) for file in files_of(folder)]
    return hashlib.sha256(json.dumps(inside).encode()).hexdigest()


def content_digest(file: str) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
