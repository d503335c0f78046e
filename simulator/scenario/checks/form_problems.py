"""From pydantic's complaints to problems that name the key as it stands in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from catalogs.errors import InputProblem
from catalogs.near_names import did_you_mean, shown, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    Location = tuple[int | str, ...]


QUOTE = "'"
QUOTED = re.compile(r"'([^']*)'")
SHAPES = {
    **dict.fromkeys(("tuple_type", "list_type"), "a list"),
    **dict.fromkeys(("model_type", "dict_type", "model_attributes_type", "dataclass_type"), "a map"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    "string_type": "a text",
}
"""By kind of complaint: what should stand there, in YAML's words."""
MOST_FAULTS = 200
"""Complaints that are listed one by one."""


def problems_of(error: ValidationError, root: type[BaseModel], data: object, file: str) -> list[InputProblem]:
    """Every complaint as a problem of the file; `data` is what was validated against `root`.

    Of more than a few hundred the rest is counted.
    """
    details = [one for one in error.errors(include_url=False) if not follows_from_others(one)]
    found = [
        InputProblem(file, path_of(one["loc"], data), problem_text(one, root))
        for one in details[:MOST_FAULTS]
    ]
    more = len(details) - len(found)
    return [*found, InputProblem(file, "", f"and {more} more")] if more else found


def follows_from_others(detail: ErrorDetails) -> bool:
    """Whether a list counts as too short only because its entries are faulty."""
    least = detail.get("ctx", {}).get("min_length", 0)
    given = detail["input"]
    return detail["type"] == "too_short" and isinstance(given, list | dict) and len(given) >= least


def path_of(location: Location, data: object) -> str:
    """The dotted path of the key in the data; steps into union branches are left out."""
    steps: list[str] = []
    here = data
    for place, step in enumerate(location):
        last = place == len(location) - 1
        if isinstance(step, int) or (isinstance(here, dict) and step in here):
            steps.append(str(step))
            here = below(here, step)
        elif last and isinstance(here, dict) and step != "[key]":
            steps.append(str(step))
    return ".".join(steps)


def below(here: object, step: int | str) -> object:
    """What stands under a key or at a place; None where nothing does."""
    if isinstance(here, dict):
        return here.get(step)
    if isinstance(here, list | tuple) and isinstance(step, int) and step < len(here):
        return here[step]
    return None


def problem_text(detail: ErrorDetails, root: type[BaseModel]) -> str:
    """What was wrong, the value, and what is allowed."""
    if detail["type"] == "extra_forbidden":
        return unknown_key(str(detail["loc"][-1]), allowed_keys(root, detail["loc"][:-1]))
    if detail["type"] == "union_tag_invalid":
        told = detail["ctx"]
        known = [tag.strip().strip(QUOTE) for tag in str(told["expected_tags"]).split(",")]
        return unknown_name(told["discriminator"].strip(QUOTE), str(told["tag"]), known)
    if detail["type"] == "missing":
        return "required, but not given"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error":
        return message
    return not_allowed(detail, root, message)


def not_allowed(detail: ErrorDetails, root: type[BaseModel], message: str) -> str:
    """That a value is of the wrong kind or outside of what is allowed, and what is."""
    given = shown(detail["input"])
    if detail["type"] in SHAPES:
        keys = allowed_keys(root, detail["loc"]) if detail["type"].startswith("model_") else []
        among = f" with keys of: {', '.join(keys)}" if keys else ""
        return f"{given} is not allowed; it should be {SHAPES[detail['type']]}{among}"
    before, should, rest = message.partition(" should ")
    if not should:
        return f"{given} is not allowed: {before}"
    hint = (
        did_you_mean(str(detail["input"]), QUOTED.findall(rest)) if detail["type"] == "literal_error" else ""
    )
    return f"{given} is not allowed; {hint}it should {rest}"


def unknown_key(key: str, allowed: list[str]) -> str:
    """What to say of a key that does not exist."""
    return (
        f"unknown key; {did_you_mean(key, allowed)}allowed: {', '.join(allowed)}"
        if allowed
        else "unknown key"
    )


def allowed_keys(root: type[BaseModel], location: Location) -> list[str]:
    """The keys of the part at a location; of all branches, where a union was not decided."""
    found = [root]
    for step in location:
        fields = [part.model_fields[step] for part in found if step in part.model_fields]
        inner = [part for field in fields for part in parts_in(field.annotation)]
        tagged = [part for part in inner if tag_of(part) == step] if len(inner) > 1 else []
        found = tagged or inner or [part for part in found if tag_of(part) == step] or found
    return list(dict.fromkeys(key for part in found for key in part.model_fields))


def parts_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The parts that a field's type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from parts_in(argument)


def tag_of(part: type[BaseModel]) -> str:
    """The tag a part goes by in a union: the one value of its `pattern` or `kind`."""
    field = part.model_fields.get("pattern") or part.model_fields.get("kind")
    values = get_args(field.annotation) if field else ()
    return str(values[0]) if values else ""
