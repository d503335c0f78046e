"""Provisioned throughput: how much of the units each call used. Formulas: docs/methodology/accounting.md."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.money import billed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.terms import Terms

    Column = NDArray[np.float64]


def with_units_used(
    attempts: Attempts, busy_s: Column, terms: Sequence[Terms], from_s: float, to_s: float
) -> tuple[Attempts, Column]:
    """The attempts with unit-seconds as their busy time where units are provisioned, and each
    target's busy unit-seconds of the window `from_s` to `to_s`.

    Used never exceeds held: what the bucket let through in a burst is scaled down, so that used
    plus idle dollars are what the units cost.
    """
    if not any(term.provisioned for term in terms):
        return attempts, busy_s
    used_s, busy_s = attempts.busy_s.copy(), busy_s.copy()
    bill = billed(attempts)
    inside = (attempts.admitted_s >= from_s) & (attempts.admitted_s < to_s)
    for target, term in enumerate(terms):
        if term.provisioned is None:
            continue
        rows = attempts.target == target
        used_s[rows] = unit_seconds(attempts, rows, term) * bill[rows]
        held_s = term.queue_count * (to_s - from_s)
        asked_s = float(used_s[rows & inside].sum())
        used_s[rows] *= min(1.0, held_s / asked_s) if asked_s else 1.0
        busy_s[target] = min(asked_s, held_s)
    return replace(attempts, busy_s=used_s), busy_s


def unit_seconds(attempts: Attempts, rows: NDArray[np.bool_], term: Terms) -> Column:
    """(prompt - cached + weight x output) / tokens per second of a unit."""
    if term.provisioned is None:
        return np.zeros(int(rows.sum()))
    fresh = attempts.prompt[rows] - attempts.cached[rows]
    counted = fresh + term.provisioned.output_weight * attempts.output[rows]
    return counted / term.provisioned.tokens_per_s_per_unit
