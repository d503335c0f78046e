"""An imported gateway as a scenario's file: YAML with comments that say what was taken from where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import yaml

from wayfare.litellm.imported import mixed_models

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wayfare.litellm.imported import ImportedGateway
    from wayfare.litellm.imported_fleet import ImportedDeployment

WIDTH = 110
SCHEMA = "# yaml-language-server: $schema=./scenario.schema.json"
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedTraffic:
    """What a configuration does not say: who asks, and how often."""

    rate: str
    task: str
    region: str
    start: str


def scenario_text(gateway: ImportedGateway, traffic: AssumedTraffic) -> str:
    """The file."""
    parts = (
        head(gateway),
        overrides(gateway),
        workload(traffic),
        fleet(gateway),
        router(gateway),
    )
    return "\n".join((SCHEMA, *(line for part in parts for line in part))) + "\n"


def head(gateway: ImportedGateway) -> Iterator[str]:
    """What the file is, what stands in it and what does not."""
    name = Path(gateway.path).name
    yield from comment(f"Made by `wayfare import litellm` from {name}. Keys and addresses were not read.")
    yield from comment(f"Requests ask for the model group {gateway.group!r}.")
    if gateway.fallback_groups:
        yield from comment(
            f"It falls back to: {', '.join(gateway.fallback_groups)} (weight 0: nothing goes there first)."
        )
    if gateway.other_groups:
        yield from comment(f"Not simulated, other groups: {', '.join(gateway.other_groups)} (--group).")
    for text in mixed_models(gateway):
        yield from comment(text)
    if gateway.unsupported:
        yield from comment("Not simulated:")
        for text in gateway.unsupported:
            yield from comment(f"- {text}")


def workload(traffic: AssumedTraffic) -> Iterator[str]:
    """The traffic, which is assumed."""
    yield from ("", f"start: {traffic.start}", "duration: 1h", "", "workload:")
    yield from comment(
        "Assumed: a configuration says nothing of traffic. `wayfare trace import` reads a log.", 2
    )
    yield "  streams:"
    yield "    - name: requests"
    yield f"      task: {inline(traffic.task)}"
    yield f"      region: {inline(traffic.region)}"
    yield f"      arrivals: {{pattern: steady, rate: {inline(traffic.rate)}}}"


def overrides(gateway: ImportedGateway) -> Iterator[str]:
    """Name, and offers at the configuration's own prices."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(gateway.path).stem).strip("._-")
    yield from ("", f"name: {inline((stem or 'gateway')[:LONGEST_NAME])}")
    offers = gateway.offers()
    if not offers:
        return
    yield from ("", "catalog:", "  overrides:", "    offers:")
    for name, offer in offers.items():
        yield f"      {inline(name)}:"
        yield from (f"        {key}: {inline(value)}" for key, value in offer.items())  # type: ignore[attr-defined]


def fleet(gateway: ImportedGateway) -> Iterator[str]:
    """The deployments, each with where it is from."""
    yield from ("", "fleet:")
    for one in gateway.deployments:
        yield from deployment(one)


def deployment(one: ImportedDeployment) -> Iterator[str]:
    """One deployment."""
    for text in one.comments:
        yield from comment(text, 2)
    lines = [f"{key}: {inline(value)}" for key, value in one.fields.items()]
    yield f"  - {lines[0]}"
    yield from (f"    {line}" for line in lines[1:])


def router(gateway: ImportedGateway) -> Iterator[str]:
    """Policy, parameters and resilience, each with the setting it was."""
    made = gateway.router
    yield from ("", "router:", f"  policy: {made.policy}  # routing_strategy: {gateway.strategy}")
    if made.parameters:
        yield "  parameters:"
        yield from (f"    {key}: {inline(value)}" for key, value in made.parameters.items())
    yield "  resilience:"
    for key, value in made.resilience.items():
        yield f"    {key}: {inline(value)}  # {made.origins[key]}"


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """A text as lines of comment."""
    plain = " ".join(text.split())
    lines = wrap(plain, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    yield from (f"{' ' * indent}# {line}" for line in lines)


def inline(value: object) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(plain_data(value), default_flow_style=True, sort_keys=False, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def plain_data(value: object) -> object:
    """The value with whole numbers written whole."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain_data(item) for key, item in value.items()}
    return [plain_data(item) for item in value] if isinstance(value, (list, tuple)) else value


def parsed(text: str) -> Mapping[str, object]:
    """The file's data again, for checking that it loads."""
    data: Mapping[str, object] = yaml.safe_load(text)
    return data
