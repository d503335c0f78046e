"""Where two editions disagree: every figure, with both sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.catalog import Catalog
    from catalogs.records import Entry

ABOUT_SOURCES = ("source", "retrieved", "estimate")
ABOUT_ENTRIES = (*ABOUT_SOURCES, "name", "valid_from", "sources", "note")
ABSENT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogDifference:
    """A figure that two editions state differently; `-` where one does not state it."""

    kind: str
    name: str
    path: str
    first: object
    second: object
    first_source: str
    second_source: str


def figures(entry: Entry) -> dict[str, object]:
    """Every figure of an entry by its dotted path, without what is only about sources."""
    plain = entry.model_dump(mode="json", exclude=set(ABOUT_ENTRIES))
    return dict(leaves(plain, ""))


def leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """The values at the ends of nested maps and lists, by dotted path; absent ones left out."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key not in ABOUT_SOURCES:
                yield from leaves(below, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from leaves(below, f"{path}.{number}")
    elif value is not None:
        yield path, value


def differences(first: Catalog, second: Catalog) -> Iterator[CatalogDifference]:
    """Every disagreement, in order of kind, name and path."""
    others = second.kinds()
    for kind, entries in first.kinds().items():
        for name in dict.fromkeys([*entries, *others[kind]]):
            yield from between(kind, name, entries.get(name), others[kind].get(name))


def between(kind: str, name: str, first: Entry | None, second: Entry | None) -> Iterator[CatalogDifference]:
    """The disagreements about one entry."""
    one = figures(first) if first else {}
    other = figures(second) if second else {}
    for path in dict.fromkeys([*one, *other]):
        if one.get(path) != other.get(path):
            yield CatalogDifference(
                kind=kind,
                name=name,
                path=path,
                first=one.get(path, ABSENT),
                second=other.get(path, ABSENT),
                first_source=source_of(first, path) if path in one else ABSENT,
                second_source=source_of(second, path) if path in other else ABSENT,
            )


def source_of(entry: Entry | None, path: str) -> str:
    """Where an entry's figure comes from."""
    return entry.origin_of(path).source if entry else ABSENT
