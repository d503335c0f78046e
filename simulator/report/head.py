"""The report's head: what was run, from what facts, by which version."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from simulator.report.report import SCHEMA, CatalogMark, ScenarioMark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.host.host import Host
    from simulator.settings.scenario import Scenario

DISTRIBUTION = "wayfare"


def report_head(scenario: Scenario, host: Host, warnings: Sequence[str], *, wall_s: float) -> dict[str, Any]:
    """The fields that say what the figures are about."""
    catalog = scenario.catalog
    return {
        "schema": SCHEMA,
        "scenario": ScenarioMark(name=scenario.name, digest=scenario.digest),
        "policy": host.name,
        "seed": scenario.seed,
        "version": installed_version(),
        "catalog": CatalogMark(edition=catalog.edition, date=catalog.date.isoformat(), digest=catalog.digest),
        "oracle": host.oracle,
        "replays": host.replays,
        "replications": 1,
        "simulated_s": scenario.duration_s,
        "wall_s": wall_s,
        "intervals": {},
        "warnings": list(warnings),
    }


def installed_version() -> str:
    """The product's version; `0` in a tree that was never installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"
