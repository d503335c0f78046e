"""The JSON Schema of scenario files, for editors and for other programs."""

from __future__ import annotations

from simulator.scenario.settings import ScenarioSettings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> dict[str, object]:
    """JSON Schema (2020-12) of the scenario file."""
    made = ScenarioSettings.model_json_schema()
    return {"$schema": DIALECT, **made, "title": "Wayfare scenario"}
