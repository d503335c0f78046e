"""The world: scenarios replayed through a routing policy, and what that would cost.

`load_scenario`, `simulate` and `compare` are the whole way through.
"""

from __future__ import annotations

from simulator.experiment.comparison import Comparison, compare
from simulator.experiment.simulation import RunResult, simulate
from simulator.observer import Observer, SilentObserver
from simulator.report import Report
from simulator.scenario import (
    InvalidScenarioError,
    Scenario,
    load_scenario,
    scenario_schema,
    shipped_scenarios,
)

__all__ = [
    "Comparison",
    "InvalidScenarioError",
    "Observer",
    "Report",
    "RunResult",
    "Scenario",
    "SilentObserver",
    "compare",
    "load_scenario",
    "scenario_schema",
    "shipped_scenarios",
    "simulate",
]
