"""Scenarios: what to simulate, as written, checked against the catalog."""

from __future__ import annotations

from simulator.scenario.errors import InvalidScenarioError, ScenarioError
from simulator.scenario.fleet import Deployment
from simulator.scenario.loading import load_scenario
from simulator.scenario.scenario import Scenario
from simulator.scenario.schema import scenario_schema
from simulator.scenario.settings import ScenarioSettings
from simulator.scenario.shipped import shipped_scenarios
from simulator.scenario.streams import Stream

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
