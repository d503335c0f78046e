"""The parts of a scenario in the order in which a reader meets them, and the places where each may stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Node = Mapping[str, Any]

ROOT: Final = "ScenarioSettings"
CHOSEN_BY: Final = ("pattern", "kind")
"""Keys whose value decides which part is meant."""
TITLES: Final = {
    ROOT: "Top level",
    "Api": "API",
    "Objectives": "Objectives (SLO)",
    "DeviceSettings": "Device",
    "SignalSettings": "Signals",
    "BrownOut": "Brown-out",
    "PlugInArrivals": "Plug-in arrivals",
    "Weighted": "Weighted spread",
    "ResilienceSettings": "Resilience",
}
"""What sections are called whose class has a less plain name."""


@dataclass(slots=True, kw_only=True)
class Section:
    """A part of the scenario: its schemas (one for each kind of number it may hold) and its places.

    Places are dotted paths; `[]` marks the entries of a list. `uses` counts the keys that hold the part.
    """

    name: str
    variants: list[Node] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    uses: int = 0

    @property
    def title(self) -> str:
        """The heading: the class's name as words."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name.removesuffix("Settings"))
        return TITLES.get(self.name, words.capitalize())

    @property
    def anchor(self) -> str:
        """The heading as the end of a link."""
        return re.sub(r"[^\w-]", "", self.title.lower().replace(" ", "-"))

    @property
    def chosen_by(self) -> str:
        """The key and value that choose this part among others, as YAML; empty where nothing does."""
        keys = self.variants[0]["properties"]
        return next((f"{key}: {keys[key]['const']}" for key in CHOSEN_BY if "const" in keys.get(key, {})), "")


def part_name(reference: str) -> str:
    """The class that a reference leads to, without what numbers it is made for."""
    return reference.rpartition("/")[2].partition("_")[0]


def sections_of(schema: Node) -> dict[str, Section]:
    """All sections by name; those that several keys hold come last."""
    found = {ROOT: Section(name=ROOT, variants=[schema], places=[""])}
    for path, reference in references_below(schema, "", schema["$defs"], ()):
        section = found.setdefault(part_name(reference), Section(name=part_name(reference)))
        node = schema["$defs"][reference.rpartition("/")[2]]
        section.variants.extend(() if node in section.variants else (node,))
        section.places.extend(() if path in section.places else (path,))
        section.uses += 1
    return dict(sorted(found.items(), key=lambda item: item[1].uses > 1))


def references_below(
    node: Node, path: str, parts: Node, passed: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Every reference below a node with its path, from the top down; none is entered within itself."""
    for key, value in node.get("properties", {}).items():
        here = f"{path}.{key}" if path else key
        for reference, inside in references_in(value):
            yield f"{here}{inside}", reference
            if reference not in passed:
                below = parts[reference.rpartition("/")[2]]
                yield from references_below(below, f"{here}{inside}", parts, (*passed, reference))


def references_in(value: Node) -> Iterator[tuple[str, str]]:
    """The references that a key's value holds, with `[]` where they are entries of a list."""
    if "$ref" in value:
        yield value["$ref"], ""
    for choice in (*value.get("anyOf", ()), *value.get("oneOf", ())):
        yield from references_in(choice)
    if isinstance(value.get("items"), dict):
        yield from ((reference, f"[]{inside}") for reference, inside in references_in(value["items"]))
