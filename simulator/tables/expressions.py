"""SQL that reads one field of a row, and what its text says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.tables.reading import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_INSTANT: Final = 16
"""Characters of `2023-11-16 18:17`; shorter texts are dates or years."""
NAMES_A_ZONE: Final = r"([A-Za-z_/]+|[+-]\d\d(:?\d\d)?)$"
NOTHING: Final = "CAST(NULL AS VARCHAR)"


def pointer(*names: str) -> str:
    """The JSON pointer (RFC 6901) of a path, as SQL."""
    return quoted("".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names))


def inside(json: str, names: Sequence[str]) -> str:
    """Text of a value inside JSON; objects that were written as text are read all the same."""
    for name in names[:-1]:
        below = f"json_extract({json}, {pointer(name)})"
        json = opened(f"json_extract_string({below}, '')")
    return f"json_extract_string({json}, {pointer(names[-1])})"


def opened(value: str) -> str:
    """A text as JSON, NULL where it is none."""
    return f"CASE WHEN json_valid({value}) THEN CAST({value} AS JSON) END"


def first_of(expressions: Sequence[str]) -> str:
    """The first of several texts that is there and not empty; the last one as it is."""
    if not expressions:
        return NOTHING
    *others, last = expressions
    said = [f"NULLIF(TRIM({text}), '')" for text in others]
    return f"COALESCE({', '.join([*said, last])})" if said else last


def text(field: str) -> str:
    """The field's text without spaces around it; NULL where it is empty."""
    return f"NULLIF(TRIM({field}), '')"


def number(field: str) -> str:
    """The field as a number, NULL where it is none: `50`, `50.0` and `5e1` are the same."""
    return f"TRY_CAST({field} AS DOUBLE)"


def instant_ns(field: str) -> str:
    """An ISO 8601 instant as nanoseconds since 1970 (UTC where it names no zone), else NULL.

    With a zone it is read to the microsecond.
    """
    value = f"TRIM({field})"
    return (
        f"CASE WHEN LENGTH({value}) < {SHORTEST_INSTANT} THEN NULL "
        f"WHEN regexp_matches({value}, {quoted(NAMES_A_ZONE)}) "
        f"THEN epoch_us(TRY_CAST({value} AS TIMESTAMPTZ)) * 1000 "
        f"ELSE epoch_ns(TRY_CAST({value} AS TIMESTAMP_NS)) END"
    )


def texts(field: str) -> str:
    """A list of texts: a JSON array, or words split by spaces, commas or semicolons; else NULL."""
    value = text(field)
    return (
        f"CASE WHEN {value} LIKE '[%' THEN TRY_CAST(TRY_CAST({value} AS JSON) AS VARCHAR[]) "
        f"ELSE string_split_regex({value}, '[\\s,;]+') END"
    )
