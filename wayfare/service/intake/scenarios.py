"""From a request to a checked scenario. What comes over the wire names no file and no code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

from catalogs.errors import InputProblem
from catalogs.near_names import unknown_name
from catalogs.reader import parse_yaml
from router.registry import policy_names
from router.variants import parts_of
from simulator import InvalidScenarioError, shipped_scenarios
from simulator.scenario.checks.checked import POLICY, CheckScope
from simulator.scenario.checks.form import no_map
from simulator.scenario.checks.size import in_words, request_count, run_bytes
from simulator.scenario.loading import load_and_check, plain_data, scenario_or_error, with_files
from simulator.scenario.overrides import overridden
from wayfare.convert.scenario import scenario_data
from wayfare.service.intake.estimate import repetitions, target_count, timeline_cells
from wayfare.service.limits import RUN_BYTES
from wayfare.service.submission import AcceptedScenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from simulator import Scenario
    from wayfare.v1 import simulation_pb2

WIRE = "scenario"
FILE_KEYS = ("file", "files", "path", "csv", "outcomes")
"""Keys whose text names a file, wherever they stand."""
FILES_BY_NAME = ("signals.carbon_intensity", "signals.electricity_price")
"""Maps in which every text names a file."""
UPLOAD = re.compile(r"uploads/([0-9a-f]{32})")
MOST_REQUESTS = 20_000_000
MOST_TARGETS = 5_000
MOST_CELLS = 20_000_000
"""Samples of the timeline and of all series: about 30 bytes each in what watchers are sent."""
MOST_DRAIN_S = 30 * 86_400.0
MOST_SHOWN = 80
"""Characters of a caller's text that an error repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioIntake:
    """What may come in: uploads in a folder by tenant, at most so many simulated requests.

    `files` is a folder whose files scenarios may name, `policies` are such as no registry knows:
    what the operator allows beyond the rule. `policy_servers` are addresses that
    policies may be asked at, each as `grpc://host:port`.
    """

    uploads: Path
    most_requests: int = MOST_REQUESTS
    most_targets: int = MOST_TARGETS
    most_bytes: int = RUN_BYTES
    policy_servers: tuple[str, ...] = ()
    files: Path | None = None
    policies: tuple[str, ...] = ()

    def checked(
        self,
        tenant: str,
        request: simulation_pb2.CreateRunRequest,
        policies: Sequence[str],
        replications: int = 0,
    ) -> AcceptedScenario:
        """The scenario, checked whole.

        Raises:
            InvalidScenarioError: lists every problem.
        """
        scenario, data = self.loaded(tenant, request, policies, replications)
        return AcceptedScenario(
            scenario=scenario.name,
            policy=scenario.router.policy,
            scenario_json=as_json(data),
            request_count=ceil(request_count(scenario)) * repetitions(policies, replications),
            target_count=target_count(scenario),
        )

    def loaded(
        self,
        tenant: str,
        request: simulation_pb2.CreateRunRequest,
        policies: Sequence[str],
        replications: int = 0,
    ) -> tuple[Scenario, dict[str, Any]]:
        """The scenario and the plain data it can be loaded from again.

        Raises:
            InvalidScenarioError: lists every problem.
        """
        data, problems = settled(request)
        unread = [*self.outside(tenant, data)]
        unknown = [*self.policy_problems(data, policies, replications)]
        seed = request.seed if request.HasField("seed") else None
        found = load_and_check(
            data, seed=seed, scope=scope_of(policies, unread=bool(unread), unknown=bool(unknown))
        )
        fields = dict(zip(policies, policy_fields(policies, replications), strict=True))
        named = (as_field_problem(problem, fields) for problem in found.problems)
        demand_none([*problems, *unread, *unknown, *named])
        demand_none([*self.too_many(scenario_or_error(found))])
        return scenario_or_error(found), data if seed is None else {**data, "seed": seed}

    def outside(self, tenant: str, data: dict[str, Any]) -> Iterator[InputProblem]:
        """Files that the data names and may not; uploads are put in their place."""
        shipped = {str(path.parent) for path in shipped_scenarios().values()}
        for holder, key, path in named_files(data, ""):
            allowed = self.uploaded(tenant, holder[key]) or self.opened(holder[key])
            if allowed is not None:
                holder[key] = str(allowed)
            elif not (isinstance(holder[key], Shipped) and str(holder[key].folder) in shipped):
                what = f"no trace {holder[key][:MOST_SHOWN]!r}; name the trace_id of an UploadTrace"
                yield InputProblem(WIRE, path, what)

    def uploaded(self, tenant: str, name: str) -> Path | None:
        """The tenant's own upload of that id."""
        found = UPLOAD.fullmatch(name)
        upload = self.uploads / tenant / found[1] if found else None
        return upload if upload is not None and upload.is_file() else None

    def opened(self, name: str) -> Path | None:
        """A file in the folder that the operator opened, where there is one."""
        if self.files is None or isinstance(name, Shipped) or "\0" in name:
            return None
        file = (self.files / name).resolve()
        return file if file.is_relative_to(self.files.resolve()) and file.is_file() else None

    def policy_problems(
        self, data: dict[str, Any], policies: Sequence[str], replications: int
    ) -> Iterator[InputProblem]:
        """Policies that are neither a registered name nor allowed by the operator."""
        router = data.get("router")
        own = router.get("policy") if isinstance(router, dict) else None
        known = (*known_policies(), *self.policy_servers, *self.policies)
        asked = zip(policy_fields(policies, replications), map(policy_part, policies), strict=True)
        for path, name in [("router.policy", own), *asked]:
            if isinstance(name, str) and name not in known:
                yield InputProblem(WIRE, path, unknown_name("policy", name, known))

    def too_many(self, scenario: Scenario) -> Iterator[InputProblem]:
        """More requests, samples or targets, or a longer drain, than a run may have."""
        if not scenario.settings.drain <= MOST_DRAIN_S:
            what = f"{scenario.settings.drain:g} s; a run may drain for {MOST_DRAIN_S:g} s"
            yield InputProblem(WIRE, "drain", what)
        cells = timeline_cells(scenario)
        if cells > MOST_CELLS:
            what = f"about {cells:,.0f} samples (steps x targets x streams); a run may have {MOST_CELLS:,}"
            yield InputProblem(WIRE, "telemetry.step", what)
        if (targets := target_count(scenario)) > self.most_targets:
            what = f"{targets:,} targets (deployments, or replicas with `balancing: router`)"
            yield InputProblem(WIRE, "fleet", f"{what}; a run may have {self.most_targets:,}")
        count = request_count(scenario)
        if run_bytes(count, 0) > self.most_bytes:
            what = f"about {count:,.0f} requests take about {in_words(run_bytes(count, 0))} of memory"
            yield InputProblem(WIRE, "duration", f"{what}; a run may take {in_words(self.most_bytes)}")
        if not count <= self.most_requests:
            what = f"about {count:.3g} requests; a run may have {self.most_requests:,}"
            yield InputProblem(WIRE, "duration", what)


def scope_of(policies: Sequence[str], *, unread: bool, unknown: bool) -> CheckScope:
    """What may be touched: no files where one is not allowed, no policies where one is not."""
    return CheckScope(files=not unread, own_policy=not unknown, policies=() if unknown else tuple(policies))


def policy_fields(policies: Sequence[str], replications: int) -> list[str]:
    """The request's own fields for policies: a comparison's `policies`, a run's `policy`."""
    return [f"policies[{number}]" if replications else "policy" for number in range(len(policies))]


def policy_part(text: str) -> str:
    """The policy in a variant's text."""
    return parts_of(text)[0]


def as_field_problem(problem: InputProblem, fields: Mapping[str, str]) -> InputProblem:
    """A problem of a policy that was asked for, under the request's own field and its knob."""
    if problem.file != POLICY:
        return problem
    found = [text for text in fields if problem.path.startswith(f"{text}: ")]
    text = max(found, key=len, default="")
    path = f"{fields[text]}.{problem.path.removeprefix(f'{text}: ')}" if text else "policy"
    return InputProblem(WIRE, path, problem.what)


def demand_none(problems: list[InputProblem]) -> None:
    """Raises `InvalidScenarioError` where there are problems."""
    if problems:
        raise InvalidScenarioError(tuple(problems))


@cache
def known_policies() -> tuple[str, ...]:
    """Names of all policies; plug-ins are found once, when first asked."""
    return policy_names()


class Shipped(str):
    """The name of a file that ships with the product; `folder` is where."""

    __slots__ = ("folder",)
    folder: str


def settled(request: simulation_pb2.CreateRunRequest) -> tuple[dict[str, Any], list[InputProblem]]:
    """The scenario's plain data with the settings applied, and those that cannot be applied.

    Raises:
        InvalidScenarioError: there is no scenario in it.
    """
    data, problems = overridden(source(request), request.settings)
    if not isinstance(data, dict):
        raise InvalidScenarioError((*problems, InputProblem(WIRE, "", no_map(data))))
    return data, problems


def source(request: simulation_pb2.CreateRunRequest) -> object:
    """The plain data of whichever form the scenario has."""
    form = request.WhichOneof("source")
    if form == "scenario":
        return scenario_data(request.scenario)
    if form == "scenario_yaml":
        return parsed(request.scenario_yaml)
    if form == "scenario_name":
        return shipped(request.scenario_name)
    raise InvalidScenarioError(
        (InputProblem(WIRE, "", "give one of scenario, scenario_yaml, scenario_name"),)
    )


def parsed(text: str) -> object:
    """The data in a scenario's text."""
    try:
        return parse_yaml(text)
    except ValueError as error:
        raise InvalidScenarioError((InputProblem(WIRE, "scenario_yaml", str(error)),)) from error


def shipped(name: str) -> object:
    """The data of a scenario that ships, the files it names marked as shipped."""
    known = shipped_scenarios()
    if name not in known:
        what = unknown_name("scenario", name, known)
        raise InvalidScenarioError((InputProblem(WIRE, "scenario_name", what),))
    return marked(known[name])


@cache
def marked(path: Path) -> object:
    """The data of a shipped file, read once; copy it before a change."""
    data, file = plain_data(path)
    data = with_files(data, file, None)
    for holder, key, _path in named_files(data, ""):
        own = Shipped(holder[key])
        own.folder = str(path.parent)
        holder[key] = own
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


def as_json(data: dict[str, Any]) -> str:
    """Plain data as text; instants as ISO 8601."""
    return json.dumps(data, default=str)
