"""When capacity idles: the electricity price and the grid's carbon of that time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.money import work_began_s
from simulator.signals import Constant, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.terms import Terms
    from simulator.world.presence import Presence

    Column = NDArray[np.float64]

BUCKET_S = 900.0
"""Idle time is told apart by quarters of an hour."""


def idle_means(
    attempts: Attempts, terms: Sequence[Terms], presence: Presence, from_s: float, to_s: float
) -> tuple[Column, Column]:
    """By target, the means over its idle time of USD per kWh and of grams per kWh.

    Idle time of a quarter of an hour is what is held in it less the work done in it, an
    attempt's work being spread evenly from admission to end.
    """
    edges = np.append(np.arange(from_s, to_s, BUCKET_S), to_s)
    tariff, grams = np.zeros(len(terms)), np.zeros(len(terms))
    for target, term in enumerate(terms):
        signals = (term.meter_usd_per_kwh, term.intensity_gco2e_per_kwh)
        constant = all(isinstance(signal, Constant) for signal in signals)
        held = term.queue_count * presence.share_seconds(target, edges)
        idle = np.diff(edges) if constant else idle_by_bucket(attempts, target, held, edges)
        tariff[target], grams[target] = (weighted_mean(signal, edges, idle) for signal in signals)
    return tariff, grams


def idle_by_bucket(attempts: Attempts, target: int, held: Column, edges: Column) -> Column:
    """Idle queue-seconds of a target in each bucket, of those `held` in it; not below 0."""
    rows = (attempts.target == target) & (attempts.busy_s > 0.0)
    began_s, end_s = work_began_s(attempts)[rows], attempts.finish_s[rows]
    rate = attempts.busy_s[rows] / np.maximum(end_s - began_s, 1e-9)
    used = ramps(began_s, rate, edges) - ramps(end_s, rate, edges)
    return np.maximum(held - np.diff(used), 0.0)


def ramps(from_s: Column, rate: Column, at_s: Column) -> Column:
    """sum_i rate_i max(t - from_i, 0) at every instant of `at_s`."""
    order = np.argsort(from_s, kind="stable")
    rates = np.concatenate([[0.0], np.cumsum(rate[order])])
    moments = np.concatenate([[0.0], np.cumsum((rate * from_s)[order])])
    begun = np.searchsorted(from_s[order], at_s, side="right")
    return at_s * rates[begun] - moments[begun]
