"""Examines a scenario whole: every problem of every stage that can still be judged, in one list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from catalogs import InvalidCatalogError, UnknownEntryError, load_catalog
from catalogs.errors import InputProblem
from catalogs.loading import DEFAULT_EDITION
from router.errors import InvalidPolicyParameterError, RouterError
from router.variants import make_variant, read_variant
from simulator.arrivals import ArrivalSettings
from simulator.quality.outcomes import InvalidOutcomesError
from simulator.scenario.checks.catalog import (
    DEPLOYMENT_NAMES,
    STREAM_NAMES,
    arrival_problems,
    scenario_problems,
    unknown_names,
)
from simulator.scenario.checks.extent import CheckCoverage
from simulator.scenario.checks.form import entries_at, form_of, in_file
from simulator.scenario.checks.size import size_problems
from simulator.scenario.recorded_answers import agreeing
from simulator.scenario.recorded_choices import replay_problems
from simulator.settings.router import RouterSettings
from simulator.settings.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalogs import Catalog
    from simulator.scenario.checks.form import ParsedSettings
    from simulator.settings.document import ScenarioSettings

    Problem = tuple[str, str]

POLICY = "--policy"
"""What policies that are asked for beside the scenario are called in messages."""
ARRIVALS: TypeAdapter[ArrivalSettings] = TypeAdapter(ArrivalSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckScope:
    """What an examination may touch: files that the scenario names, and the code of policies.

    `policies` are those to be run in the place of the scenario's own, or beside it; `kept_runs` so many
    finished runs are held in memory beside the one that is running.
    """

    files: bool = True
    own_policy: bool = True
    policies: tuple[str, ...] = ()
    kept_runs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedScenario:
    """A scenario that can be run, or its problems and None."""

    scenario: Scenario | None
    problems: tuple[InputProblem, ...]


def check_scenario(data: object, file: str, scope: CheckScope) -> CheckedScenario:
    """What there is to say of a scenario's plain data."""
    form = form_of(data, file)
    if form.settings is None:
        asked = unusable_policies(None, scope.policies)
        return CheckedScenario(scenario=None, problems=distinct([*form.problems, *asked]))
    catalog, problems = catalog_of(form.settings, file)
    extent = extent_of(form, scope, catalog_invalid=bool(problems))
    catalog, more = answers_laid_over(catalog, form.settings, extent, file)
    scenario = Scenario(settings=form.settings, catalog=catalog, file=file)
    problems = [
        *form.problems,
        *problems,
        *more,
    ]
    problems += [InputProblem(file, *one) for one in judged(scenario, form, extent, scope.kept_runs)]
    problems += [InputProblem(file, *one) for one in unnumbered(scenario, form, extent, data)]
    problems += unusable_policies(form.settings, scope.policies)
    if not problems:
        problems += unreplayable(scenario, scope)
    return CheckedScenario(scenario=None if problems else scenario, problems=distinct(problems))


def distinct(problems: Sequence[InputProblem]) -> tuple[InputProblem, ...]:
    """The problems, each once."""
    return tuple(dict.fromkeys(problems))


def extent_of(form: ParsedSettings, scope: CheckScope, *, catalog_invalid: bool) -> CheckCoverage:
    """What checks of this scenario may rely on."""
    overrides = form.settings.catalog.overrides if form.settings else {}
    return CheckCoverage(
        faulty=form.faulty | ({"catalog"} if catalog_invalid else set()),
        named={kind: frozenset(entries) for kind, entries in overrides.items()} if catalog_invalid else {},
        files=scope.files,
        own_policy=scope.own_policy,
    )


def catalog_of(settings: ScenarioSettings, file: str) -> tuple[Catalog, list[InputProblem]]:
    """The catalog the scenario stands on; where that is faulty, as much of it as is not."""
    edition, overrides = settings.catalog.edition, settings.catalog.overrides
    problems: list[InputProblem] = []
    try:
        return load_catalog(edition, overrides or None), problems
    except InvalidCatalogError as error:
        problems += [
            InputProblem(file, f"catalog: {problem.path}", problem.what) for problem in error.problems
        ]
        return load_catalog(edition), problems
    except UnknownEntryError as error:
        problems.append(InputProblem(file, "catalog.edition", str(error.args[0])))
        return load_catalog(DEFAULT_EDITION), problems


def answers_laid_over(
    catalog: Catalog, settings: ScenarioSettings, extent: CheckCoverage, file: str
) -> tuple[Catalog, list[InputProblem]]:
    """The catalog with the scenario's recorded answers, where they can be read."""
    if not (extent.files and extent.has("quality", "fleet", "workload", "catalog")):
        return catalog, []
    try:
        return agreeing(catalog, settings), []
    except InvalidOutcomesError as error:
        return catalog, [InputProblem(file, "quality.outcomes", str(problem)) for problem in error.problems]


def judged(
    scenario: Scenario, form: ParsedSettings, extent: CheckCoverage, kept_runs: int
) -> Iterator[Problem]:
    """What is wrong with what is well-formed, by the path in the file."""
    found = scenario_problems(scenario, extent)
    unsized = not extent.files or not extent.has("duration", "telemetry")
    if not unsized and not any(path.startswith("workload") for path, _what in found):
        found += size_problems(scenario, kept_runs)
    yield from ((in_file(path, form.kept), what) for path, what in found)


def unnumbered(
    scenario: Scenario, form: ParsedSettings, extent: CheckCoverage, data: object
) -> Iterator[Problem]:
    """What is wrong with names and arrivals within entries that are not well-formed themselves."""
    if not isinstance(data, dict):
        return
    for name, places in (("fleet", DEPLOYMENT_NAMES), ("workload.streams", STREAM_NAMES)):
        kept = form.kept.get(name)
        for number, entry in enumerate(entries_at(data, tuple(name.split("."))) if kept is not None else ()):
            if kept is not None and number not in kept:
                yield from unknown_names(scenario, extent, f"{name}.{number}", entry, places)
                yield from loose_arrivals(scenario, extent, f"{name}.{number}.arrivals", entry)


def loose_arrivals(scenario: Scenario, extent: CheckCoverage, path: str, entry: object) -> Iterator[Problem]:
    """What is wrong with the arrivals of a stream that is not well-formed, where they are."""
    given = entry.get("arrivals") if isinstance(entry, dict) else None
    if given is None:
        return
    try:
        arrivals = ARRIVALS.validate_python(given)
    except ValidationError:
        return
    yield from arrival_problems(path, arrivals, extent, scenario.duration_s)


def unusable_policies(settings: ScenarioSettings | None, policies: Sequence[str]) -> list[InputProblem]:
    """Policies beside the scenario's own that do not exist, or need parameters."""
    router = settings.router if settings is not None else RouterSettings(policy="")
    found = []
    for text in dict.fromkeys(policies):
        if text == router.policy:
            continue
        for parameter, what in unmade_variant(text, router):
            found.append(InputProblem(POLICY, f"{text}: {parameter}" if parameter else "", what))
    return found


def unreplayable(scenario: Scenario, scope: CheckScope) -> list[InputProblem]:
    """What keeps policies that replay a log from doing so; of a scenario without other problems."""
    if not scope.files:
        return []
    router = scenario.router
    asked = [router.policy] if scope.own_policy and not scope.policies else []
    found = []
    for text in dict.fromkeys([*asked, *scope.policies]):
        variant = read_variant(text)
        made = make_variant(variant, router.parameters if variant.policy == router.policy else {})
        for parameter, what in replay_problems(scenario, made):
            file, path = (
                (scenario.file, "router.parameters.") if text == router.policy else (POLICY, f"{text}: ")
            )
            found.append(InputProblem(file, f"{path}{parameter}", what))
    return found


def unmade_variant(text: str, router: RouterSettings) -> Iterator[Problem]:
    """Why a variant cannot be made, by parameter; one of the scenario's own policy has its parameters."""
    try:
        variant = read_variant(text)
        make_variant(variant, router.parameters if variant.policy == router.policy else {})
    except InvalidPolicyParameterError as error:
        yield from error.problems
    except RouterError as error:
        yield "", str(error.args[0])
