"""`path.to.key=value` settings laid over a scenario's plain data."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

from catalogs.errors import Fault
from catalogs.reader import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "--set"


def overridden(data: object, settings: Sequence[str]) -> tuple[object, list[Fault]]:
    """A copy of the data with every setting applied, and what was wrong with settings.

    A list's entries are named by their number or by their `name`.
    """
    changed = copy.deepcopy(data)
    faults: list[Fault] = []
    for setting in settings:
        path, equals, text = setting.partition("=")
        problem = put(changed, path.strip().split("."), text) if equals else "write path=value"
        if problem:
            faults.append(Fault(SOURCE, path.strip(), problem))
    return changed, faults


def put(data: object, path: list[str], text: str) -> str:
    """Puts the value at the path, making maps on the way; says what stands in the way."""
    here = data
    for step in path[:-1]:
        following = entered(here, step)
        if following is None:
            return f"nothing is called {step!r} here"
        here = following
    try:
        value = parse_yaml(text)
    except ValueError as error:
        return str(error)
    return assigned(here, path[-1], value)


def entered(here: object, step: str) -> object | None:
    """What stands under a step; a map gets a new map where it has nothing."""
    if isinstance(here, dict):
        if here.get(step) is None:
            here[step] = {}
        return cast("object", here[step])
    if isinstance(here, list):
        place = place_in(here, step)
        return here[place] if place is not None else None
    return None


def place_in(entries: list[object], step: str) -> int | None:
    """Number of the entry that a step names by number or by name."""
    if step.isdigit() and int(step) < len(entries):
        return int(step)
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    return names.index(step) if step in names else None


def assigned(here: object, step: str, value: object) -> str:
    """Sets the last step of a path; says why it cannot be set."""
    if isinstance(here, dict):
        here[step] = value
        return ""
    if isinstance(here, list) and (place := place_in(here, step)) is not None:
        here[place] = value
        return ""
    return f"nothing is called {step!r} here"
