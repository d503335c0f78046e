"""Facts with sources: models, prices, accelerators, devices, regions, tasks, serving profiles."""

from __future__ import annotations

from catalogs.catalog import Catalog
from catalogs.errors import CatalogError, Fault, InvalidCatalogError, UnknownEntryError
from catalogs.loading import editions, load_catalog

__all__ = [
    "Catalog",
    "CatalogError",
    "Fault",
    "InvalidCatalogError",
    "UnknownEntryError",
    "editions",
    "load_catalog",
]
