"""What a router can guess of a request before it is answered: noisy, with a stated strength."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.quality.response_curve import separation_for
from simulator.streams import keyed_normal

if TYPE_CHECKING:
    from numpy.typing import NDArray


def estimated_difficulty(difficulty: NDArray[np.float64], noise_sd: float, seed: int) -> NDArray[np.float64]:
    """The true difficulty plus N(0, noise_sd), logits."""
    noise = keyed_normal(seed, "estimated difficulty", np.arange(len(difficulty)))
    return difficulty + noise_sd * noise


def router_score(needs_strong: NDArray[np.bool_], auc: float, seed: int) -> NDArray[np.float64]:
    """A score in (0, 1) that tells requests needing a strong model from others with this ROC area.

    Binormal: N(d', 1) where needed, N(0, 1) elsewhere, squeezed by the logistic function around
    d'/2; the area is exactly `auc` in the mean.
    """
    separation = separation_for(auc)
    noise = keyed_normal(seed, "router score", np.arange(len(needs_strong)))
    raw = np.where(needs_strong, separation, 0.0) + noise
    return np.asarray(1.0 / (1.0 + np.exp(separation / 2.0 - raw)))
