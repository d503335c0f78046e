"""What a router's score is worth: quality as the share of strong calls grows, and its summaries.

PGR, APGR and CPT after RouteLLM (Ong et al. 2024, arXiv 2406.18665): performance gap recovered
between the weak and the strong model. A threshold cannot part queries of one score: between two
thresholds lies what mixing them at random gives, a straight line.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Answers = NDArray[np.bool_] | NDArray[np.float64]

ROUTELLM_BINS = 10
"""Quantile bins of the score that RouteLLM's evaluation takes thresholds from (`--num-results`)."""

WHOLE = 1e-6
"""Of a call: what rounding may add to a whole number of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCurve:
    """Quality by share of strong calls of so many queries, both 0 to 1; from none strong to all."""

    share: Column
    quality: Column
    queries: int

    @property
    def weak(self) -> float:
        """Quality of the weak model alone."""
        return float(self.quality[0])

    @property
    def strong(self) -> float:
        """Quality of the strong model alone."""
        return float(self.quality[-1])


class RankedAnswers:
    """Queries in falling order of a score, to draw curves of any weighting of them quickly."""

    def __init__(self, score: Column, weak: Answers, strong: Answers) -> None:
        """Ranks the queries; `score` is finite, all three are by query."""
        self.order = np.argsort(-score, kind="stable")
        ranked = score[self.order]
        self._last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        self._weak = np.asarray(weak, np.float64)[self.order]
        self._gain = np.asarray(strong, np.float64)[self.order] - self._weak

    def curve(self, count: Column | None = None) -> ThresholdCurve:
        """The curve where each query, by its place in the table, counts so many times; once if omitted."""
        weight = np.ones(len(self._weak)) if count is None else count[self.order]
        total = weight.sum()
        called = np.cumsum(weight)[self._last]
        gained = np.cumsum(weight * self._gain)[self._last]
        quality = ((weight * self._weak).sum() + np.append(0.0, gained)) / total
        return ThresholdCurve(share=np.append(0.0, called) / total, quality=quality, queries=round(total))


def threshold_curve(score: Column, weak: Answers, strong: Answers) -> ThresholdCurve:
    """Quality as the threshold on `score` falls: a point for each distinct score."""
    return RankedAnswers(score, weak, strong).curve()


def routellm_curve(
    score: Column, weak: Answers, strong: Answers, bins: int = ROUTELLM_BINS
) -> ThresholdCurve:
    """The points RouteLLM's evaluation takes: thresholds at the quantiles of the score, repeated ones once.

    At each, queries of at least that score go to the strong model; at the greatest, only those above.
    """
    cuts = np.unique(np.quantile(score, np.linspace(0.0, 1.0, bins + 1)))
    chosen = [score >= cut for cut in cuts[:-1]] + [score > cuts[-1]]
    share = np.array([picked.mean() for picked in chosen])
    quality = np.array([np.where(picked, strong, weak).mean() for picked in chosen])
    order = np.argsort(share, kind="stable")
    return ThresholdCurve(share=share[order], quality=quality[order], queries=len(score))


def average_gap_recovered(curve: ThresholdCurve, weak: float, strong: float) -> float | None:
    """APGR: (area - weak area) / (strong area - weak area), by trapezoids; None without a gap."""
    span = float(curve.share[-1] - curve.share[0])
    if weak == strong or span == 0.0:
        return None
    area = float(np.trapezoid(curve.quality, curve.share))
    return (area - weak * span) / ((strong - weak) * span)


def call_share(curve: ThresholdCurve, recovered: float) -> float | None:
    """CPT: the smallest share of strong calls that recovers so much of the gap, 0 to 1; None if none does.

    Calls are whole: among queries of one score so many go to the strong model as are needed.
    """
    gap = curve.strong - curve.weak
    if gap == 0.0:
        return None
    reached = (curve.quality - curve.weak) / gap
    place = int(np.argmax(reached >= recovered))
    if not reached[place] >= recovered:
        return None
    before = max(place - 1, 0)
    share = np.interp(recovered, reached[[before, place]], curve.share[[before, place]])
    return ceil(float(share) * curve.queries - WHOLE) / curve.queries


def routellm_call_share(curve: ThresholdCurve, weak: float, strong: float, recovered: float) -> float:
    """CPT as RouteLLM's evaluation reads it: `np.interp` of shares over qualities, rising or not."""
    return float(np.interp(weak + recovered * (strong - weak), curve.quality, curve.share))


@dataclass(frozen=True, slots=True, kw_only=True)
class GapMeasures:
    """APGR, CPT(50 %) and CPT(80 %) of one score; None where the two models are alike."""

    apgr: float | None
    cpt50: float | None
    cpt80: float | None


def exact_measures(curve: ThresholdCurve) -> GapMeasures:
    """The measures of a curve through all thresholds."""
    return GapMeasures(
        apgr=average_gap_recovered(curve, curve.weak, curve.strong),
        cpt50=call_share(curve, 0.5),
        cpt80=call_share(curve, 0.8),
    )


def routellm_measures(score: Column, weak: Answers, strong: Answers) -> GapMeasures:
    """The measures as RouteLLM's own evaluation gives them, for comparing with its papers."""
    low, high = float(np.mean(weak)), float(np.mean(strong))
    curve = routellm_curve(score, weak, strong)
    apgr = average_gap_recovered(curve, low, high)
    if apgr is None:
        return GapMeasures(apgr=None, cpt50=None, cpt80=None)
    cpt50, cpt80 = (routellm_call_share(curve, low, high, recovered) for recovered in (0.5, 0.8))
    return GapMeasures(apgr=apgr, cpt50=cpt50, cpt80=cpt80)


def gap_recovered(quality: float | None, weak: float | None, strong: float | None) -> float | None:
    """PGR = (quality - weak) / (strong - weak); None when the two are alike, or one is not known."""
    if quality is None or weak is None or strong is None:
        return None
    return (quality - weak) / (strong - weak) if strong != weak else None


def pair_counts(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> dict[str, int]:
    """Queries that both models answer right, one alone, or neither."""
    return {
        "both": int((weak & strong).sum()),
        "weak_only": int((weak & ~strong).sum()),
        "strong_only": int((~weak & strong).sum()),
        "neither": int((~weak & ~strong).sum()),
    }


def best_order(weak: Answers, strong: Answers) -> Column:
    """The score of a router that knows who is right: strong alone first, weak alone last."""
    return np.asarray(strong, np.float64) - np.asarray(weak, np.float64)


def finite_rows(score: Column, columns: Sequence[Answers]) -> tuple[Column, list[Answers]]:
    """Score and columns of the queries that have a score."""
    known = np.isfinite(score)
    return score[known], [column[known] for column in columns]
