"""When capacity idles: the electricity price and the grid's carbon of that time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.signals import ConstantSignal, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.spans import AttributedWork
    from simulator.accounting.terms import BillingTerms
    from simulator.world.fleet.held_capacity import HeldCapacity

    Column = NDArray[np.float64]

BUCKET_S = 900.0
"""Idle time is kept by quarters of an hour."""


def idle_means(
    work: AttributedWork,
    targets: NDArray[np.int32],
    terms: Sequence[BillingTerms],
    presence: HeldCapacity,
    edges_s: tuple[float, float],
) -> tuple[Column, Column]:
    """By target, the means over its idle time of USD per kWh and of grams per kWh.

    Idle time of a quarter of an hour is what is held in it less the work done in it, an
    attempt's `work` in the window being spread evenly from admission to end. `edges_s` are the window's.
    """
    edges = np.append(np.arange(*edges_s, BUCKET_S), edges_s[1])
    tariff, grams = np.zeros(len(terms)), np.zeros(len(terms))
    for target, term in enumerate(terms):
        signals = (term.meter_usd_per_kwh, term.intensity_gco2e_per_kwh)
        constant = all(isinstance(signal, ConstantSignal) for signal in signals)
        held = term.queue_count * presence.share_seconds(target, edges)
        idle = np.diff(edges) if constant else idle_by_bucket(work, targets == target, held, edges)
        tariff[target], grams[target] = (weighted_mean(signal, edges, idle) for signal in signals)
    return tariff, grams


def idle_by_bucket(work: AttributedWork, mine: NDArray[np.bool_], held: Column, edges: Column) -> Column:
    """Idle queue-seconds in each bucket, of those `held` in it, beside the work of `mine`; not below 0."""
    rows = mine & (work.busy_s > 0.0)
    began_s, end_s = work.from_s[rows], work.to_s[rows]
    rate = work.busy_s[rows] / np.maximum(end_s - began_s, 1e-9)
    used = ramps(began_s, rate, edges) - ramps(end_s, rate, edges)
    return np.maximum(held - np.diff(used), 0.0)


def ramps(from_s: Column, rate: Column, at_s: Column) -> Column:
    """sum_i rate_i max(t - from_i, 0) at every instant of `at_s`."""
    order = np.argsort(from_s, kind="stable")
    rates = np.concatenate([[0.0], np.cumsum(rate[order])])
    moments = np.concatenate([[0.0], np.cumsum((rate * from_s)[order])])
    begun = np.searchsorted(from_s[order], at_s, side="right")
    return at_s * rates[begun] - moments[begun]
