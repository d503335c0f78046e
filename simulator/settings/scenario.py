"""A scenario that exists is valid: settings, the catalog they stand on, and where they came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


LATER_ROUTER_DEFAULTS = (("assignment", "random"),)
LATER_RESILIENCE_KEYS = frozenset(
    {
        "retries_by_class",
        "context_window_fallbacks",
        "content_policy_fallbacks",
        "cooldown_by_hint",
        "disable_cooldowns",
        "allowed_fails_by_class",
        "breaker",
    }
)
"""Keys of `router.resilience` that count where they say something; all of their defaults are empty."""
WITHOUT_OUTCOMES = ("discrimination", "difficulty_noise", "router_auc", "feedback", "outcomes")
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

        Weights, deadlines of deferral and feedback count only where they are given, and so do some of the
        router's keys: scenarios from before
        there were any keep their digests.
        """
        plain = self.settings.model_dump(mode="json")
        plain["router"] = without_later_defaults(plain["router"])
        for deployment in plain["fleet"]:
            if deployment["weight"] is None:
                del deployment["weight"]
        if plain["quality"]["feedback"] is None:
            del plain["quality"]["feedback"]
        for stream in plain["workload"]["streams"]:
            if stream["defer_deadline"] is None:
                del stream["defer_deadline"]
        for stream, settings in zip(plain["workload"]["streams"], self.streams, strict=True):
            if isinstance(settings.arrivals, TraceArrivals):
                stream["arrivals"]["file"] = content_digest(settings.arrivals.file)
        if self.settings.quality.outcomes is None:
            kept = (name for name in WITHOUT_OUTCOMES if name in plain["quality"])
            plain["quality"] = {name: plain["quality"][name] for name in kept}
        else:
            plain["quality"]["outcomes"] = outcomes_digest(self.settings.quality.outcomes)
        for values in plain["signals"].values():
            files = {region: file for region, file in values.items() if isinstance(file, str)}
            values |= {region: content_digest(file) for region, file in files.items()}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def without_later_defaults(router: dict[str, Any]) -> dict[str, Any]:
    """The router's plain settings without keys that came later and have their default."""
    kept = {name: value for name, value in router.items() if (name, value) not in LATER_ROUTER_DEFAULTS}
    resilience = kept["resilience"]
    if resilience is None:
        return kept
    stated = {name: value for name, value in resilience.items() if value or name not in LATER_RESILIENCE_KEYS}
    return {**kept, "resilience": stated}


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
