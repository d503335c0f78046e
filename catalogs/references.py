"""What entries say of one another: every name they use must exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from catalogs.catalog import Catalog

    Reference = tuple[str, str, str, str, Collection[str]]


def reference_faults(catalog: Catalog, files: dict[tuple[str, str], str]) -> list[Fault]:
    """Names that no entry has."""
    return [
        Fault(
            files.get((kind, entry), catalog.edition),
            f"{entry}.{path}",
            f"unknown name {name!r}; known: {', '.join(map(repr, known))}",
        )
        for kind, entry, path, name, known in references(catalog)
        if name not in known
    ]


def references(catalog: Catalog) -> Iterator[Reference]:
    """Every use of a name: kind and name of the entry, path in it, the name, and those known."""
    for offer in catalog.offers.values():
        yield "offers", offer.name, "model", offer.model, catalog.models
    for device in catalog.devices.values():
        for name in device.speeds:
            yield "devices", device.name, f"speeds.{name}", name, catalog.models
    for model in catalog.models.values():
        for task in model.success:
            yield "models", model.name, f"success.{task}", task, catalog.tasks
    for region in catalog.regions.values():
        for other in region.rtt_ms:
            yield "regions", region.name, f"rtt_ms.{other}", other, catalog.regions
    for chip in catalog.accelerators.values():
        for place in (*(chip.regions or ()), *chip.banned_regions):
            yield "accelerators", chip.name, "regions", place, catalog.regions
