"""Hard constraints: which targets may serve which request, as array code before the run.

They are filters, never scores: residency, tier bans, capability floor, context window and
availability. Requests that share their constraints share one set of candidates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from router.views.fleet import Target, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConstraints:
    """What one class of requests (a stream) demands of a target.

    Attributes:
        residency: regions in which it may be processed; `None` for any.
        banned_tiers: tiers that must not serve it.
        capability_floor: least average success on the task, 0 to 1; 0 for no demand.
        barred: indexes of targets that answer later than it may wait (batches).
        average_success: by target index, the average success on the class's task, 0 to 1; may
            be empty where there is no floor. `nan` (unknown) reaches no floor above 0.
    """

    residency: frozenset[str] | None = None
    banned_tiers: frozenset[Tier] = field(default_factory=frozenset)
    capability_floor: float = 0.0
    barred: frozenset[int] = field(default_factory=frozenset)
    average_success: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Candidates of every request.

    Attributes:
        sets: distinct sets of target indexes, each ascending; may hold the empty set.
        set_of_request: for each request the number of its set; int32.
        reasons: for each set why it is empty, or "" when it is not. Two empty sets with
            different reasons are kept apart.
    """

    sets: tuple[tuple[int, ...], ...]
    set_of_request: NDArray[np.int32]
    reasons: tuple[str, ...]


def candidate_sets(
    mask: NDArray[np.bool_],
) -> tuple[tuple[tuple[int, ...], ...], NDArray[np.int32]]:
    """Distinct rows of a mask as sets of column indexes, and the number of each row's set.

    Args:
        mask: requests x targets, whether the target may serve the request.

    Returns:
        The sets, each ascending, in order of their bit pattern; and for each row its set, int32.
    """
    if len(mask) == 0:
        return (), np.zeros(0, dtype=np.int32)
    if mask.shape[1] == 0:
        return ((),), np.zeros(len(mask), dtype=np.int32)
    keys = _row_keys(mask)
    _, first_rows, set_of_row = np.unique(keys, return_index=True, return_inverse=True)
    sets = tuple(tuple(np.flatnonzero(mask[row]).tolist()) for row in first_rows.tolist())
    return sets, set_of_row.astype(np.int32)


def screen(
    targets: Sequence[Target],
    limits: Sequence[StreamConstraints],
    class_code: NDArray[np.integer],
    token_count: NDArray[np.integer],
    *,
    available: Sequence[bool] | None = None,
) -> Screening:
    """The candidates of every request under all hard constraints.

    Args:
        targets: the fleet.
        limits: one for each class of requests.
        class_code: for each request its class, an index into `limits`.
        token_count: for each request its prompt plus the most output it may ask for, tokens;
            a target whose context window is smaller cannot serve it.
        available: by target index, whether it can be used at all; all where omitted.

    Returns:
        The screening. A request is left without candidates with the reason "no target
        permitted: ..." naming the constraints that took the last targets away: those of which
        lifting one alone would leave a target, or, where no single one would, all that took
        any away.
    """
    windows = np.unique(np.array([target.context_window_tokens for target in targets], dtype=np.int64))
    usable = (
        np.ones(len(targets), dtype=np.bool_) if available is None else np.array(available, dtype=np.bool_)
    )
    fits = _fits(targets, windows)
    bands = len(fits)
    band = np.searchsorted(windows, token_count, side="left")
    code = np.asarray(class_code, dtype=np.int64) * bands + band
    verdicts = [_by_constraint(targets, limit, usable) for limit in limits]
    rows = [{**verdict, "context_window": fits[number]} for verdict in verdicts for number in range(bands)]
    return _screened(rows, code)


def _screened(rows: list[dict[str, NDArray[np.bool_]]], code: NDArray[np.int64]) -> Screening:
    """Sets and reasons of the rows that occur, and each request's number among them."""
    number_of: dict[tuple[tuple[int, ...], str], int] = {}
    set_of_row = np.zeros(len(rows), dtype=np.int32)
    for row in np.flatnonzero(np.bincount(code, minlength=len(rows))).tolist():
        allowed = np.logical_and.reduce(list(rows[row].values()))
        members = tuple(np.flatnonzero(allowed).tolist())
        key = (members, "" if members else _reason(rows[row]))
        set_of_row[row] = number_of.setdefault(key, len(number_of))
    return Screening(
        sets=tuple(members for members, _ in number_of),
        set_of_request=set_of_row[code],
        reasons=tuple(reason for _, reason in number_of),
    )


def _fits(targets: Sequence[Target], windows: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
    """For each band of token counts between window sizes, which targets have room.

    Band `k` holds counts above `windows[k - 1]` and up to `windows[k]`; beyond the last, none fits.
    """
    sizes = np.array([target.context_window_tokens for target in targets], dtype=np.float64)
    return [sizes >= least for least in (*windows.tolist(), inf)]


def _by_constraint(
    targets: Sequence[Target], limits: StreamConstraints, usable: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """Which targets each constraint of a class leaves, by the constraint's name."""
    return {
        "availability": usable,
        "residency": _mask(
            limits.residency is None or target.region in limits.residency for target in targets
        ),
        "tiers_banned": _mask(target.tier not in limits.banned_tiers for target in targets),
        "answers_too_late": _mask(target.index not in limits.barred for target in targets),
        "capability_floor": _capable(limits, len(targets)),
    }


def _capable(limits: StreamConstraints, target_count: int) -> NDArray[np.bool_]:
    """Targets whose average success reaches the floor."""
    if limits.capability_floor <= 0.0:
        return np.ones(target_count, dtype=np.bool_)
    return np.array(limits.average_success, dtype=np.float64) >= limits.capability_floor


def _mask(verdicts: Iterable[bool]) -> NDArray[np.bool_]:
    """Verdicts as an array."""
    return np.array(list(verdicts), dtype=np.bool_)


def _reason(row: dict[str, NDArray[np.bool_]]) -> str:
    """Why no target is left: the constraints that took the last ones away."""
    guilty = [name for name in row if _leaves_any(row, without=name)]
    guilty = guilty or [name for name, allowed in row.items() if not allowed.all()]
    return f"no target permitted: {', '.join(guilty)}"


def _leaves_any(row: dict[str, NDArray[np.bool_]], *, without: str) -> bool:
    """Whether a target is left when one constraint is lifted."""
    others = [allowed for name, allowed in row.items() if name != without]
    return bool(np.logical_and.reduce(others).any())


def _row_keys(mask: NDArray[np.bool_]) -> NDArray[np.generic]:
    """One sortable value per row: its bits packed into an integer, or into bytes when many."""
    packed = np.packbits(mask, axis=1)
    width = packed.shape[1]
    if width <= np.dtype(np.uint64).itemsize:
        whole = np.zeros((len(mask), np.dtype(np.uint64).itemsize), dtype=np.uint8)
        whole[:, :width] = packed
        return whole.view(np.uint64).ravel()
    return np.ascontiguousarray(packed).view(np.dtype((np.void, width))).ravel()
