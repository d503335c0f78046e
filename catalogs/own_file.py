"""A file of a user's own figures: entries by kind and name, as in a scenario's `catalog.overrides`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.errors import InputProblem, InvalidCatalogError
from catalogs.loading import KINDS, merged
from catalogs.near_names import did_you_mean
from catalogs.reader import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Own = dict[str, dict[str, dict[str, object]]]


def own_figures(path: Path) -> Own:
    """The entries of a file by kind (`accelerators`, `models`, ...) and name, as they are written.

    Raises:
        InvalidCatalogError: the file cannot be read, or is no map of kinds to maps of entries.
    """
    data = read_yaml(path)
    problems = tuple(InputProblem(str(path), where, what) for where, what in shape_problems(data))
    if problems or not isinstance(data, dict):
        raise InvalidCatalogError(problems)
    return {str(kind): {str(name): dict(entry) for name, entry in data[kind].items()} for kind in data}


def shape_problems(data: object) -> Iterator[tuple[str, str]]:
    """What keeps plain data from being entries by kind and name, with its path."""
    known = ", ".join(KINDS)
    if not isinstance(data, dict):
        yield "", f"must be a map of kinds to entries; kinds: {known}"
        return
    for kind, entries in data.items():
        if kind not in KINDS:
            yield str(kind), f"unknown kind; {did_you_mean(str(kind), KINDS)}known: {known}"
        elif not isinstance(entries, dict):
            yield str(kind), "must be a map of names to entries"
        else:
            yield from (
                (f"{kind}.{name}", "must be a map") for name in entries if not isinstance(entries[name], dict)
            )


def with_own_figures(data: object, own: Own) -> object:
    """A scenario's plain data with a file's figures, which its own overrides take precedence over."""
    if not isinstance(data, dict) or not own:
        return data
    catalog = data.get("catalog") or {}
    if not isinstance(catalog, dict) or not isinstance(catalog.get("overrides") or {}, dict):
        return data
    laid = merged(dict(own), catalog.get("overrides") or {})
    return {**data, "catalog": {**catalog, "overrides": laid}}
