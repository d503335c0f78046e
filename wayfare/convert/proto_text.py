"""`scenario.proto`, written from the scenario's models; fields keep the numbers they once had."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.settings.document import ScenarioSettings
from wayfare.convert.shapes import STRUCT, FieldShape, is_open, keys_of, message_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

HEAD = """// Written by `make proto` from the models of the scenario file; do not edit.
syntax = "proto3";

package wayfare.v1;

import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";

// A list of names.
message Names {
  // The names, in their order.
  repeated string names = 1;
}

// A point of a quantile function.
message Point {
  // Probability from 0 to 1.
  double probability = 1;
  // The value there, in the unit of the field that holds the point.
  double value = 2;
}
"""
TARGET = Path(__file__).parents[2] / "proto" / "wayfare" / "v1" / "scenario.proto"
FIELD = re.compile(r"^  (?:(?:optional|repeated) )?[\w.<>, ]+? (\w+) = (\d+);$", re.MULTILINE)
MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
ONEOF_FIELD = re.compile(r"^    (\w+) (\w+) = (\d+);$", re.MULTILINE)
RESERVED = re.compile(r"^  reserved ([\d, ]+);$", re.MULTILINE)


def numbers_in(text: str) -> dict[str, dict[str, int]]:
    """Field numbers by message and field of an earlier edition; reserved ones under `#number`."""
    found: dict[str, dict[str, int]] = {}
    for name, body in MESSAGE.findall(text):
        numbers = {field: int(number) for field, number in FIELD.findall(body)}
        numbers |= {field: int(number) for _type, field, number in ONEOF_FIELD.findall(body)}
        for entries in RESERVED.findall(body):
            numbers |= {f"#{number}": int(number) for number in entries.split(", ")}
        found[name] = numbers
    return found


def numbered(fields: list[str], known: Mapping[str, int]) -> tuple[dict[str, int], list[int]]:
    """A number for each field, and the numbers that no field may take again."""
    following = max(known.values(), default=0) + 1
    given: dict[str, int] = {}
    for field in fields:
        given[field] = known.get(field, following)
        following += field not in known
    return given, sorted(set(known.values()) - set(given.values()))


def scenario_proto(earlier: str) -> str:
    """The whole file; `earlier` is the edition whose numbers are kept."""
    known = numbers_in(earlier)
    parts = [HEAD]
    for name, model in messages_below(ScenarioSettings, {}).items():
        parts.append(message_text(name, model, known.get(name, {})))
    arrivals = arrivals_shape()
    parts.append(oneof_text(arrivals, known.get(arrivals.wire, {})))
    return "\n".join(parts)


def messages_below(model: type[BaseModel], found: dict[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Every model that a model is made of, by message name, itself first."""
    name = message_name(model)
    if name in found:
        return found
    found[name] = model
    for key in keys_of(model):
        below = [entry for _tag, entry in key.shape.options]
        for entry in [*below, *filter(None, [key.shape.model])]:
            messages_below(entry, found)
    return found


def arrivals_shape() -> FieldShape:
    """The one oneof of the scenario."""
    models = messages_below(ScenarioSettings, {}).values()
    return next(key.shape for model in models for key in keys_of(model) if key.shape.options)


def message_text(name: str, model: type[BaseModel], known: Mapping[str, int]) -> str:
    """One message of fields with comments."""
    fields = [key.field for key in keys_of(model)] + (["parameters"] if is_open(model) else [])
    numbers, gone = numbered(fields, known)
    lines = [f"// {first_line(model)}", f"message {name} {{"]
    if gone:
        lines.append(f"  reserved {', '.join(map(str, gone))};")
    lines += field_lines(model, numbers)
    return "\n".join([*lines, "}", ""])


def first_line(model: type[BaseModel]) -> str:
    """The first line of a model's docstring."""
    origin = model.__pydantic_generic_metadata__["origin"] or model
    return (origin.__doc__ or origin.__name__).strip().splitlines()[0]


def field_lines(model: type[BaseModel], numbers: Mapping[str, int]) -> Iterator[str]:
    """Comment and declaration of each field."""
    for key in keys_of(model):
        info = model.model_fields[key.key]
        yield f"  // `{key.key}` of the scenario file{'; required' if info.is_required() else ''}."
        yield f"  {declared(key.shape)} {key.field} = {numbers[key.field]};"
    if is_open(model):
        yield "  // The pattern's own parameters."
        yield f"  {STRUCT} parameters = {numbers['parameters']};"


def declared(shape: FieldShape) -> str:
    """The type of a field as declared; scalars say whether they are there."""
    if shape.mapped:
        return f"map<string, {shape.wire}>"
    if shape.repeated:
        return f"repeated {shape.wire}"
    is_scalar = shape.model is None and "." not in shape.wire and not shape.options
    return f"optional {shape.wire}" if is_scalar else shape.wire


def oneof_text(shape: FieldShape, known: Mapping[str, int]) -> str:
    """The message around the oneof."""
    fields = [tag.replace("-", "_") for tag, _model in shape.options]
    numbers, _gone = numbered(fields, known)
    lines = ["// How the requests of a stream arrive.", f"message {shape.wire} {{"]
    lines += ["  // Exactly one pattern.", "  oneof pattern {"]
    for field, (_tag, model) in zip(fields, shape.options, strict=True):
        lines += [f"    // {first_line(model)}", f"    {message_name(model)} {field} = {numbers[field]};"]
    return "\n".join([*lines, "  }", "}", ""])


if __name__ == "__main__":
    TARGET.write_text(scenario_proto(TARGET.read_text() if TARGET.exists() else ""))
