"""Policy parameters: declared as frozen dataclasses, read from plain values, checked all at once."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from math import isfinite, isnan
from types import MappingProxyType, NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from catalogs.near_names import did_you_mean
from router.errors import InvalidPolicyParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterDescription:
    """One parameter as documentation shows it; `default` is its literal text."""

    name: str
    type: str
    default: str
    about: str


def parameter(default: T, about: str) -> T:
    """A dataclass field with a default and a sentence about it."""
    return field(default=default, metadata={"about": about})


def required(about: str) -> Any:  # noqa: ANN401  (takes the type of the field that it stands for)
    """A dataclass field that must be given, and a sentence about it."""
    return field(metadata={"about": about})


def read_parameters(declared: type[T], values: Mapping[str, object]) -> T:
    """The declared dataclass made from plain values, as YAML or JSON gives them.

    Raises:
        InvalidPolicyParameterError: lists every unknown or missing key, wrong type and bad value.
    """
    hints = get_type_hints(declared)
    allowed = {field.name: hints[field.name] for field in _fields_of(declared)}
    problems = [(key, unknown_parameter(key, tuple(allowed))) for key in values if key not in allowed]
    converted = {}
    for key, value in values.items():
        if key in allowed:
            try:
                converted[key] = _converted(allowed[key], value)
            except _MismatchError as mismatch:
                problems.append((key, f"{value!r} is not {mismatch}"))
    missing = [
        field.name for field in _fields_of(declared) if _is_required(field) and field.name not in values
    ]
    problems += [(key, "required, but not given") for key in missing]
    if problems:
        raise InvalidPolicyParameterError((*problems, *_further_problems(declared, converted)))
    return declared(**converted)


def _further_problems(declared: type, converted: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """What is wrong with those values that could be read, where the rest does not hide it."""
    if any(_is_required(field) and field.name not in converted for field in _fields_of(declared)):
        return ()
    try:
        declared(**converted)
    except InvalidPolicyParameterError as error:
        return error.problems
    return ()


def describe_parameters(declared: type) -> tuple[ParameterDescription, ...]:
    """The declared parameters with types, defaults and what they mean, in order."""
    return tuple(
        ParameterDescription(
            name=field.name,
            type=str(field.type),
            default="required" if _is_required(field) else repr(field.default),
            about=str(field.metadata.get("about", "")),
        )
        for field in _fields_of(declared)
    )


def unknown_parameter(key: str, allowed: tuple[str, ...], owner: str = "policy") -> str:
    """What to say of a parameter that does not exist: near matches first, then all there are."""
    if not allowed:
        return f"unknown parameter; this {owner} has none"
    listed = ", ".join(map(repr, allowed))
    return f"unknown parameter; {did_you_mean(key, allowed)}allowed: {listed}"


def check(*problems: tuple[str, str] | None) -> None:
    """Raises for those of the results of `ratio`, `at_least` and the like that are problems.

    Raises:
        InvalidPolicyParameterError: lists them.
    """
    found = tuple(problem for problem in problems if problem is not None)
    if found:
        raise InvalidPolicyParameterError(found)


def ratio(name: str, value: float) -> tuple[str, str] | None:
    """The problem with a value outside [0, 1], if any."""
    return None if 0.0 <= value <= 1.0 else (name, f"{value!r} is not in [0, 1]")


def at_least(name: str, value: float, least: float) -> tuple[str, str] | None:
    """The problem with a value below `least` or not finite, if any."""
    good = isfinite(value) and value >= least
    return None if good else (name, f"{value!r} is not a finite number >= {least:g}")


def above(name: str, value: float, bound: float) -> tuple[str, str] | None:
    """The problem with a value that is not finite and above `bound`, if any."""
    good = isfinite(value) and value > bound
    return None if good else (name, f"{value!r} is not a finite number > {bound:g}")


def weights(name: str, values: Mapping[str, float] | None) -> tuple[str, str] | None:
    """The problem with weights that are negative, not finite or all zero, if any."""
    if values is None:
        return None
    good = all(isfinite(value) and value >= 0.0 for value in values.values())
    if good and sum(values.values()) > 0.0:
        return None
    return name, f"{dict(values)!r} are not weights >= 0 with a positive sum"


def limits(name: str, values: Mapping[str, float] | None) -> tuple[str, str] | None:
    """The problem with limits by name that are not finite and above 0, if any."""
    if values is None or all(isfinite(value) and value > 0.0 for value in values.values()):
        return None
    return name, f"{dict(values)!r} are not finite limits > 0"


class _MismatchError(Exception):
    """Says what was expected instead."""


def _fields_of(declared: type) -> tuple[Field[object], ...]:
    """The dataclass fields of a parameters type; what it keeps for itself is none."""
    return tuple(field for field in fields(declared) if field.init)


def _is_required(field: Field[object]) -> bool:
    """Whether the field has no default."""
    return field.default is MISSING and field.default_factory is MISSING


def _converted(hint: object, value: object) -> object:
    """The value as the type hint wants it.

    Raises:
        _MismatchError: it cannot be.
    """
    if hint is object:
        return value
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional(arguments, value)
    if origin is Literal:
        return _one_of(arguments, value)
    if origin is tuple:
        return _sequence(arguments[0], value)
    if origin is not None:
        return _table(arguments[1], value)
    return _scalar(hint, value)


def _optional(arguments: tuple[object, ...], value: object) -> object:
    """`None`, or the value as the other type of `X | None`."""
    if value is None:
        return None
    return _converted(next(hint for hint in arguments if hint is not NoneType), value)


def _one_of(allowed: tuple[object, ...], value: object) -> object:
    """The value, one of those allowed."""
    if value not in allowed:
        raise _MismatchError("one of " + ", ".join(repr(choice) for choice in allowed))
    return value


def _sequence(hint: object, value: object) -> tuple[object, ...]:
    """A list as a tuple."""
    if not isinstance(value, (list, tuple)):
        raise _MismatchError("a list")
    return tuple(_converted(hint, item) for item in value)


def _table(hint: object, value: object) -> Mapping[str, object]:
    """A mapping of names, read-only."""
    if not isinstance(value, dict):
        raise _MismatchError("a mapping")
    return MappingProxyType({str(_scalar(str, key)): _converted(hint, item) for key, item in value.items()})


def _scalar(hint: object, value: object) -> object:
    """A number, text or truth value of exactly the type wanted; an int will do for a float."""
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if isnan(value):
            raise _MismatchError("a number")
        return float(value)
    wanted = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}
    if type(value) is not hint:
        raise _MismatchError(wanted.get(hint, str(hint)))  # type: ignore[call-overload]  # a hint may be anything
    return value
