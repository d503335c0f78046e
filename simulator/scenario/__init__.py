"""Scenarios: what to simulate, as written, checked against the catalog."""

from __future__ import annotations

from simulator.scenario.errors import InvalidScenarioError, ScenarioError
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import scenario_schema
from simulator.scenario.shipped import shipped_scenarios
from simulator.settings.document import ScenarioSettings
from simulator.settings.fleet import Deployment
from simulator.settings.scenario import Scenario
from simulator.settings.streams import Stream

__all__ = [
    "Deployment",
    "InvalidScenarioError",
    "Scenario",
    "ScenarioError",
    "ScenarioSettings",
    "Stream",
    "load_scenario",
    "scenario_schema",
    "shipped_scenarios",
]
