"""What the catalog has to say about a scenario: everything named exists, fits and is sold."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from catalogs.catalog import Catalog
from catalogs.errors import UnknownEntryError
from catalogs.near_names import unknown_name
from catalogs.units import utc_day
from router.errors import InvalidPolicyParameterError, RouterError
from router.registry import make_policy
from simulator.arrivals import PlugInArrivals, TraceArrivals
from simulator.fleet.given_signals import signal_problems
from simulator.fleet.registry import BACKENDS
from simulator.scenario.checks.extent import WHOLE, CheckCoverage
from simulator.scenario.checks.faults import disturbance_problems
from simulator.scenario.checks.traces import length_problems, recording_problems
from simulator.traces.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from simulator.arrivals import ArrivalSettings
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream

    Problem = tuple[str, str]

T = TypeVar("T")

LOOKUPS: Final[Mapping[str, Callable[[Catalog, str], object]]] = MappingProxyType(
    {
        "models": Catalog.model,
        "offers": Catalog.offer,
        "accelerators": Catalog.accelerator,
        "devices": Catalog.device,
        "regions": Catalog.region,
        "tasks": Catalog.task,
        "serving_profiles": Catalog.serving_profile,
    }
)
"""How an entry of a kind is found, with what is said where it is not."""
DEPLOYMENT_NAMES: Final = MappingProxyType(
    {
        "model": "models",
        "region": "regions",
        "hardware.accelerator": "accelerators",
        "engine.profile": "serving_profiles",
        "api.offer": "offers",
        "device.device": "devices",
    }
)
"""Where a deployment names entries of the catalog, and of which kind."""
STREAM_NAMES: Final = MappingProxyType({"task": "tasks", "region": "regions", "residency": "regions"})
"""Where a stream does."""


def scenario_problems(scenario: Scenario, extent: CheckCoverage = WHOLE) -> list[Problem]:
    """Everything that is wrong with a scenario against its catalog and its files, by path."""
    found = [
        *start_problems(scenario, extent),
        *duplicate_problems(scenario),
        *(
            problem
            for stream in numbered(scenario.streams)
            for problem in of_stream(scenario, *stream, extent)
        ),
        *(
            problem
            for entry in numbered(scenario.fleet)
            for problem in of_deployment(scenario, *entry, extent)
        ),
    ]
    if extent.files and extent.has("start", "duration", "catalog", "signals"):
        found += signal_problems(scenario)
    if extent.own_policy and extent.has("router"):
        found += policy_problems(scenario)
    if extent.has("router", "fleet"):
        found += resilience_problems(scenario)
    if extent.has("fleet", "workload"):
        found += disturbance_problems(scenario)
    return found


def numbered(entries: Iterable[T]) -> Iterator[tuple[int, T]]:
    """Entries with their numbers."""
    return enumerate(entries)


def start_problems(scenario: Scenario, extent: CheckCoverage) -> Iterator[Problem]:
    """A run cannot begin after the last day the catalog knows of."""
    known = scenario.catalog.date
    day = utc_day(scenario.start)
    if extent.has("start", "catalog") and day > known:
        yield "start", f"{day} lies in the future of the catalog (as of {known})"


def duplicate_problems(scenario: Scenario) -> Iterator[Problem]:
    """Names of streams and of deployments are given once."""
    for path, entries in (("workload.streams", scenario.streams), ("fleet", scenario.fleet)):
        for name, count in Counter(entry.name for entry in entries).items():
            if count > 1:
                yield path, f"the name {name!r} is given {count} times; names must be unique"


def unknown(scenario: Scenario, extent: CheckCoverage, path: str, kind: str, name: str) -> Iterator[Problem]:
    """The complaint that the catalog has no entry of that kind and name, if it has none."""
    if name in extent.named.get(kind, ()):
        return
    try:
        LOOKUPS[kind](scenario.catalog, name)
    except UnknownEntryError as error:
        yield path, str(error.args[0])


def of_stream(scenario: Scenario, number: int, stream: Stream, extent: CheckCoverage) -> Iterator[Problem]:
    """What is wrong with a stream."""
    path = f"workload.streams.{number}"
    yield from unknown(scenario, extent, f"{path}.task", "tasks", stream.task)
    yield from unknown(scenario, extent, f"{path}.region", "regions", stream.region)
    for region in stream.residency or ():
        yield from unknown(scenario, extent, f"{path}.residency", "regions", region)
    yield from arrival_problems(f"{path}.arrivals", stream.arrivals, extent, scenario.duration_s)
    if isinstance(stream.arrivals, TraceArrivals):
        yield from length_problems(path, stream)
    if extent.has("fleet"):
        yield from residency_problems(scenario, path, stream)


def arrival_problems(
    path: str, arrivals: ArrivalSettings, extent: CheckCoverage, duration_s: float
) -> Iterator[Problem]:
    """What is wrong with a stream's arrivals: a pattern's parameters, or a trace's file and settings."""
    if isinstance(arrivals, TraceArrivals) and extent.files:
        yield from recording_problems(path, arrivals, duration_s)
        return
    try:
        if isinstance(arrivals, PlugInArrivals):
            arrivals.made()
    except (WorkloadError, ValueError) as error:
        yield path, str(error)


def residency_problems(scenario: Scenario, path: str, stream: Stream) -> Iterator[Problem]:
    """Somebody in the fleet must be allowed to serve the stream."""
    allowed = None if stream.residency is None else set(stream.residency)
    regions = [entry for entry in scenario.fleet if serves_in(entry, stream, allowed)]
    if not regions:
        places = ", ".join(repr(name) for name in stream.residency or ())
        yield f"{path}.residency", f"no deployment is in {places}; the stream cannot be served"
        return
    if all(entry.tier in stream.banned_tiers for entry in regions):
        yield f"{path}.banned_tiers", "every deployment that may serve the stream is in a banned tier"


def serves_in(entry: Deployment, stream: Stream, allowed: set[str] | None) -> bool:
    """Whether a deployment stands where the stream's data may go; a user's own device does."""
    place = stream.region if own_device(entry) else entry.region
    return allowed is None or place in allowed


def own_device(entry: Deployment) -> bool:
    """Whether each user brings the machine."""
    return entry.device is not None and entry.device.per_user


def of_deployment(
    scenario: Scenario, number: int, entry: Deployment, extent: CheckCoverage
) -> Iterator[Problem]:
    """What is wrong with a deployment: names first, then what its back-end finds."""
    path = f"fleet.{number}"
    if not extent.has("start", "catalog"):
        yield from unknown_names(scenario, extent, path, entry.model_dump(), DEPLOYMENT_NAMES)
        return
    found = [
        *unknown(scenario, extent, f"{path}.model", "models", entry.model),
        *unknown(scenario, extent, f"{path}.region", "regions", entry.region),
    ]
    yield from found
    if not found:
        backend = BACKENDS[entry.backend]
        for key, what in backend.problems(scenario, entry):
            yield f"{path}.{key}", what


def policy_problems(scenario: Scenario) -> Iterator[Problem]:
    """The scenario's own policy must exist and take its parameters."""
    router = scenario.router
    for parameter, what in unmade(router.policy, router.parameters):
        if parameter:
            yield f"router.parameters.{parameter}", f"{what} (parameters of {router.policy!r})"
        else:
            yield "router.policy", what


def unmade(name: str, parameters: Mapping[str, object]) -> Iterator[Problem]:
    """Why a policy cannot be made, by parameter; of the policy itself where that is empty."""
    try:
        make_policy(name, parameters)
    except InvalidPolicyParameterError as error:
        yield from error.problems
    except RouterError as error:
        yield "", str(error.args[0])


def resilience_problems(scenario: Scenario) -> Iterator[Problem]:
    """Fallbacks must name deployments of the fleet, or replicas of them."""
    settings = scenario.router.resilience
    if settings is None:
        return
    names = {entry.name for entry in scenario.fleet}
    tables = settings.resilience().fallback_tables
    for key, table in tables.items():
        given = [*table, *(name for chain in table.values() for name in chain)]
        if key == "fallbacks":
            given += settings.default_fallbacks
        for name in dict.fromkeys(given):
            if name.partition("/")[0] not in names:
                yield f"router.resilience.{key}", unknown_name("deployment", name, sorted(names))


def unknown_names(
    scenario: Scenario, extent: CheckCoverage, path: str, entry: object, places: Mapping[str, str]
) -> Iterator[Problem]:
    """Names in an entry's plain data that the catalog does not have; the data may be malformed."""
    for place, kind in places.items():
        here = entry
        for step in place.split("."):
            here = here.get(step) if isinstance(here, dict) else None
        names = here if isinstance(here, list | tuple) else [here]
        for name in names:
            if isinstance(name, str):
                yield from unknown(scenario, extent, f"{path}.{place}", kind, name)
