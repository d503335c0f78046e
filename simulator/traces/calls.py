"""Rows of a gateway's log that are no request to play: cache hits, embeddings, failures without a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

FAILED_CALL: Final = "a failed call"
CACHE_HIT: Final = "answered from the gateway's own cache"
EMBEDDING: Final = "an embedding"
NO_TEXT: Final = "a call that generates no text (image, audio, ...)"
FAILED_WORDS: Final = ("failure", "failed", "fail", "error", "errored", "timeout", "timed_out", "cancelled")
FIRST_ERROR_STATUS: Final = 400
GENERATING: Final = "completion|chat|response|messages|generate_?content|pass_through|converse|generation"
NOT_GENERATING: Final = (
    "image|video|batch|embed|count|file|list|delete|get_|vector|moderation|speech|transcri"
)


def failed(field: str) -> str:
    """SQL: whether a status says that the call failed, by a word or an HTTP status."""
    words = ", ".join(f"'{word}'" for word in FAILED_WORDS)
    status = f"LOWER(TRIM({field}))"
    return f"COALESCE({status} IN ({words}) OR TRY_CAST({status} AS DOUBLE) >= {FIRST_ERROR_STATUS}, false)"


def cache_hit(field: str) -> str:
    """SQL: whether the gateway answered from its own cache."""
    return f"COALESCE(LOWER(TRIM({field})) IN ('true', '1', '1.0', 'hit', 'yes', 't'), false)"


def embedding(field: str) -> str:
    """SQL: whether a kind of call is an embedding."""
    return f"COALESCE(regexp_matches(LOWER({field}), 'embed'), false)"


def no_text(field: str) -> str:
    """SQL: whether a kind of call that is stated generates no text."""
    kind = f"LOWER(NULLIF(TRIM({field}), ''))"
    generates = f"regexp_matches({kind}, '{GENERATING}') AND NOT regexp_matches({kind}, '{NOT_GENERATING}')"
    return f"COALESCE(NOT ({generates}), false)"


CALL_COLUMNS: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "is_failed": ("status", failed),
    "is_cache_hit": ("cache_hit", cache_hit),
    "is_embedding": ("call_type", embedding),
    "is_no_text": ("call_type", no_text),
}
"""Columns that are read of each row: the role whose field tells, and how."""
REASONS: Final = {
    "is_failed": FAILED_CALL,
    "is_cache_hit": CACHE_HIT,
    "is_embedding": EMBEDDING,
    "is_no_text": NO_TEXT,
}


def call_reasons(
    found: dict[str, NDArray[Any]], unsendable: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """Which rows are no request to play, and why, the first reason first.

    A failed call is one that can be sent again, unless it is `unsendable`: nobody knows what was asked.
    """
    for name, reason in REASONS.items():
        holds = found[name].astype(bool)
        yield holds & unsendable if name == "is_failed" else holds, reason
