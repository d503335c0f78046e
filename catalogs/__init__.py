"""Facts with sources: models, prices, accelerators, devices, regions, tasks, serving profiles."""

from __future__ import annotations

from catalogs.catalog import Catalog
from catalogs.errors import CatalogError, InputProblem, InvalidCatalogError, UnknownEntryError
from catalogs.loading import editions, load_catalog

__all__ = [
    "Catalog",
    "CatalogError",
    "InputProblem",
    "InvalidCatalogError",
    "UnknownEntryError",
    "editions",
    "load_catalog",
]
