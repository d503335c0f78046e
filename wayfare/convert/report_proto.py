"""`report.proto`, written from the report's blocks; fields keep the numbers they once had."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Union, get_args, get_origin, get_type_hints

from simulator.report.blocks.counts import AttemptCounts, RowAttempts
from simulator.report.blocks.latency import Latency, RowLatency
from simulator.report.figures import block_of, is_map, stated_of
from simulator.report.report import Report
from wayfare.convert.proto_text import numbered, numbers_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TARGET = Path(__file__).parents[2] / "proto" / "wayfare" / "v1" / "report.proto"
ADDITIONAL = "additional"
SCALARS: dict[object, str] = {bool: "bool", int: "int64", float: "double", str: "string"}
SAME_MESSAGE: dict[type, type] = {RowAttempts: AttemptCounts, RowLatency: Latency}
"""Blocks that travel as the larger ones they are parts of."""
DIGEST = ("string", "digest", "SHA-256 of the report without wall time.")
HEAD = """// Written by `make proto` from the blocks of the report; do not edit.
syntax = "proto3";

package wayfare.v1;

import "google/protobuf/struct.proto";

// A figure that may be undefined.
message Figure {
  // The figure; absent where it is undefined.
  optional double value = 1;
}
"""
TAIL = """// The mean of b - a in one figure.
message Difference {
  // The first policy.
  string a = 1;
  // The second policy.
  string b = 2;
  // The figure's dotted path.
  string metric = 3;
  // The mean of b - a.
  optional double mean = 4;
  // The interval's lower end; absent with one replication.
  optional double low = 5;
  // The interval's upper end.
  optional double high = 6;
  // Replications behind it.
  int64 replications = 7;
  // Figures that this edition of the contract has no field for.
  google.protobuf.Struct additional = 15;
}

// Policies side by side (schema wayfare.comparison/1).
message Comparison {
  // The schema's name.
  string schema = 1;
  // Every policy that ran.
  repeated string policies = 2;
  // Those added as baselines.
  repeated string baselines = 3;
  // Replications of each.
  int64 replications = 4;
  // Confidence of the intervals.
  optional double confidence = 5;
  // One report a policy, the mean over replications.
  repeated Report reports = 6;
  // Paired differences.
  repeated Difference differences = 7;
  // Policies that no other beats in everything.
  repeated string pareto = 8;
  // How good the routing itself is.
  google.protobuf.Struct routing_quality = 9;
  // Figures that this edition of the contract has no field for.
  google.protobuf.Struct additional = 10;
}
"""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message: its declared type, its name and what it is."""

    declared: str
    name: str
    text: str


def report_proto(earlier: str) -> str:
    """The whole file; `earlier` is the edition whose numbers are kept."""
    known = numbers_in(earlier)
    messages = [message_text(kind, known.get(kind.__name__, {})) for kind in messages_below(Report, {})]
    return "\n".join([HEAD, *messages, TAIL])


def messages_below(kind: type, found: dict[type, None]) -> dict[type, None]:
    """Every class that is a message, those that a class is made of before it."""
    kind = SAME_MESSAGE.get(kind, kind)
    if kind in found:
        return found
    for inner in filter(None, map(block_of, get_type_hints(kind).values())):
        messages_below(inner, found)
    found[kind] = None
    return found


def message_text(kind: type, known: Mapping[str, int]) -> str:
    """One message; those that once had `additional` keep it for figures of later editions."""
    found = [*fields_of(kind)]
    if kind is Report:
        found.append(Field(*DIGEST))
    if ADDITIONAL in known:
        what = "Figures that this edition of the contract has no field for."
        found.append(Field("google.protobuf.Struct", ADDITIONAL, what))
    numbers, gone = numbered([field.name for field in found], known)
    lines = [f"// {(kind.__doc__ or '').splitlines()[0]}", f"message {kind.__name__} {{"]
    lines += [f"  reserved {', '.join(map(str, gone))};"] if gone else []
    for field in found:
        lines += [f"  // {field.text}", f"  {field.declared} {field.name} = {numbers[field.name]};"]
    return "\n".join([*lines, "}", ""])


def fields_of(kind: type) -> Iterator[Field]:
    """The fields of a block."""
    for name, hint in get_type_hints(kind).items():
        yield Field(declared(hint), name, stated_of(kind, name).text)


def declared(hint: object) -> str:
    """The type of a field as declared; numbers, and texts that may be absent, say whether they are there."""
    inner = block_of(hint)
    if is_map(hint):
        return f"map<string, {message_name(inner) if inner else mapped_number(hint)}>"
    if get_origin(hint) is list:
        return f"repeated {message_name(inner) if inner else SCALARS[get_args(hint)[0]]}"
    if inner is not None:
        return message_name(inner)
    may_be_absent = get_origin(hint) in (Union, UnionType)
    (plain,) = [part for part in get_args(hint) if part is not NoneType] if may_be_absent else [hint]
    return f"optional {SCALARS[plain]}" if may_be_absent or plain is float else SCALARS[plain]


def mapped_number(hint: object) -> str:
    """What a map of numbers holds: a message where they may be undefined."""
    return "double" if get_args(hint)[1] is float else "Figure"


def message_name(kind: type) -> str:
    """What the message of a block is called."""
    return SAME_MESSAGE.get(kind, kind).__name__


if __name__ == "__main__":
    TARGET.write_text(report_proto(TARGET.read_text()))
