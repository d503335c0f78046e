"""A digest of everything that a published error depends on: code and coefficients, not data."""

from __future__ import annotations

import hashlib
from pathlib import Path

from catalogs import load_catalog

ROOT = Path(__file__).resolve().parents[1]
CODE = ("serving", "calibration", "kernel")


def accuracy_digest() -> str:
    """SHA-256 over the sources of step costs, kernel and calibration, profiles and chips."""
    digest = hashlib.sha256()
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    catalog = load_catalog()
    for entries in (catalog.serving_profiles, catalog.accelerators):
        for entry in entries.values():
            digest.update(entry.model_dump_json().encode())
    return digest.hexdigest()[:16]
