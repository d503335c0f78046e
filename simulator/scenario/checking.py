"""What the catalog has to say about a scenario: everything named exists, fits and is sold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from catalogs.errors import Fault, UnknownEntryError
from catalogs.units import utc_day
from router.errors import InvalidPolicyParameterError, RouterError
from router.registry import make_policy
from simulator.fleet.given_signals import signal_problems
from simulator.fleet.registry import BACKENDS
from simulator.scenario.disturbance_checking import disturbance_problems
from simulator.scenario.streams import TraceArrivals
from simulator.scenario.trace_checking import trace_problems
from simulator.workload.arrivals import arrival_pattern
from simulator.workload.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from simulator.scenario.fleet import Deployment
    from simulator.scenario.scenario import Scenario
    from simulator.scenario.streams import Stream

    Problem = tuple[str, str]

T = TypeVar("T")


def check(scenario: Scenario) -> list[Fault]:
    """Every fault of a scenario against its catalog and its files."""
    problems = [
        *start_problems(scenario),
        *duplicate_problems(scenario),
        *(problem for stream in numbered(scenario.streams) for problem in of_stream(scenario, *stream)),
        *(problem for entry in numbered(scenario.fleet) for problem in of_deployment(scenario, *entry)),
        *signal_problems(scenario),
        *policy_problems(scenario),
        *resilience_problems(scenario),
        *disturbance_problems(scenario),
    ]
    return [Fault(scenario.file, path, what) for path, what in problems]


def numbered(entries: Iterable[T]) -> Iterator[tuple[int, T]]:
    """Entries with their numbers."""
    return enumerate(entries)


def start_problems(scenario: Scenario) -> Iterator[Problem]:
    """A run cannot begin after the last day the catalog knows of."""
    known = scenario.catalog.date
    day = utc_day(scenario.start)
    if day > known:
        yield "start", f"{day} lies in the future of the catalog (as of {known})"


def duplicate_problems(scenario: Scenario) -> Iterator[Problem]:
    """Names of streams and of deployments are given once."""
    for path, entries in (("workload.streams", scenario.streams), ("fleet", scenario.fleet)):
        for name, count in Counter(entry.name for entry in entries).items():
            if count > 1:
                yield path, f"the name {name!r} is given {count} times; names must be unique"


def unknown(path: str, lookup: Callable[[str], object], name: str) -> Iterator[Problem]:
    """The complaint that a name is not in the catalog, if it is not."""
    try:
        lookup(name)
    except UnknownEntryError as error:
        yield path, str(error.args[0])


def of_stream(scenario: Scenario, number: int, stream: Stream) -> Iterator[Problem]:
    """What is wrong with a stream."""
    path = f"workload.streams.{number}"
    yield from unknown(f"{path}.task", scenario.catalog.task, stream.task)
    yield from unknown(f"{path}.region", scenario.catalog.region, stream.region)
    for region in stream.residency or ():
        yield from unknown(f"{path}.residency", scenario.catalog.region, region)
    yield from arrival_problems(scenario, path, stream)
    yield from residency_problems(scenario, path, stream)


def arrival_problems(scenario: Scenario, path: str, stream: Stream) -> Iterator[Problem]:
    """What is wrong with a stream's arrivals: a pattern's parameters, or a trace's file and settings."""
    arrivals = stream.arrivals
    if isinstance(arrivals, TraceArrivals):
        yield from trace_problems(path, stream, arrivals, scenario.duration_s)
        return
    try:
        arrival_pattern(arrivals.pattern, arrivals.parameters())
    except (WorkloadError, ValueError) as error:
        yield f"{path}.arrivals", str(error)


def residency_problems(scenario: Scenario, path: str, stream: Stream) -> Iterator[Problem]:
    """Somebody in the fleet must be allowed to serve the stream."""
    allowed = None if stream.residency is None else set(stream.residency)
    regions = [entry for entry in scenario.fleet if serves_in(entry, stream, allowed)]
    if not regions:
        places = ", ".join(repr(name) for name in stream.residency or ())
        yield f"{path}.residency", f"no deployment stands in {places}; the stream cannot be served"
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


def of_deployment(scenario: Scenario, number: int, entry: Deployment) -> Iterator[Problem]:
    """What is wrong with a deployment: names first, then what its back-end finds."""
    path = f"fleet.{number}"
    found = [
        *unknown(f"{path}.model", scenario.catalog.model, entry.model),
        *unknown(f"{path}.region", scenario.catalog.region, entry.region),
    ]
    yield from found
    if not found:
        backend = BACKENDS[entry.backend]
        for key, what in backend.problems(scenario, entry):
            yield f"{path}.{key}", what


def policy_problems(scenario: Scenario) -> Iterator[Problem]:
    """The scenario's own policy must exist and take its parameters."""
    router = scenario.router
    try:
        make_policy(router.policy, router.parameters)
    except InvalidPolicyParameterError as error:
        for name, what in error.problems:
            yield f"router.parameters.{name}", what
    except RouterError as error:
        yield "router.policy", str(error.args[0])


def resilience_problems(scenario: Scenario) -> Iterator[Problem]:
    """Fallbacks must name deployments of the fleet, or replicas of them."""
    settings = scenario.router.resilience
    if settings is None:
        return
    names = {entry.name for entry in scenario.fleet}
    given = [*settings.fallbacks, *settings.default_fallbacks]
    given += [name for chain in settings.fallbacks.values() for name in chain]
    for name in dict.fromkeys(given):
        if name.partition("/")[0] not in names:
            known = ", ".join(map(repr, sorted(names)))
            yield "router.resilience.fallbacks", f"unknown deployment {name!r}; known: {known}"
