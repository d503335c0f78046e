"""What the report says of its own figures: each is stated once, at the field that holds it.

A field made by `figure` is a number; one made by `block` holds further fields. Their metadata is read by
means over replications, JSON, `report.proto`, tables, Prometheus' names and docs/reference/figures.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulator.report.metrics import Metric

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

STATED = "figure"
RATIO = "a ratio of totals, which a query forms"
"""Why a figure that divides two totals has no metric of its own."""


class Better(StrEnum):
    """Which way a figure improves."""

    LESS = "less"
    MORE = "more"


class Format(StrEnum):
    """How a number is written; the unit is part of it."""

    COUNT = "count"
    MEAN_COUNT = "mean count"
    RATIO = "ratio"
    RATE = "per second"
    FACTOR = "factor"
    SECONDS = "s"
    USD = "USD"
    USD_PER_THOUSAND = "USD, shown per thousand"
    WATT_HOURS = "Wh"
    GRAMS = "gCO2e"
    LITRES = "L"


class Averaging(StrEnum):
    """What becomes of a figure over replications; a row that one lacks counts there as 0, unless the figure
    is measured of each request or answer (`MEASURED`).
    """

    SUMMED = "mean"
    COMPLETE = "mean, where all know it"
    MEASURED = "mean of those that have it"
    ADDED = "sum"
    FIRST = "the first one's"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureDescription:
    """What there is to say of a figure or block.

    `title` heads it in pages, `head` in the narrow columns of a terminal. With `interval` it gets one over
    replications; `compared` is its place among the paired differences, 0 for none. `of_total`: not known
    where the `total` beside it is not. `metric` is the Prometheus metric that shows it, with the label
    `part` it is there under; without one, `no_metric` says why.
    """

    text: str
    format: Format | None = None
    title: str = ""
    head: str = ""
    better: Better | None = None
    interval: bool = False
    compared: int = 0
    averaging: Averaging = Averaging.SUMMED
    of_total: bool = False
    metric: Metric | None = None
    part: str = ""
    no_metric: str = ""
    below: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of the report: its dotted path in the JSON, and what its field states of it."""

    path: str
    stated: FigureDescription


def figure(text: str, shown: Format | None = None, **stated: Any) -> Any:
    """A field that holds a figure; `stated` are fields of `FigureDescription`."""
    return field(metadata={STATED: FigureDescription(text=text, format=shown, **stated)})


def block(text: str, **below: Mapping[str, Any]) -> Any:
    """A field that holds a block; `below` states more of its figures, by their names."""
    return field(metadata={STATED: FigureDescription(text=text, below=below)})


def stated_of(holder: type, name: str) -> FigureDescription:
    """What a field of a block states."""
    entry = next(entry for entry in fields(holder) if entry.name == name)
    found: FigureDescription = entry.metadata[STATED]
    return found


def block_of(kind: object) -> type | None:
    """The class of the blocks that a field's type holds, alone or by name; None for figures and texts."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind
    inner = [block_of(part) for part in get_args(kind) if part is not NoneType]
    return next((found for found in inner if found is not None), None)


def is_map(kind: object) -> bool:
    """Whether a field's type is a map by name."""
    if get_origin(kind) in (Union, UnionType):
        return any(map(is_map, get_args(kind)))
    return get_origin(kind) is dict


def figures_of(
    holder: type, path: str = "", below: Mapping[str, Mapping[str, Any]] | None = None
) -> Iterator[Figure]:
    """The figures that a class of blocks states, those of blocks within it included.

    `*` stands in a path for the names of a map. Figures of breakdowns' rows are left out: they repeat
    those of the whole.
    """
    for name, kind in get_type_hints(holder).items():
        stated = replace(stated_of(holder, name), **(below or {}).get(name, {}))
        inner, here = block_of(kind), f"{path}{name}{'.*' if is_map(kind) else ''}"
        if inner is None and stated.format is not None:
            yield Figure(path=here, stated=stated)
        elif inner is not None and name != "by":
            yield from figures_of(inner, f"{here}.", stated.below)


def plain(value: object) -> Any:
    """Blocks as plain data, JSON-ready: fields in their order, None where a figure is not known (nan)."""
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124  (nan)
