"""From a request to a checked scenario. What comes over the wire names no file and no code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalogs.errors import Fault
from catalogs.reader import parse_yaml
from router.errors import RouterError
from router.registry import policy_names
from simulator import InvalidScenarioError, load_scenario, shipped_scenarios
from simulator.experiment.policies import policy_of
from simulator.scenario.loading import plain_data, with_files
from simulator.scenario.overrides import overridden
from wayfare.convert.scenario import scenario_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from simulator import Scenario
    from wayfare.v1 import routing_pb2, simulation_pb2

    Submission = simulation_pb2.CreateRunRequest | routing_pb2.CreateRouterRequest

WIRE = "scenario"
FILE_KEYS = ("file", "files", "path", "csv", "outcomes")
"""Keys whose text names a file, wherever they stand."""
FILES_BY_NAME = ("signals.carbon_intensity", "signals.electricity_price")
"""Maps in which every text names a file."""
UPLOAD = re.compile(r"uploads/([0-9a-f]{32})")
MOST_TEXT = 1_000_000
MOST_REQUESTS = 20_000_000
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What may come in: uploads in a folder by tenant, at most so many simulated requests.

    `policy_servers` are the only addresses that policies may be asked at, each as `grpc://host:port`.
    """

    uploads: Path
    most_requests: int = MOST_REQUESTS
    policy_servers: tuple[str, ...] = ()

    def checked(
        self, tenant: str, request: Submission, policies: Sequence[str]
    ) -> tuple[Scenario, dict[str, Any]]:
        """The scenario and the plain data it can be loaded from again.

        Raises:
            InvalidScenarioError: lists every fault.
        """
        data = settled(request)
        faults = [*self.outside(tenant, data), *policy_faults(data, policies, self.policy_servers)]
        if faults:
            raise InvalidScenarioError(tuple(faults))
        seed = request.seed if request.HasField("seed") else None
        scenario = load_scenario(data, seed=seed)
        faults = [*unusable(scenario, policies), *self.too_many(scenario)]
        if faults:
            raise InvalidScenarioError(tuple(faults))
        return scenario, data if seed is None else {**data, "seed": seed}

    def outside(self, tenant: str, data: dict[str, Any]) -> Iterator[Fault]:
        """Files that the data names and may not; uploads are put in their place."""
        shipped = {str(path.parent) for path in shipped_scenarios().values()}
        for holder, key, path in named_files(data, ""):
            found = UPLOAD.fullmatch(holder[key])
            upload = self.uploads / tenant / found[1] if found else None
            if upload is not None and upload.is_file():
                holder[key] = str(upload)
            elif not (isinstance(holder[key], Shipped) and str(holder[key].folder) in shipped):
                yield Fault(WIRE, path, f"no trace {holder[key]!r}; name the trace_id of an UploadTrace")

    def too_many(self, scenario: Scenario) -> Iterator[Fault]:
        """Streams that ask for more requests than a run may have."""
        rates = [float(getattr(stream.arrivals, "rate", 0.0)) for stream in scenario.streams]
        count = sum(rates) * scenario.duration_s
        if count > self.most_requests:
            what = f"about {count:.3g} requests; a run may have {self.most_requests:,}"
            yield Fault(WIRE, "duration", what)


class Shipped(str):
    """The name of a file that ships with the product; `folder` is where."""

    __slots__ = ("folder",)
    folder: str


def settled(request: Submission) -> dict[str, Any]:
    """The scenario's plain data with the settings laid over it.

    Raises:
        InvalidScenarioError: there is no scenario in it, or a setting cannot be laid over it.
    """
    data, faults = overridden(source(request), request.settings)
    if faults:
        raise InvalidScenarioError(tuple(faults))
    if not isinstance(data, dict):
        raise InvalidScenarioError((Fault(WIRE, "", f"a map of keys is needed, not {type(data).__name__}"),))
    return data


def source(request: Submission) -> object:
    """The plain data of whichever form the scenario has."""
    form = request.WhichOneof("source")
    if form == "scenario":
        return scenario_data(request.scenario)
    if form == "scenario_yaml":
        return parsed(request.scenario_yaml)
    if form == "scenario_name":
        return shipped(request.scenario_name)
    raise InvalidScenarioError((Fault(WIRE, "", "give one of scenario, scenario_yaml, scenario_name"),))


def parsed(text: str) -> object:
    """The data in a scenario's text."""
    if len(text) > MOST_TEXT:
        what = f"{len(text)} characters; at most {MOST_TEXT} are read"
        raise InvalidScenarioError((Fault(WIRE, "scenario_yaml", what),))
    try:
        return parse_yaml(text)
    except ValueError as error:
        raise InvalidScenarioError((Fault(WIRE, "scenario_yaml", str(error)),)) from error


def shipped(name: str) -> object:
    """The data of a scenario that ships, the files it names marked as shipped."""
    known = shipped_scenarios()
    if name not in known:
        what = f"unknown scenario {name!r}; known: {', '.join(map(repr, known))}"
        raise InvalidScenarioError((Fault(WIRE, "scenario_name", what),))
    data, file = plain_data(known[name])
    data = with_files(data, file, None)
    for holder, key, _path in named_files(data, ""):
        marked = Shipped(holder[key])
        marked.folder = str(known[name].parent)
        holder[key] = marked
    return data


def named_files(data: object, path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every key that names a file: the map it stands in, itself, its path."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        below = f"{path}.{key}" if path else str(key)
        is_file = key in FILE_KEYS or path in FILES_BY_NAME
        if isinstance(data, dict) and isinstance(key, str) and is_file and isinstance(value, str):
            yield data, key, below
        else:
            yield from named_files(value, below)


def policy_faults(data: dict[str, Any], policies: Sequence[str], servers: Sequence[str]) -> Iterator[Fault]:
    """Policies that are neither a registered name nor at an address that the operator allows."""
    router = data.get("router")
    own = router.get("policy") if isinstance(router, dict) else None
    known = (*policy_names(), *servers)
    for path, name in [("router.policy", own), *(("policy", name) for name in policies)]:
        if isinstance(name, str) and name not in known:
            yield Fault(WIRE, path, f"unknown policy {name!r}; known: {', '.join(map(repr, known))}")


def unusable(scenario: Scenario, policies: Sequence[str]) -> Iterator[Fault]:
    """Policies that cannot be made with their parameters."""
    for name in policies or (scenario.router.policy,):
        try:
            policy_of(scenario, name, None)
        except RouterError as error:
            yield Fault(WIRE, "router.parameters", str(error))


def as_json(data: dict[str, Any]) -> str:
    """Plain data as text; instants as ISO 8601."""
    return json.dumps(data, default=str)
