"""What a router can guess of a request before it is answered: noisy, with a stated strength.

A noisy look at a request's difficulty is not yet what a router should expect of it: among requests
that look hard, most are less hard than they look. `Guess` is the expectation, and `success_curve`
the share of right answers among requests of the same expectation, so that what a policy reads is
what answers follow (docs/methodology/quality.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from router.views.success_curve import SuccessCurve
from simulator.quality.response_curve import NODES, WEIGHTS, separation_for, success_probability
from simulator.streams import keyed_normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

GRID_STEP_LOGITS = 0.05
"""Distance of a curve's points: straight lines between them are then within 1e-3 of it."""
REACH_SDS = 8.0
LEAST_REACH_LOGITS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalPrior:
    """Difficulties ~ N(mean, sd), logits: of a stream that the response curve answers."""

    mean: float
    sd: float

    def kept_ratio(self, noise_sd: float) -> float:
        """Share of a look's distance from the mean that is difficulty: sd^2 / (sd^2 + noise^2)."""
        spread = self.sd**2 + noise_sd**2
        return self.sd**2 / spread if spread else 1.0

    def expected(self, seen: Column, noise_sd: float) -> Column:
        """Mean of the normal posterior: mean + sd^2 / (sd^2 + noise^2) (seen - mean)."""
        return self.mean + self.kept_ratio(noise_sd) * (seen - self.mean)

    def success_curve(self, ability: float, discrimination: float, noise_sd: float) -> SuccessCurve:
        """P(correct) by expected difficulty m: sigma(a (ability - b)) over the posterior b ~ N(m, v).

        v = noise^2 sd^2 / (sd^2 + noise^2); Gauss-Hermite quadrature.
        """
        kept = self.kept_ratio(noise_sd)
        reach = max(REACH_SDS * self.sd * sqrt(kept), LEAST_REACH_LOGITS)
        expected = self.mean + np.linspace(-reach, reach, 2 * ceil(reach / GRID_STEP_LOGITS) + 1)
        spread = noise_sd * sqrt(kept)
        chances = success_probability(ability, expected[:, None] + spread * NODES, discrimination)
        return SuccessCurve(
            difficulties=tuple(expected.tolist()), success=tuple((chances @ WEIGHTS).tolist())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPrior:
    """Difficulties that queries of a table have: `difficulty` ascending, each with its `share` of queries."""

    difficulty: Column
    share: Column

    def weights(self, seen: Column, noise_sd: float) -> Column:
        """How likely each difficulty is behind each look, shape looks x difficulties; rows sum to 1."""
        logs = np.log(self.share) - 0.5 * ((seen[:, None] - self.difficulty) / noise_sd) ** 2
        likely = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(likely / likely.sum(axis=1, keepdims=True))

    def expected(self, seen: Column, noise_sd: float) -> Column:
        """Mean difficulty of the queries behind each look; the look itself without noise."""
        return seen if noise_sd == 0.0 else np.asarray(self.weights(seen, noise_sd) @ self.difficulty)

    def success_curve(self, success: Column, noise_sd: float) -> SuccessCurve:
        """Share of right answers by expected difficulty; `success` is it among each difficulty's queries."""
        expected, chance = self.difficulty, success
        if noise_sd:
            reach = REACH_SDS * noise_sd
            low, high = self.difficulty[0] - reach, self.difficulty[-1] + reach
            step = min(GRID_STEP_LOGITS, noise_sd / 10.0)
            weights = self.weights(np.linspace(low, high, ceil((high - low) / step) + 1), noise_sd)
            expected, place = np.unique(weights @ self.difficulty, return_index=True)
            chance = (weights @ success)[place]
        return SuccessCurve(difficulties=tuple(expected.tolist()), success=tuple(chance.tolist()))


def noisy_difficulty(difficulty: Column, noise_sd: float, seed: int, key: NDArray[np.int64]) -> Column:
    """What the router sees: the true difficulty plus N(0, noise_sd) by the request's key, logits."""
    return difficulty + noise_sd * keyed_normal(seed, "estimated difficulty", key)


def router_score(needs_strong: NDArray[np.bool_], auc: float, seed: int, key: NDArray[np.int64]) -> Column:
    """A score in (0, 1) that tells requests needing a strong model from others with this ROC area.

    Binormal: N(d', 1) where needed, N(0, 1) elsewhere, squeezed by the logistic function around
    d'/2; the area is exactly `auc` in the mean.
    """
    separation = separation_for(auc)
    noise = keyed_normal(seed, "router score", key)
    raw = np.where(needs_strong, separation, 0.0) + noise
    return np.asarray(1.0 / (1.0 + np.exp(separation / 2.0 - raw)))
