"""The wire shape of every key of a scenario, read off the scenario's own models."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Tag
from pydantic._internal._forward_ref import PydanticRecursiveRef

from catalogs.units import duration_s, pace_ratio, rate_per_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic.fields import FieldInfo

SUFFIXES = {duration_s: "_s", rate_per_s: "_per_s", pace_ratio: "_ratio"}
SCALARS = {bool: "bool", int: "int64", float: "double", str: "string", Decimal: "string"}
TIMESTAMP = "google.protobuf.Timestamp"
STRUCT = "google.protobuf.Struct"
VALUE = "google.protobuf.Value"
ITSELF = "itself"
"""Stands for the model that is being read, where it holds itself."""
TAG = "pattern"
"""The key that tells the arrival patterns apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """How one key travels: a proto type, repeated or mapped, with the unit its name ends in.

    `model` is the scenario's class of a message; `options` are the messages of a oneof by tag.
    """

    wire: str
    suffix: str = ""
    repeated: bool = False
    mapped: bool = False
    model: type[BaseModel] | None = None
    options: tuple[tuple[str, type[BaseModel]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """A key of a scenario's model, and the field of the message that carries it."""

    key: str
    field: str
    shape: FieldShape


def shape_of(annotation: Any, metadata: Sequence[object] = ()) -> FieldShape:
    """The shape of an annotated type."""
    suffix = next((known_suffix(mark.func) for mark in metadata if isinstance(mark, BeforeValidator)), "")
    found = bare_shape(annotation)
    return replace(found, suffix=suffix) if suffix else found


def known_suffix(parse: object) -> str:
    """The unit of what a parser gives."""
    return next((suffix for known, suffix in SUFFIXES.items() if known is parse), "")


def bare_shape(annotation: Any) -> FieldShape:
    """The shape of a type, its annotations looked through."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return union_shape(arguments)
    if origin is Literal:
        return FieldShape(wire=SCALARS[type(arguments[0])])
    if origin is tuple:
        return replace(shape_of(arguments[0]), repeated=True)
    if origin is dict:
        return map_shape(*arguments)
    return class_shape(annotation)


def class_shape(kind: Any) -> FieldShape:
    """The shape of a plain class."""
    if isinstance(kind, PydanticRecursiveRef):
        return FieldShape(wire=ITSELF)
    if kind is object:
        return FieldShape(wire=VALUE)
    if issubclass(kind, BaseModel):
        return FieldShape(wire=message_name(kind), model=kind)
    if issubclass(kind, datetime):
        return FieldShape(wire=TIMESTAMP)
    return FieldShape(wire="string" if issubclass(kind, Enum) else SCALARS[kind])


def union_shape(members: Sequence[Any]) -> FieldShape:
    """The shape of what may be absent, or of one of several tagged models."""
    some = [member for member in members if member is not NoneType]
    if len(some) == 1:
        return shape_of(some[0])
    if not all(get_origin(member) is Annotated for member in some):
        return FieldShape(wire=VALUE)
    tagged = tuple((tag_of(member), get_args(member)[0]) for member in some)
    return FieldShape(wire="Arrivals", options=tagged)


def tag_of(member: Any) -> str:
    """The tag of a member of a discriminated union."""
    return next(mark.tag for mark in get_args(member)[1:] if isinstance(mark, Tag))


def map_shape(key: Any, value: Any) -> FieldShape:
    """The shape of a map: by text of scalars or messages, by number of numbers, else free."""
    inner = shape_of(value)
    if shape_of(key).wire == "double":
        return FieldShape(wire="Point", repeated=True, suffix=inner.suffix)
    if inner.repeated:
        return FieldShape(wire="Names", mapped=True)
    if inner.mapped or inner.wire in (VALUE, STRUCT):
        return FieldShape(wire=STRUCT)
    return replace(inner, mapped=True)


def message_name(model: type[BaseModel]) -> str:
    """What the message of a model is called: its class, with the unit a generic one stands for."""
    generic = model.__pydantic_generic_metadata__
    if generic["origin"] is None:
        return model.__name__
    unit = {"_s": "Seconds", "": ""}[shape_of(generic["args"][0]).suffix]
    return re.sub(r"\[.*", "", generic["origin"].__name__) + unit


@cache
def keys_of(model: type[BaseModel]) -> tuple[FieldMapping, ...]:
    """The keys of a model in their order; the tag of a tagged one is its place in the oneof."""
    keys = [key_of(name, info, model) for name, info in model.model_fields.items()]
    return tuple(key for key in keys if key is not None)


def key_of(name: str, info: FieldInfo, owner: type[BaseModel]) -> FieldMapping | None:
    """One key; None for a constant tag."""
    if get_origin(info.annotation) is Literal and name == TAG:
        return None
    shape = shape_of(info.annotation, info.metadata)
    if shape.wire == ITSELF:
        shape = replace(shape, wire=message_name(owner), model=owner)
    suffix = "" if name.endswith(shape.suffix) else shape.suffix
    return FieldMapping(key=name, field=name + suffix, shape=shape)


def is_open(model: type[BaseModel]) -> bool:
    """Whether a model takes keys of its own beside those it names."""
    return model.model_config.get("extra") == "allow"
