"""Pipelines from plain data: parts by name with their knobs, all problems at once, each with its place."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import TYPE_CHECKING, cast

from router.errors import InvalidPolicyParameterError, RouterError
from router.parameters import read_parameters, unknown_parameter
from router.pipeline.parts import part_class
from router.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.pipeline.part import Filter, Picker, Scorer, WhenEmpty
    from router.pipeline.parts import PartKind

    Problems = list[tuple[str, str]]

FORM = "a part: its name, or its name with its knobs as a mapping"


def pipeline_of(
    *,
    filters: Sequence[object] = (),
    scorers: Sequence[object] = (),
    picker: object = "best_score",
    when_empty: WhenEmpty = "skip",
    reason: str,
) -> Pipeline:
    """A pipeline of fresh parts, each declared as `name` or `{name: {knob: value}}`.

    Raises:
        InvalidPolicyParameterError: lists every part and knob that is unknown or wrong, under its place, such
            as `scorers[1].cost.weight`.
    """
    problems: Problems = []
    narrowing = [_made("filter", f"filters[{n}]", one, problems) for n, one in enumerate(filters)]
    weighing = [_made("scorer", f"scorers[{n}]", one, problems) for n, one in enumerate(scorers)]
    choosing = _made("picker", "picker", picker, problems)
    if problems:
        raise InvalidPolicyParameterError(tuple(problems))
    return Pipeline(
        filters=cast("list[Filter]", narrowing),
        scorers=cast("list[Scorer]", weighing),
        picker=cast("Picker", choosing),
        when_empty=when_empty,
        reason=reason,
    )


def declared_part(declared: object) -> tuple[str, Mapping[str, object]] | None:
    """Name and knobs of a declared part; none where it does not have the form of one."""
    if isinstance(declared, str):
        return declared, {}
    if not isinstance(declared, dict) or len(declared) != 1:
        return None
    ((name, knobs),) = declared.items()
    knobs = {} if knobs is None else knobs
    return (name, knobs) if isinstance(name, str) and isinstance(knobs, dict) else None


def _made(kind: PartKind, place: str, declared: object, problems: Problems) -> object:
    """A fresh part; what is wrong with it is added to the problems."""
    found = declared_part(declared)
    if found is None:
        problems.append((place, f"{declared!r} is not {FORM}"))
        return None
    name, knobs = found
    try:
        return _part(kind, name, knobs)
    except InvalidPolicyParameterError as error:
        problems += [(f"{place}.{name}.{knob}", what) for knob, what in error.problems]
    except RouterError as error:
        problems.append((place, str(error.args[0])))
    return None


def _part(kind: PartKind, name: str, knobs: Mapping[str, object]) -> object:
    """A fresh part by name; a class that is no dataclass takes no knobs."""
    found = part_class(kind, name)
    if is_dataclass(found):
        return read_parameters(cast("type", found), knobs)
    if knobs:
        raise InvalidPolicyParameterError(
            tuple((knob, unknown_parameter(knob, (), "part")) for knob in knobs)
        )
    return found()
