"""Raw values to numbers: whole columns at once, and value by value where some are dirty."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

INT32_MAX: Final = 2**31 - 1
SHORTEST_INSTANT: Final = 16  # 2023-11-16 18:17; shorter texts are dates or years
NANOSECONDS_PER_S: Final = 1e9


def numbers(values: Sequence[object]) -> NDArray[np.float64]:
    """The values as numbers, `nan` where a value is none."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.array([_number(value) for value in values], dtype=np.float64)


def _number(value: object) -> float:
    """The value as a number, `nan` where it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def token_counts(values: Sequence[object]) -> NDArray[np.int32]:
    """The values as whole numbers from 1 on, 0 where a value is none of these."""
    found = numbers(values)
    with np.errstate(invalid="ignore"):
        usable = (found >= 1.0) & (found <= INT32_MAX) & (found == np.floor(found))
    return np.where(usable, found, 0.0).astype(np.int32)


def seconds(values: Sequence[object], time_unit_s: float) -> NDArray[np.float64]:
    """Timestamps as seconds from the earliest one, `nan` where a value is no timestamp.

    Numbers are multiplied by `time_unit_s`; when most values are not numbers, all are taken as
    ISO 8601 instants.
    """
    found_s = numbers(values) * time_unit_s
    if np.isfinite(found_s).sum() * 2 < len(found_s):
        found_s = _instants_s(values)
    finite = found_s[np.isfinite(found_s)]
    usable_s = np.where(np.isfinite(found_s), found_s, np.nan)
    return np.asarray(usable_s - finite.min()) if len(finite) else usable_s


def _instants_s(values: Sequence[object]) -> NDArray[np.float64]:
    """ISO 8601 instants as seconds from the earliest one, `nan` where a value is none."""
    texts = [value if isinstance(value, str) else "" for value in values]
    if min(map(len, texts), default=0) >= SHORTEST_INSTANT:
        try:
            return _zoneless_s(texts)
        except (ValueError, Warning):
            pass
    instants_s = np.array([_instant_s(text) for text in texts])
    finite = instants_s[np.isfinite(instants_s)]
    return instants_s - finite.min() if len(finite) else instants_s


def _zoneless_s(texts: list[str]) -> NDArray[np.float64]:
    """All texts at once, when none names a zone; to the nanosecond.

    Raises:
        ValueError: a text is no instant.
        Warning: a text names a zone.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        instants = np.array(texts).astype("datetime64[ns]")
    if np.isnat(instants).any():
        message = "not every text is an instant"
        raise ValueError(message)
    return np.asarray((instants - instants.min()).astype(np.int64) / NANOSECONDS_PER_S)


def _instant_s(text: str) -> float:
    """One ISO 8601 instant as seconds since 1970 (UTC where it names no zone), `nan` for others."""
    if len(text) < SHORTEST_INSTANT:
        return float("nan")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return float("nan")
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def sessions(values: Sequence[object]) -> NDArray[np.int64]:
    """Session numbers by order of first appearance, -1 where a value is empty."""
    seen: dict[str, int] = {}
    found = (-1 if value in (None, "") else seen.setdefault(str(value), len(seen)) for value in values)
    return np.fromiter(found, dtype=np.int64, count=len(values))


def prefix_blocks(values: Sequence[object]) -> tuple[list[list[int]], NDArray[np.bool_]]:
    """Each row's block hashes, and which rows could be read; text holds them split by spaces."""
    rows = [_blocks(value) for value in values]
    readable = np.array([row is not None for row in rows], dtype=np.bool_)
    return [row or [] for row in rows], readable


def _blocks(value: object) -> list[int] | None:
    """One row's block hashes, None where they cannot be read."""
    parts = value.split() if isinstance(value, str) else value
    if parts is None:
        return []
    try:
        blocks = [int(part) for part in parts]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return blocks if all(-(2**63) <= block < 2**63 for block in blocks) else None
