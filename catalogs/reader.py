"""YAML 1.2 as people mean it: no surprising truths or clock numbers, no duplicate keys, no bombs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from catalogs.errors import Fault, InvalidCatalogError

if TYPE_CHECKING:
    from pathlib import Path

    from yaml.nodes import MappingNode

MOST_BYTES = 4_000_000
MOST_NESTING = 40
MOST_VALUES = 200_000
MOST_DIGITS = 100
TAG = "tag:yaml.org,2002:"
RESOLVERS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    "timestamp": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
}
"""The core schema of YAML 1.2, and plain dates."""


BASE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where PyYAML has it; the same events either way."""


class Loader(BASE):  # type: ignore[misc,valid-type]
    """PyYAML's safe loader with YAML 1.2's core schema; duplicate keys are refused."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (PyYAML's own name and kind)

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002  (PyYAML's signature)
        """The map; a key given twice is refused."""
        seen: set[object] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool):
                raise refused(f"key {key!r} is no text or number", key_node.start_mark)
            if key in seen:
                raise refused(f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        found: dict[object, object] = super().construct_mapping(node, deep=deep)
        return found


def construct_int(loader: Loader, node: yaml.ScalarNode) -> int:
    """A whole number of YAML 1.2: decimal, 0o17 or 0x1f; a leading zero does not mean octal."""
    text = str(loader.construct_scalar(node))
    if len(text) > MOST_DIGITS:
        raise refused(f"a number of {len(text):,} digits; at most {MOST_DIGITS} are read", node.start_mark)
    prefix = text[:2].lower()
    return int(text[2:], {"0o": 8, "0x": 16}[prefix]) if prefix in ("0o", "0x") else int(text)


Loader.add_constructor(TAG + "int", construct_int)
for _name, (_pattern, _first) in RESOLVERS.items():
    Loader.add_implicit_resolver(TAG + _name, re.compile(rf"^(?:{_pattern})$"), list(_first))


def refused(what: str, mark: object) -> yaml.MarkedYAMLError:
    """An error at a place of the text."""
    return yaml.MarkedYAMLError(problem=what, problem_mark=mark)  # type: ignore[arg-type]


def demand_plain(text: str) -> None:
    """Raises `MarkedYAMLError` for aliases, and for depth or values without end, before any is made."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=BASE)):
        if count > MOST_VALUES:
            raise refused(f"more than {MOST_VALUES:,} values", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise refused("aliases are not allowed", event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_NESTING:
            raise refused(f"nested more than {MOST_NESTING} deep", event.start_mark)


def parse_yaml(text: str) -> object:
    """The data in the text.

    Raises:
        ValueError: it is no YAML we read; the message names the line.
    """
    try:
        demand_plain(text)
        return yaml.load(text, Loader=Loader)  # noqa: S506  (a safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        message = where + ", ".join(part for part in (error.context, error.problem) if part)
        raise ValueError(message) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(str(error)) from error


def small(data: bytes) -> bytes:
    """The data itself.

    Raises:
        ValueError: there is too much of it.
    """
    if len(data) > MOST_BYTES:
        message = f"larger than {MOST_BYTES} bytes"
        raise ValueError(message)
    return data


def read_yaml(path: Path) -> object:
    """The data in a file.

    Raises:
        InvalidCatalogError: the file cannot be read, or holds no YAML we read.
    """
    try:
        return parse_yaml(small(path.read_bytes()).decode())
    except OSError as error:
        fault = Fault(str(path), "", f"cannot be read: {error.strerror or error}")
    except ValueError as error:
        fault = Fault(str(path), "", str(error))
    raise InvalidCatalogError((fault,))
