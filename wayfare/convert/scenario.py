"""Scenarios to and from the wire: messages and the plain data that `load_scenario` takes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from simulator.settings.document import ScenarioSettings
from wayfare.convert.shapes import STRUCT, TIMESTAMP, VALUE, FieldMapping, FieldShape, is_open, keys_of
from wayfare.v1 import scenario_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.message import Message
    from pydantic import BaseModel

    Plain = dict[str, Any]


def scenario_data(message: scenario_pb2.ScenarioSettings) -> Plain:
    """A typed scenario as plain data: only what the message holds, so that defaults stay defaults."""
    return plain_map(message, ScenarioSettings)


def scenario_message(settings: ScenarioSettings) -> scenario_pb2.ScenarioSettings:
    """The typed scenario of checked settings: what was set, not what defaults filled in."""
    message = scenario_pb2.ScenarioSettings()
    fill(message, settings.model_dump(exclude_unset=True), ScenarioSettings)
    return message


def plain_map(message: Message, model: type[BaseModel]) -> Plain:
    """One message as the plain map of a model."""
    present = {field.name for field, _value in message.ListFields()}
    keys = [key for key in keys_of(model) if key.field in present]
    found = {key.key: plain_value(getattr(message, key.field), key.shape) for key in keys}
    if is_open(model) and "parameters" in present:
        found |= plain_struct(getattr(message, "parameters"))  # noqa: B009  (open messages have it)
    return found


def plain_value(value: Any, shape: FieldShape) -> object:
    """One field's value as plain data."""
    if shape.wire == "Point":
        return {point.probability: point.value for point in value}
    if shape.wire == "Names":
        return {name: list(entry.names) for name, entry in value.items()}
    if shape.repeated:
        return [plain_one(entry, shape) for entry in value]
    if shape.mapped:
        return {name: plain_one(entry, shape) for name, entry in value.items()}
    return plain_one(value, shape)


def plain_one(value: Any, shape: FieldShape) -> object:
    """A single value as plain data."""
    if shape.options:
        return plain_option(value, shape)
    if shape.model is not None:
        return plain_map(value, shape.model)
    if shape.wire == TIMESTAMP:
        return value.ToDatetime(UTC).isoformat()
    return plain_struct(value) if shape.wire in (STRUCT, VALUE) else value


def plain_option(message: Message, shape: FieldShape) -> Plain:
    """A oneof as the map of its tag's model; nothing where it is empty."""
    chosen = message.WhichOneof("pattern")
    for tag, model in shape.options:
        if tag.replace("-", "_") == chosen:
            return {"pattern": tag, **plain_map(getattr(message, chosen), model)}
    return {}


def plain_struct(value: Message) -> Any:
    """Free data; whole numbers become integers again."""
    return whole(json_format.MessageToDict(value))


def whole(value: Any) -> Any:
    """The data with integers where floats are whole, since free data knows floats only."""
    if isinstance(value, dict):
        return {key: whole(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [whole(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fill(message: Message, data: Mapping[str, Any], model: type[BaseModel]) -> None:
    """Writes plain data into the message of its model."""
    keys = keys_of(model)
    for key in keys:
        if data.get(key.key) is not None:
            put(message, key, data[key.key])
    if is_open(model):
        own = {name: value for name, value in data.items() if name not in {key.key for key in keys}}
        json_format.ParseDict(own, getattr(message, "parameters"))  # noqa: B009  (open messages have it)


def put(message: Message, key: FieldMapping, value: Any) -> None:
    """Writes one key into its field."""
    shape, field = key.shape, getattr(message, key.field)
    if shape.wire == "Point":
        for probability, entry in value.items():
            field.add(probability=probability, value=entry)
    elif shape.wire == "Names":
        for name, entries in value.items():
            field[name].names.extend(entries)
    elif shape.mapped and shape.model is None:
        field.update(value)
    elif shape.repeated and shape.model is None:
        put_list(field, value, shape)
    elif shape.repeated and shape.model is not None:
        for entry in value:
            fill(field.add(), entry, shape.model)
    else:
        put_one(message, key, value)


def put_list(field: Any, value: Sequence[Any], shape: FieldShape) -> None:
    """Writes a list of plain or free values."""
    if shape.wire == VALUE:
        for entry in value:
            json_format.ParseDict(entry, field.add())
    else:
        field.extend(str(entry) if shape.wire == "string" else entry for entry in value)


def put_one(message: Message, key: FieldMapping, value: Any) -> None:
    """Writes a single value into its field."""
    shape, field = key.shape, getattr(message, key.field)
    if shape.options:
        put_option(field, value, shape)
    elif shape.model is not None:
        field.SetInParent()
        fill(field, value, shape.model)
    elif isinstance(field, Timestamp):
        field.FromDatetime(value if isinstance(value, datetime) else datetime.fromisoformat(value))
    elif isinstance(field, Struct | Value):
        json_format.ParseDict(value, field)
    else:
        setattr(
            message, key.field, str(value) if isinstance(value, Decimal) or shape.wire == "string" else value
        )


def put_option(field: Message, value: Mapping[str, Any], shape: FieldShape) -> None:
    """Writes a tagged map into its place of the oneof; an unknown tag belongs to plug-ins."""
    tags = dict(shape.options)
    tag = value["pattern"] if value["pattern"] in tags else "plug-in"
    chosen = getattr(field, tag.replace("-", "_"))
    chosen.SetInParent()
    fill(chosen, value, tags[tag])
