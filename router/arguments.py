"""A constructor's arguments as parameters: checked by name, described as documentation shows them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from router.parameters import ParameterDescription, unknown_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

WILD = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def named_arguments(made_by: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Named arguments of a constructor."""
    arguments = inspect.signature(made_by).parameters
    return {name: argument for name, argument in arguments.items() if argument.kind not in WILD}


def argument_problems(
    made_by: Callable[..., object], values: Iterable[str], further: tuple[str, ...] = ()
) -> tuple[tuple[str, str], ...]:
    """What is wrong with the names of the values: unknown ones, and required ones that are not given.

    `further` are names that are allowed besides the constructor's own.
    """
    arguments, given = named_arguments(made_by), tuple(values)
    allowed = (*arguments, *further)
    unknown = [(key, unknown_parameter(key, allowed)) for key in given if key not in allowed]
    required = [
        (name, "required, but not given")
        for name, argument in arguments.items()
        if argument.default is argument.empty and name not in given
    ]
    return (*unknown, *required)


def describe_arguments(made_by: Callable[..., object]) -> tuple[ParameterDescription, ...]:
    """A constructor's arguments as documentation shows them."""
    return tuple(_description(argument) for argument in named_arguments(made_by).values())


def accepted(method: Callable[..., object], values: Mapping[str, object]) -> dict[str, object]:
    """Those of the values that a method takes by their names."""
    arguments = inspect.signature(method).parameters
    takes_all = any(argument.kind is argument.VAR_KEYWORD for argument in arguments.values())
    return {name: value for name, value in values.items() if takes_all or name in arguments}


def _description(argument: inspect.Parameter) -> ParameterDescription:
    """One argument as documentation shows it."""
    required = argument.default is argument.empty
    return ParameterDescription(
        name=argument.name,
        type="" if argument.annotation is argument.empty else str(argument.annotation),
        default="required" if required else repr(argument.default),
        about="",
    )
