"""Answers for queries that a model was not asked: its own, to queries that were as hard for the others.

A hot deck (Andridge and Little 2010, A Review of Hot Deck Imputation): a whole answer is taken, right
or wrong together with its length, so that what hangs together stays together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.streams import keyed_uniform, stable_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.quality.outcomes.table import OutcomeTable

    Ints = NDArray[np.int64]


def donors(table: OutcomeTable, row: int, seed: int) -> Ints:
    """By query, the query whose answer the model in that row gives: itself wherever it was asked it.

    Else one of its own with the same share of right answers among the other models, drawn by seed,
    query and model; with the nearest share where it has none of the same, the lower of two as near,
    and any of its own where no other model was asked.
    """
    asked, found = table.asked[row], np.arange(len(table.queries))
    lacking = np.flatnonzero(~asked)
    if len(lacking):
        share = share_among_others(table, row)
        keys = np.array([stable_hash(name) >> 1 for name in table.queries[lacking]], np.int64)
        draws = keyed_uniform(seed, f"borrowed/{table.models[row]}", keys)
        found[lacking] = drawn_donors(share, np.flatnonzero(asked), lacking, draws)
    return found


def share_among_others(table: OutcomeTable, row: int) -> NDArray[np.float64]:
    """By query, the share of right answers among the other models that were asked it; nan for none."""
    others = np.arange(len(table.models)) != row
    count = table.asked[others].sum(axis=0)
    right = (table.asked[others] & table.correct[others]).sum(axis=0)
    return np.divide(right, count, out=np.full(len(count), np.nan), where=count > 0)


def drawn_donors(share: NDArray[np.float64], own: Ints, lacking: Ints, draws: NDArray[np.float64]) -> Ints:
    """A query among the model's `own` for each that it lacks, all of the nearest share equally likely."""
    order = own[np.argsort(share[own], kind="stable")]
    shares, first, count = np.unique(share[order], return_index=True, return_counts=True)
    known = ~np.isnan(shares)
    place = nearest(shares[known], share[lacking])
    anywhere = np.isnan(share[lacking]) | ~known.any()
    start = np.where(anywhere, 0, first[place] if known.any() else 0)
    width = np.where(anywhere, len(order), count[place] if known.any() else len(order))
    return np.asarray(order[start + (draws * width).astype(np.int64)])


def nearest(shares: NDArray[np.float64], wanted: NDArray[np.float64]) -> Ints:
    """Place of the nearest of the ascending shares, the lower of two as near; 0 for nan."""
    if len(shares) == 0:
        return np.zeros(len(wanted), np.int64)
    above = np.searchsorted(shares, wanted).clip(0, len(shares) - 1)
    below = (above - 1).clip(0)
    closer = np.abs(wanted - shares[below]) <= np.abs(shares[above] - wanted)
    return np.where(np.isnan(wanted), 0, np.where(closer, below, above)).astype(np.int64)
