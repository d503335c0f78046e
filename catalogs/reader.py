"""YAML 1.2 as people mean it: no surprising truths or clock numbers, no duplicate keys, no bombs.

Anchors, aliases and merge keys (`<<`) stand for what they name, up to the same depth and number of
values as if it had been written out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from catalogs.errors import InputProblem, InvalidCatalogError
from catalogs.expansion import Expansion

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
    "merge": (r"<<", "<"),
}
"""The core schema of YAML 1.2, plain dates, and merge keys."""
MERGE = TAG + "merge"


BASE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where PyYAML has it; the same events either way."""


class Loader(BASE):  # type: ignore[misc,valid-type]  # the compiled loader where there is one
    """PyYAML's safe loader with YAML 1.2's core schema; duplicate keys are refused."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (PyYAML's own name and kind)

    def flatten_mapping(self, node: MappingNode) -> None:
        """Puts merged keys in the place of `<<`; a map that gives a key twice is refused before."""
        if not hasattr(node, "distinct"):
            self.demand_distinct(node)
            node.distinct = True  # type: ignore[attr-defined]  # a mark of our own
        super().flatten_mapping(node)

    def demand_distinct(self, node: MappingNode) -> None:
        """Raises `MarkedYAMLError` for a key given twice, and for keys that are no text or number."""
        seen: set[object] = set()
        for key_node, _value in node.value:
            merges = key_node.tag == MERGE
            key = key_node.value if merges else self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool):
                raise refused(f"key {key!r} is no text or number", key_node.start_mark)
            if key in seen:
                raise refused(f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)


def construct_int(loader: Loader, node: yaml.ScalarNode) -> int:
    """A whole number of YAML 1.2: decimal, 0o17 or 0x1f; a leading zero does not mean octal."""
    text = str(loader.construct_scalar(node))
    if len(text) > MOST_DIGITS:
        raise refused(f"a number of {len(text):,} digits; at most {MOST_DIGITS} are read", node.start_mark)
    prefix = text[:2].lower()
    return int(text[2:], {"0o": 8, "0x": 16}[prefix]) if prefix in ("0o", "0x") else int(text)


Loader.add_constructor(TAG + "int", construct_int)
Loader.add_constructor(MERGE, yaml.constructor.SafeConstructor.construct_yaml_str)
for _name, (_pattern, _first) in RESOLVERS.items():
    Loader.add_implicit_resolver(TAG + _name, re.compile(rf"^(?:{_pattern})$"), list(_first))


def refused(what: str, mark: object) -> yaml.MarkedYAMLError:
    """An error at a place of the text."""
    return yaml.MarkedYAMLError(problem=what, problem_mark=mark)  # type: ignore[arg-type]  # or a compiled mark


def demand_bounded(text: str) -> bool:
    """Whether the text has aliases; raises `MarkedYAMLError` for depth or values without end, unmade."""
    expansion = Expansion(most_values=MOST_VALUES, most_nesting=MOST_NESTING)
    for event in yaml.parse(text, Loader=BASE):
        problem = expansion.problem(event)
        if problem:
            raise refused(problem, event.start_mark)
    return expansion.has_aliases


def parse_yaml(text: str) -> object:
    """The data in the text; what an alias stands for is a copy of its own.

    Raises:
        ValueError: it is no YAML we read; the message names the line.
    """
    try:
        has_aliases = demand_bounded(text)
        data = yaml.load(text, Loader=Loader)  # noqa: S506  (a safe loader)
    except yaml.MarkedYAMLError as error:
        raise ValueError(placed(error, text)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return separate(data) if has_aliases else data


def placed(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong, with its line; a tab that indents is called what it is."""
    mark = error.problem_mark
    if mark is None:
        return ", ".join(part for part in (error.context, error.problem) if part)
    where = f"line {mark.line + 1}, column {mark.column + 1}: "
    line = "".join(text.splitlines(keepends=False)[mark.line : mark.line + 1])
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"{where}a tab indents this line; YAML is indented with spaces"
    return where + ", ".join(part for part in (error.context, error.problem) if part)


def separate(value: object) -> object:
    """The data with no map or list in two places, so that changing one changes one."""
    if isinstance(value, dict):
        return {key: separate(below) for key, below in value.items()}
    return [separate(below) for below in value] if isinstance(value, list) else value


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
        return parse_yaml(small(path.read_bytes()).decode("utf-8-sig"))
    except OSError as error:
        problem = InputProblem(str(path), "", f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        problem = InputProblem(
            str(path), "", f"is no UTF-8 text: byte {error.start + 1} is 0x{error.object[error.start]:02x}"
        )
    except ValueError as error:
        problem = InputProblem(str(path), "", str(error))
    raise InvalidCatalogError((problem,))
