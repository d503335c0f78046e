"""Reads a scenario: a file, a shipped scenario's name or plain data, checked whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs import InvalidCatalogError
from catalogs.errors import InputProblem
from catalogs.near_names import did_you_mean
from catalogs.own_file import own_figures, with_own_figures
from catalogs.reader import MOST_NESTING, read_yaml
from simulator.scenario.checks.checked import (
    CheckedScenario,
    CheckScope,
    check_scenario,
    unusable_policies,
)
from simulator.scenario.errors import InvalidScenarioError
from simulator.scenario.overrides import overridden
from simulator.scenario.shipped import shipped_scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.settings.scenario import Scenario

INLINE = "scenario"
"""What plain data is called in messages."""
EVERYTHING = CheckScope()
"""Of an examination that may read all files and make the scenario's own policy."""


def load_scenario(
    source: str | Path | Mapping[str, object],
    *,
    overrides: Sequence[str] = (),
    trace: str | Path | None = None,
    seed: int | None = None,
    catalog: str | Path | None = None,
    policies: Sequence[str] = (),
) -> Scenario:
    """The checked scenario.

    Args:
        source: a file, the name of a shipped scenario, or plain data.
        overrides: settings `path.to.key=value` that override it, values read as YAML; a name with dots
            in it is quoted.
        trace: a trace file that takes the place of every recorded stream's file.
        seed: a seed instead of the scenario's.
        catalog: a file of own figures (kind, name, entry); its `catalog.overrides` take precedence.
        policies: policies that are to be run beside its own; theirs are problems as well.

    Raises:
        InvalidScenarioError: lists every problem with its file and path.
    """
    scope = CheckScope(policies=tuple(policies))
    return scenario_or_error(
        load_and_check(source, overrides=overrides, trace=trace, seed=seed, catalog=catalog, scope=scope)
    )


def scenario_or_error(examination: CheckedScenario) -> Scenario:
    """The scenario that was examined.

    Raises:
        InvalidScenarioError: it has problems.
    """
    if examination.scenario is None or examination.problems:
        raise InvalidScenarioError(examination.problems)
    return examination.scenario


def load_and_check(
    source: str | Path | Mapping[str, object],
    *,
    overrides: Sequence[str] = (),
    trace: str | Path | None = None,
    seed: int | None = None,
    catalog: str | Path | None = None,
    scope: CheckScope = EVERYTHING,
) -> CheckedScenario:
    """The scenario, or every problem of every stage that can still be judged; see `load_scenario`."""
    try:
        data, file = plain_data(source)
        data = with_own_figures(data, {} if catalog is None else own_figures(Path(catalog)))
    except (InvalidScenarioError, InvalidCatalogError) as error:
        asked = unusable_policies(None, scope.policies)
        return CheckedScenario(scenario=None, problems=(*error.problems, *asked))
    data, problems = overridden(data, overrides)
    problems += unplayed(data, trace)
    found = check_scenario(with_seed(with_files(data, file, trace), seed), file, scope)
    if not problems:
        return found
    return CheckedScenario(scenario=None, problems=(*problems, *found.problems))


def plain_data(source: str | Path | Mapping[str, object]) -> tuple[object, str]:
    """The data behind a source, and what to call it in messages."""
    if not isinstance(source, str | Path):
        if is_deep(source):
            what = f"nested more than {MOST_NESTING} deep, or within itself"
            raise InvalidScenarioError((InputProblem(INLINE, "", what),))
        return (dict(source) if isinstance(source, Mapping) else source), INLINE
    path = Path(source)
    shipped = shipped_scenarios()
    if not path.exists() and str(source) in shipped:
        path = shipped[str(source)]
    if not path.is_file():
        known = ", ".join(map(repr, shipped))
        hint = did_you_mean(str(source), shipped)
        what = f"no such scenario file; {hint}shipped scenarios: {known}"
        raise InvalidScenarioError((InputProblem(str(source), "", what),))
    try:
        return read_yaml(path), str(path)
    except InvalidCatalogError as error:
        raise InvalidScenarioError(error.problems) from error


def is_deep(source: object) -> bool:
    """Whether plain data is nested deeper than any scenario; without recursion."""
    level = [source] if isinstance(source, Mapping | list | tuple) else []
    for _depth in range(MOST_NESTING):
        below = [one.values() if isinstance(one, Mapping) else one for one in level]
        level = [each for one in below for each in one if isinstance(each, Mapping | list | tuple)]
        if not level:
            return False
    return True


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


def unplayed(data: object, trace: str | Path | None) -> list[InputProblem]:
    """That a trace was given to a scenario that plays none."""
    if trace is None or recorded(data):
        return []
    what = "no stream plays a recording; one with `arrivals: {pattern: trace, file: ...}` does"
    return [InputProblem("--trace", str(trace), what)]


def with_seed(data: object, seed: int | None) -> object:
    """The data with another seed, where one is given."""
    return {**data, "seed": seed} if isinstance(data, dict) and seed is not None else data
