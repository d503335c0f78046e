"""The scenarios that ship with the product."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE_PARENT = Path(__file__).resolve().parents[2]
FOLDERS = (PACKAGE_PARENT / "scenarios", PACKAGE_PARENT / "wayfare" / "scenarios")
"""Beside the packages in a checkout; inside the shell's package in an installed wheel."""


@cache
def shipped_scenarios() -> dict[str, Path]:
    """Shipped scenario files by name, in alphabetical order."""
    folder = next((folder for folder in FOLDERS if folder.is_dir()), None)
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder else {}
