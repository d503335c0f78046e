"""What entries say of one another: every name they use must exist, every pair of regions be given."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from catalogs.errors import InputProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from catalogs.catalog import Catalog

    Reference = tuple[str, str, str, str, Collection[str]]
    Names = Mapping[str, Collection[str]]


def reference_problems(
    catalog: Catalog, names: Names, files: dict[tuple[str, str], str]
) -> list[InputProblem]:
    """Names that no entry has, and pairs of regions without a round trip.

    `names` are those of all entries by kind, also of entries that are left out for their own problems.
    """
    unknown = [
        InputProblem(
            files.get((kind, entry), catalog.edition),
            f"{entry}.{path}",
            f"unknown name {name!r}; known: {', '.join(map(repr, known))}",
        )
        for kind, entry, path, name, known in references(catalog, names)
        if name not in known
    ]
    return unknown + round_trip_problems(catalog, files)


def references(catalog: Catalog, names: Names) -> Iterator[Reference]:
    """Every use of a name: kind and name of the entry, path in it, the name, and those known."""
    for offer in catalog.offers.values():
        yield "offers", offer.name, "model", offer.model, names["models"]
    for device in catalog.devices.values():
        for runs in device.speeds:
            yield "devices", device.name, f"speeds.{runs}", runs, names["models"]
    for model in catalog.models.values():
        for task in model.success:
            yield "models", model.name, f"success.{task}", task, names["tasks"]
    for region in catalog.regions.values():
        for other in region.rtt_ms:
            yield "regions", region.name, f"rtt_ms.{other}", other, names["regions"]
    yield from chip_references(catalog, names)


def chip_references(catalog: Catalog, names: Names) -> Iterator[Reference]:
    """Where chips are available, and which of them a profile's points were measured on."""
    for chip in catalog.accelerators.values():
        for place in (*(chip.regions or ()), *chip.banned_regions):
            yield "accelerators", chip.name, "regions", place, names["regions"]
    for profile in catalog.serving_profiles.values():
        for name in profile.domain.accelerators if profile.domain else ():
            yield "serving_profiles", profile.name, "domain.accelerators", name, names["accelerators"]


def round_trip_problems(catalog: Catalog, files: dict[tuple[str, str], str]) -> list[InputProblem]:
    """Pairs of regions of which neither gives the round trip to the other; silence is not 0 ms."""
    return [
        InputProblem(
            files.get(("regions", one.name), catalog.edition),
            f"{one.name}.rtt_ms.{other.name}",
            f"missing; give milliseconds here or under {other.name}.rtt_ms.{one.name}",
        )
        for one, other in combinations(catalog.regions.values(), 2)
        if other.name not in one.rtt_ms and one.name not in other.rtt_ms
    ]
