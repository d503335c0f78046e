"""What may be written under a key, in words: type, unit and bounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wayfare.reference.sections import Section

    Node = Mapping[str, Any]
    Sections = Mapping[str, Section]

QUANTITIES: Final = {
    "seconds above 0": "[duration](#quantities) above 0",
    "seconds,": "[duration](#quantities)",
    "per second": "[rate](#quantities)",
    "simulated seconds": "[pace](#quantities)",
    "ISO 8601": "[date](#quantities)",
}
"""Types that are written with units, by how the schema's words about them begin."""
UNITS: Final = {"usd": "USD", "gb": "GB", "kw": "kW", "w": "W", "ratio": "share", "s": "s", "auc": "share"}
UNIT: Final = re.compile(r"(?:^|_)(usd|gb|tokens|requests|bytes|ratio|share|w|years|hour)((?:_per_\w+)?)$")
OWN_UNITS: Final = {
    ("Difficulty", "mean"): "logits",
    ("Difficulty", "sd"): "logits",
    ("QualitySettings", "difficulty_noise"): "logits",
    ("EngineSettings", "token_budget"): "tokens",
    ("Stream", "capability_floor"): "share",
    ("Agent", "shared_difficulty"): "share",
}
"""Units that a key's name does not say."""
OWN_KINDS: Final = {
    ("CatalogSettings", "overrides"): "map by kind, by name, by key",
    ("SignalSettings", "carbon_intensity"): "map by region of numbers (gCO2e per kWh) or files",
    ("SignalSettings", "electricity_price"): "map by region of numbers (USD per kWh), files, or maps by time",
}
"""Types that the schema leaves open, or words badly."""
BOUNDS: Final = {
    "minimum": "from {:,}",
    "exclusiveMinimum": "above {:,}",
    "maximum": "up to {:,}",
    "exclusiveMaximum": "below {:,}",
    "multipleOf": "in steps of {:,}",
}


def kind_cell(section: Section, key: str, sections: Sections) -> str:
    """Type, unit and bounds of a key; of a part made for several kinds of numbers, all of them."""
    if (section.name, key) in OWN_KINDS:
        return OWN_KINDS[section.name, key]
    found = [kind_of(variant["properties"][key], sections) for variant in section.variants]
    kind = joined(list(dict.fromkeys(found)))
    kind = kind.removesuffix(", or text") if "usd" in key else kind
    unit = OWN_UNITS.get((section.name, key), unit_in(key))
    plain = unit and ("number" in kind or "integer" in kind)
    return re.sub(r"\b(number|integer)s?\b", rf"\g<0> ({unit})", kind, count=1) if plain else kind


def unit_in(key: str) -> str:
    """The unit that the end of a key's name states."""
    found = UNIT.search(key)
    if found is None:
        return ""
    below = " per ".join(divisor(part) for part in found[2].split("_per_")[1:])
    return " per ".join(part for part in (UNITS.get(found[1], found[1]), below) if part)


def divisor(part: str) -> str:
    """What stands below the line, such as `chip_hour`, in words."""
    words = [UNITS.get(word, word) for word in part.split("_")]
    joint = " and " if words[-1] in ("hour", "month", "year") else " "
    return joint.join(words)


def kind_of(value: Node, sections: Sections) -> str:
    """The type of a value in words."""
    written = value.get("description", "").rpartition("Written as ")[2]
    quantity = next((kind for start, kind in QUANTITIES.items() if written.startswith(start)), "")
    choices = [one for one in (*value.get("anyOf", ()), *value.get("oneOf", ())) if one.get("type") != "null"]
    if "$ref" in value:
        return part_kind(value["$ref"], sections)
    if choices:
        return joined(list(dict.fromkeys(kind_of(one, sections) for one in choices)))
    if quantity:
        return quantity
    if "enum" in value or "const" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    return plain_kind(value, sections)


def joined(kinds: list[str]) -> str:
    """Several types of which one is meant."""
    return (", or " if any("," in kind for kind in kinds) else " or ").join(kinds)


def many(kind: str) -> str:
    """A type's words where there may be several of it."""
    return re.sub(r"^(text|number|integer)\b", r"\1s", kind)


def part_kind(reference: str, sections: Sections) -> str:
    """A link to a part's section; a spread says of what."""
    name = reference.rpartition("/")[2]
    section = sections[name.partition("_")[0]]
    label = section.chosen_by.partition(": ")[2] or section.title.lower().replace("api", "API")
    link = f"[{label.replace('(slo)', '(SLO)')}](#{section.anchor})"
    if "_" not in name:
        return link
    return f"{link} of {'durations' if 'Ge_ge_0' in name else 'numbers'}"


def plain_kind(value: Node, sections: Sections) -> str:
    """The type of a value that is neither a part nor a quantity with a unit."""
    kind = value["type"]
    if kind == "array":
        return list_kind(value, sections)
    if kind == "object":
        return map_kind(value, sections)
    names = {"string": "text", "boolean": "`true` or `false`"}
    return ", ".join(part for part in (names.get(kind, kind), bounds(value)) if part)


def list_kind(value: Node, sections: Sections) -> str:
    """A list, and what its entries are."""
    if "prefixItems" in value:
        return f"list of two: {many(kind_of(value['prefixItems'][0], sections))}"
    return f"list of {many(kind_of(value['items'], sections))}"


def map_kind(value: Node, sections: Sections) -> str:
    """A map, and what stands under its names."""
    inside = [value.get("additionalProperties"), *value.get("patternProperties", {}).values()]
    below = next((one for one in inside if isinstance(one, dict)), None)
    return "map" if below is None else f"map of {many(kind_of(below, sections))}"


def bounds(value: Node) -> str:
    """The least and the greatest that is allowed, in words."""
    stated = [text.format(tidy(value[key])) for key, text in BOUNDS.items() if key in value]
    said = ", ".join(stated)
    found = re.fullmatch(r"from (\S+), (?:up to )?(below \S+|\S+)(.*)", said)
    if found is None:
        return re.sub(r"^from (\S+)$", r"\1 or more", said)
    return f"{found[1]} to {found[2]}{found[3]}"


def tidy(number: float) -> float:
    """A number without a decimal point where it is whole."""
    return int(number) if number == int(number) else number
