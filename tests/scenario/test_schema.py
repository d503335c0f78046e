"""The schema says what every key means."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

import pytest
from pydantic import TypeAdapter

from catalogs.reader import parse_yaml
from simulator import scenario_schema
from simulator.arrivals import ArrivalSettings
from simulator.quantities import Part, Seconds
from simulator.settings.descriptions import DESCRIPTIONS


def parts(below: type[Part] = Part) -> list[type[Part]]:
    """All parts of a scenario."""
    return [part for one in below.__subclasses__() for part in (one, *parts(one))]


def test_every_key_is_described() -> None:
    """An editor shows a sentence beside each, ending in a full stop."""
    whole = cast("dict[str, Any]", scenario_schema())
    for name, part in {"scenario": whole, **whole["$defs"]}.items():
        for key, entry in part.get("properties", {}).items():
            assert str(entry.get("description", "")).endswith("."), f"{name}.{key}"


def test_nothing_is_described_that_is_not_there() -> None:
    """A key that was renamed takes its description with it."""
    known = {part.__name__.partition("[")[0]: part for part in parts()}
    for name, texts in DESCRIPTIONS.items():
        assert set(texts) <= set(known[name].model_fields), name


def test_units_of_durations_follow_the_meaning() -> None:
    """How a duration is written stands beside what it means."""
    whole = cast("dict[str, Any]", scenario_schema())
    assert whole["properties"]["duration"]["description"] == (
        "How long requests arrive and capacity is held. Example: 24h. "
        "Written as seconds above 0, or e.g. 30s, 24h."
    )
    ttft = whole["$defs"]["Objectives"]["properties"]["ttft"]["description"]
    assert ttft.startswith("Most time to the first token. Example: 500ms. Written as seconds above 0")


EXAMPLE = re.compile(r"Example: (.+)\.$")
EXAMPLES = [
    (part, name, found[1])
    for part in dict.fromkeys(parts())
    for name, text in DESCRIPTIONS.get(part.__name__, {}).items()
    if (found := EXAMPLE.search(text))
]


@pytest.mark.parametrize(
    ("part", "name", "example"), EXAMPLES, ids=lambda value: getattr(value, "__name__", None)
)
def test_examples_are_allowed(part: type[Part], name: str, example: str) -> None:
    """What a description shows can be written there."""
    whole = {"Spread": Seconds, "Weighted": Seconds, "arrivals": ArrivalSettings}
    field = part.model_fields[name]
    kind = (
        whole.get(part.__name__) or whole.get(name) or Annotated[(field.annotation, field, *field.metadata)]
    )
    allowed: TypeAdapter[object] = TypeAdapter(kind)
    allowed.validate_python(parse_yaml(example))
