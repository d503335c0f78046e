"""A catalog: all facts of one edition, by kind and name, with a digest of what it holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from catalogs.errors import UnknownEntryError
from catalogs.near_names import did_you_mean
from catalogs.records import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from catalogs.offers import Offer, Provider
    from catalogs.records import (
        Accelerator,
        Assumption,
        Device,
        Model,
        Region,
        Task,
    )
    from catalogs.serving_profile import ServingProfile

T = TypeVar("T", bound=Entry)
FEW = 20
"""Entries of a kind that a message lists although it has near names."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Catalog:
    """The facts of an edition. The mappings are by name, in alphabetical order."""

    edition: str
    models: Mapping[str, Model]
    offers: Mapping[str, Offer]
    providers: Mapping[str, Provider]
    accelerators: Mapping[str, Accelerator]
    devices: Mapping[str, Device]
    regions: Mapping[str, Region]
    tasks: Mapping[str, Task]
    serving_profiles: Mapping[str, ServingProfile]
    economics: Mapping[str, Assumption]

    def model(self, name: str) -> Model:
        """The model of that name; raises `UnknownEntryError`."""
        return entry_named("model", self.models, name)

    def offer(self, name: str) -> Offer:
        """The offer `provider/model`; raises `UnknownEntryError`."""
        return entry_named("offer", self.offers, name)

    def accelerator(self, name: str) -> Accelerator:
        """The accelerator of that name; raises `UnknownEntryError`."""
        return entry_named("accelerator", self.accelerators, name)

    def device(self, name: str) -> Device:
        """The device of that name; raises `UnknownEntryError`."""
        return entry_named("device", self.devices, name)

    def region(self, name: str) -> Region:
        """The region of that name; raises `UnknownEntryError`, which translates providers' names."""
        for region in self.regions.values():
            if name.lower() in region.provider_regions and name not in self.regions:
                message = f"unknown region {name!r}; that place is called {region.name!r} here"
                raise UnknownEntryError(message)
        return entry_named("region", self.regions, name)

    def task(self, name: str) -> Task:
        """The task class of that name; raises `UnknownEntryError`."""
        return entry_named("task", self.tasks, name)

    def serving_profile(self, name: str) -> ServingProfile:
        """The serving profile of that name; raises `UnknownEntryError`."""
        return entry_named("serving profile", self.serving_profiles, name)

    def assumption(self, name: str) -> float:
        """The value assumed under that name; raises `UnknownEntryError`."""
        return entry_named("assumption", self.economics, name).value

    def kinds(self) -> dict[str, Mapping[str, Entry]]:
        """Entries by kind, kinds by their field names."""
        return {field.name: getattr(self, field.name) for field in fields(self)[1:]}

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Every entry with its kind."""
        for kind, entries in self.kinds().items():
            for entry in entries.values():
                yield kind, entry

    @property
    def date(self) -> date:
        """The day the newest figure was retrieved."""
        return max(entry.retrieved for _kind, entry in self.entries() if entry.retrieved)

    @property
    def digest(self) -> str:
        """SHA-256 of all figures; the same for the same facts."""
        return digest_of(self)


@lru_cache(maxsize=64)
def digest_of(catalog: Catalog) -> str:
    """SHA-256 of all figures of a catalog."""
    plain = {
        kind: {name: entry.model_dump(mode="json") for name, entry in entries.items()}
        for kind, entries in catalog.kinds().items()
    }
    text = json.dumps({"edition": catalog.edition, **plain}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def entry_named(kind: str, entries: Mapping[str, T], name: str) -> T:
    """The entry of that name.

    Raises:
        UnknownEntryError: there is none; the message has near matches, and all names where they are few
            or none is near.
    """
    if name in entries:
        return entries[name]
    listed = f"known: {', '.join(map(repr, entries))}"
    near = did_you_mean(name, entries, count=3).strip()
    hint = " ".join(filter(None, (near, listed if len(entries) <= FEW or not near else "")))
    message = f"unknown {kind} {name!r}; {hint}"
    raise UnknownEntryError(message)
