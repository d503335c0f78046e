"""The page `docs/reference/scenario.md`, written from the scenario's JSON Schema by `make docs`."""

from __future__ import annotations

from wayfare.reference.page import scenario_page

__all__ = ["scenario_page"]
