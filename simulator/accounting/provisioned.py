"""Provisioned throughput: how much of the units each call used. Formulas: docs/methodology/accounting.md."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.money import billed
from simulator.accounting.spans import WorkBySpan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.spans import AttributedWork, WindowReadings
    from simulator.accounting.terms import BillingTerms

    Column = NDArray[np.float64]


def with_units_used(
    attempts: Attempts, spans: WorkBySpan, edges: WindowReadings, terms: Sequence[BillingTerms]
) -> tuple[Attempts, WorkBySpan, Column]:
    """The attempts and spans with unit-seconds as their busy time where units are provisioned, used at
    the instant of admission; and each target's busy unit-seconds of the window.

    Used never exceeds held: what the bucket let through in a burst is scaled down, so that used
    plus idle dollars are what the units cost.
    """
    if not any(term.provisioned for term in terms):
        return attempts, spans, edges.busy_s
    used_s, busy_s = attempts.busy_s.copy(), edges.busy_s.copy()
    by_units = np.array([term.provisioned is not None for term in terms])[attempts.target]
    early, late = attempts.admitted_s < edges.from_s, attempts.admitted_s >= edges.to_s
    inside = ~early & ~late & ~np.isnan(attempts.admitted_s)
    for target, term in enumerate(terms):
        if term.provisioned is not None:
            rows = attempts.target == target
            used_s[rows] = unit_seconds(attempts, rows, term) * billed(attempts)[rows]
            held_s = term.queue_count * (edges.to_s - edges.from_s)
            asked_s = float(used_s[rows & inside].sum())
            used_s[rows & inside] *= min(1.0, held_s / asked_s) if asked_s else 1.0
            busy_s[target] = min(asked_s, held_s)

    def of_units(span: AttributedWork, when: NDArray[np.bool_]) -> AttributedWork:
        return replace(span, busy_s=np.where(by_units, used_s * when, span.busy_s))

    parts = WorkBySpan(
        before=of_units(spans.before, early),
        window=of_units(spans.window, inside),
        after=of_units(spans.after, late),
    )
    return replace(attempts, busy_s=used_s), parts, busy_s


def unit_seconds(attempts: Attempts, rows: NDArray[np.bool_], term: BillingTerms) -> Column:
    """(prompt - cached + weight x output) / tokens per second of a unit."""
    if term.provisioned is None:
        return np.zeros(int(rows.sum()))
    fresh = attempts.prompt[rows] - attempts.cached[rows]
    counted = fresh + term.provisioned.output_weight * attempts.output[rows]
    return counted / term.provisioned.tokens_per_s_per_unit
