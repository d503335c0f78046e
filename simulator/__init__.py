"""The world: scenarios replayed through a routing policy, and what that would cost.

`load_scenario`, `simulate` and `compare` are the whole way through.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.experiment.comparison import Comparison, compare
    from simulator.experiment.simulation import RunResult, simulate
    from simulator.observer import Observer, SilentObserver
    from simulator.report.report import Report
    from simulator.scenario import (
        InvalidScenarioError,
        Scenario,
        load_scenario,
        scenario_schema,
        shipped_scenarios,
    )

HOMES = {
    "simulator.experiment.comparison": ("Comparison", "compare"),
    "simulator.experiment.simulation": ("RunResult", "simulate"),
    "simulator.observer": ("Observer", "SilentObserver"),
    "simulator.report.report": ("Report",),
    "simulator.scenario": (
        "InvalidScenarioError",
        "Scenario",
        "load_scenario",
        "scenario_schema",
        "shipped_scenarios",
    ),
}
"""The module that each public name is imported from when it is asked for."""

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


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for: a run needs no comparison."""
    home = next((module for module, names in HOMES.items() if name in names), None)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found
