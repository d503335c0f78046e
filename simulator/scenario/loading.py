"""Reads a scenario: a file, a shipped scenario's name or plain data, checked whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from catalogs import InvalidCatalogError, UnknownEntryError, load_catalog
from catalogs.errors import Fault
from catalogs.reader import read_yaml
from simulator.quality.outcomes import InvalidOutcomesError
from simulator.scenario.checking import check
from simulator.scenario.errors import InvalidScenarioError
from simulator.scenario.faults import faults_of
from simulator.scenario.overrides import overridden
from simulator.scenario.recorded_answers import agreeing
from simulator.scenario.scenario import Scenario
from simulator.scenario.settings import ScenarioSettings
from simulator.scenario.shipped import shipped_scenarios

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalogs import Catalog

INLINE = "scenario"
"""What plain data is called in messages."""


def load_scenario(
    source: str | Path | Mapping[str, object],
    *,
    overrides: Sequence[str] = (),
    trace: str | Path | None = None,
    seed: int | None = None,
) -> Scenario:
    """The checked scenario.

    Args:
        source: a file, the name of a shipped scenario, or plain data.
        overrides: settings `path.to.key=value` laid over it, values read as YAML.
        trace: a trace file that takes the place of every recorded stream's file.
        seed: a seed instead of the scenario's.

    Raises:
        InvalidScenarioError: lists every fault with its file and path.
    """
    data, file = plain_data(source)
    data, faults = overridden(data, overrides)
    if faults:
        raise InvalidScenarioError(tuple(faults))
    data = with_seed(with_files(data, file, trace), seed)
    return checked(validated(data, file), file)


def plain_data(source: str | Path | Mapping[str, object]) -> tuple[object, str]:
    """The data behind a source, and what to call it in messages."""
    if not isinstance(source, str | Path):
        return dict(source), INLINE
    path = Path(source)
    shipped = shipped_scenarios()
    if not path.exists() and str(source) in shipped:
        path = shipped[str(source)]
    if not path.is_file():
        known = ", ".join(map(repr, shipped))
        what = f"no such scenario file; shipped scenarios: {known}"
        raise InvalidScenarioError((Fault(str(source), "", what),))
    try:
        return read_yaml(path), str(path)
    except InvalidCatalogError as error:
        raise InvalidScenarioError(error.faults) from error


def with_files(data: object, file: str, trace: str | Path | None) -> object:
    """The data with the given trace, and with relative files taken from the scenario's folder."""
    folder = Path(file).parent
    for arrivals in recorded(data):
        name = arrivals.get("file")
        if trace is not None:
            arrivals["file"] = str(trace)
        elif isinstance(name, str):
            arrivals["file"] = str(folder / name)
    quality = data.get("quality") if isinstance(data, dict) else None
    if isinstance(quality, dict) and isinstance(quality.get("outcomes"), str):
        quality["outcomes"] = str(folder / quality["outcomes"])
    for values in signals_in(data):
        values |= {region: str(folder / file) for region, file in values.items() if isinstance(file, str)}
    return data


def signals_in(data: object) -> list[dict[str, object]]:
    """The signals by region in plain data that may be malformed."""
    signals = data.get("signals") if isinstance(data, dict) else None
    kinds = signals.values() if isinstance(signals, dict) else []
    return [values for values in kinds if isinstance(values, dict)]


def recorded(data: object) -> list[dict[str, object]]:
    """The arrivals of recorded streams in plain data that may be malformed."""
    workload = data.get("workload") if isinstance(data, dict) else None
    streams = workload.get("streams") if isinstance(workload, dict) else None
    entries = streams if isinstance(streams, list) else []
    arrivals = [entry.get("arrivals") for entry in entries if isinstance(entry, dict)]
    return [one for one in arrivals if isinstance(one, dict) and one.get("pattern") == "trace"]


def with_seed(data: object, seed: int | None) -> object:
    """The data with another seed, where one is given."""
    return {**data, "seed": seed} if isinstance(data, dict) and seed is not None else data


def validated(data: object, file: str) -> ScenarioSettings:
    """The settings; raises `InvalidScenarioError` with all faults of form."""
    try:
        return ScenarioSettings.model_validate(data)
    except ValidationError as error:
        faults = faults_of(error, ScenarioSettings, data, file)
        raise InvalidScenarioError(tuple(faults)) from error


def checked(settings: ScenarioSettings, file: str) -> Scenario:
    """The scenario; raises `InvalidScenarioError` with all faults against catalog and files."""
    catalog = catalog_of(settings, file)
    try:
        catalog = agreeing(catalog, settings)
    except InvalidOutcomesError as error:
        faults = [Fault(file, "quality.outcomes", str(fault)) for fault in error.faults]
        raise InvalidScenarioError(tuple(faults)) from error
    scenario = Scenario(settings=settings, catalog=catalog, file=file)
    faults = check(scenario)
    if faults:
        raise InvalidScenarioError(tuple(faults))
    return scenario


def catalog_of(settings: ScenarioSettings, file: str) -> Catalog:
    """The catalog the scenario stands on; its faults are the scenario's."""
    try:
        return load_catalog(settings.catalog.edition, settings.catalog.overrides or None)
    except InvalidCatalogError as error:
        faults = [Fault(file, f"catalog: {fault.path}", fault.what) for fault in error.faults]
        raise InvalidScenarioError(tuple(faults)) from error
    except UnknownEntryError as error:
        fault = Fault(file, "catalog.edition", str(error.args[0]))
        raise InvalidScenarioError((fault,)) from error
