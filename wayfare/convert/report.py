"""Reports to and from the wire. Figures the contract has no field for travel under `additional`."""

from __future__ import annotations

from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from simulator.report.figures import Averaging, Format, block_of, stated_of
from wayfare.v1 import report_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

    from simulator.report.figures import FigureDescription

    Field = Any
    """A descriptor of a field; the runtime has two classes of it."""

ADDITIONAL = "additional"
END = ("value", "low", "high")


def report_message(data: Mapping[str, Any]) -> report_pb2.Report:
    """A report's plain data as a message."""
    message = report_pb2.Report()
    fill(message, {**data, "intervals": flat(data.get("intervals", {}))})
    return message


def report_data(message: report_pb2.Report) -> dict[str, Any]:
    """The plain data of a report's message: what `report_message` was given."""
    found = plain(message)
    return {**found, "intervals": nested(found["intervals"])}


def comparison_message(data: Mapping[str, Any]) -> report_pb2.Comparison:
    """A comparison's plain data as a message."""
    message = report_pb2.Comparison()
    fill(message, {key: value for key, value in data.items() if key != "reports"})
    message.reports.extend(report_message(report) for report in data["reports"])
    return message


def comparison_data(message: report_pb2.Comparison) -> dict[str, Any]:
    """The plain data of a comparison's message."""
    return {**plain(message), "reports": [report_data(report) for report in message.reports]}


def flat(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Intervals by dotted path."""
    if set(tree) == set(END):
        return {path: dict(tree)}
    parts = [flat(below, f"{path}.{key}" if path else key) for key, below in tree.items()]
    return {key: value for part in parts for key, value in part.items()}


def nested(paths: Mapping[str, Any]) -> dict[str, Any]:
    """Intervals nested as in the report."""
    tree: dict[str, Any] = {}
    for path, value in paths.items():
        *parents, last = path.split(".")
        here = tree
        for parent in parents:
            here = here.setdefault(parent, {})
        here[last] = value
    return tree


def fill(message: Message, data: Mapping[str, Any]) -> None:
    """Writes plain data into a message; what it has no field for becomes `additional`."""
    fields = message.DESCRIPTOR.fields_by_name
    unknown = {key: value for key, value in data.items() if key not in fields}
    for key, value in data.items():
        if key in fields and value is not None:
            put(message, fields[key], value)
    if unknown and ADDITIONAL in fields:
        json_format.ParseDict(unknown, getattr(message, ADDITIONAL))


def put(message: Message, field: Field, value: Any) -> None:
    """Writes one field."""
    here = getattr(message, field.name)
    if is_map(field):
        put_map(here, field, value)
    elif field.is_repeated and field.message_type:
        for entry in value:
            fill(here.add(), entry)
    elif field.is_repeated:
        here.extend(value)
    elif isinstance(here, Struct):
        json_format.ParseDict(value, here)
    elif field.message_type:
        here.SetInParent()
        fill(here, value)
    else:
        setattr(message, field.name, value)


def put_map(here: Any, field: Field, value: Mapping[str, Any]) -> None:
    """Writes a map of numbers or of messages."""
    kind = field.message_type.fields_by_name["value"].message_type
    for name, entry in value.items():
        if kind is None:
            here[name] = entry
        elif kind.name == "Figure":
            fill(here[name], {"value": entry})
        else:
            fill(here[name], entry)


def is_map(field: Field) -> bool:
    """Whether a field is a map."""
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def plain(message: Message) -> dict[str, Any]:
    """A message as plain data: undefined figures are None, parts that are not there are left out."""
    found: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        if field.name == ADDITIONAL:
            found |= json_format.MessageToDict(getattr(message, ADDITIONAL))
        elif field.is_repeated or not field.message_type or message.HasField(field.name):
            found[field.name] = plain_field(message, field)
    return as_block(found, block_class(message.DESCRIPTOR.name))


def as_block(found: dict[str, Any], kind: type | None) -> dict[str, Any]:
    """The data as its block has it: counts are integers and left out where absent, as rows have fewer;
    a block that may be lacking is None.
    """
    if kind is None:
        return found
    counts, lacking = counts_of(kind), may_lack(kind)
    known = {name: value for name, value in found.items() if name not in counts or value is not None}
    whole = {name: counted(value) if name in counts else value for name, value in known.items()}
    return {**whole, **{name: None for name in lacking if name not in whole}}


@cache
def block_class(message: str) -> type | None:
    """The block that travels as a message; loaded late, since who only sends scenarios needs none."""
    from simulator.report.report import Report
    from wayfare.convert.report_proto import messages_below

    return next((kind for kind in messages_below(Report, {}) if kind.__name__ == message), None)


@cache
def counts_of(kind: type) -> frozenset[str]:
    """The fields of a block that are counts."""
    hints = get_type_hints(kind)
    return frozenset(name for name in hints if hints[name] is float and is_count(stated_of(kind, name)))


def is_count(stated: FigureDescription) -> bool:
    """Whether a figure is whole in every replication."""
    return stated.format is Format.COUNT and stated.averaging is not Averaging.MEASURED


@cache
def may_lack(kind: type) -> frozenset[str]:
    """The fields of a block that hold another one or None."""
    hints = get_type_hints(kind).items()
    return frozenset(name for name, hint in hints if block_of(hint) and NoneType in get_args(hint))


def plain_field(message: Message, field: Field) -> Any:
    """One field as plain data."""
    value = getattr(message, field.name)
    if is_map(field):
        return {name: plain_entry(value[name], field) for name in value}
    if field.is_repeated:
        return [plain(entry) if field.message_type else entry for entry in value]
    if isinstance(value, Struct):
        return json_format.MessageToDict(value)
    if field.message_type:
        return plain(value)
    return value if not field.has_presence or message.HasField(field.name) else None


def plain_entry(value: Any, field: Field) -> Any:
    """One entry of a map as plain data."""
    kind = field.message_type.fields_by_name["value"].message_type
    if kind is None:
        return counted(value)
    return plain(value)["value"] if kind.name == "Figure" else plain(value)


def counted(value: float) -> float:
    """A count as the integer it is; means over replications may be none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
