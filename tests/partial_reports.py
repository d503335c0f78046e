"""Reports of a few given figures: the rest is empty, or not known."""

from __future__ import annotations

from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from simulator.report.report import Report

EMPTY = {str: "", bool: False, int: 0, float: 0.0}


def partial_report(policy: str, given: dict[str, Any]) -> Report:
    """A report of plain data, of which anything may be left out."""
    made: Report = typed(Report, {**given, "policy": policy})
    return made


def typed(kind: Any, given: Any) -> Any:
    """A value of a field's type, from plain data or nothing."""
    if get_origin(kind) in (Union, UnionType):
        inner = next(part for part in get_args(kind) if part is not NoneType)
        return None if given is None else typed(inner, given)
    if get_origin(kind) is list:
        return [typed(get_args(kind)[0], value) for value in given or []]
    if get_origin(kind) is dict:
        return {name: typed(get_args(kind)[1], value) for name, value in (given or {}).items()}
    if is_dataclass(kind) and not isinstance(given, kind):
        hints = get_type_hints(kind).items()
        return kind(**{name: typed(part, (given or {}).get(name)) for name, part in hints})
    return EMPTY.get(kind) if given is None else given
