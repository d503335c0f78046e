"""Which of several router instances a request reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.streams import keyed_uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.settings.router import RouterSettings
    from simulator.workload.columns import Workload


def instance_codes(settings: RouterSettings, workload: Workload, seed: int) -> NDArray[np.int16]:
    """By request the number of its router instance, drawn by its key or by that of its session's first one.

    Every instance is as likely as any other, as behind a load balancer that knows nothing of them.
    """
    if settings.instances == 1:
        return np.zeros(len(workload), np.int16)
    keys = workload.key if settings.assignment == "random" else session_keys(workload)
    draws = keyed_uniform(seed, "router/instance", keys)
    return np.floor(draws * settings.instances).astype(np.int16)


def session_keys(workload: Workload) -> NDArray[np.int64]:
    """By request the key of its session's first request; its own where it has no session."""
    numbers, first, place = np.unique(workload.session, return_index=True, return_inverse=True)
    shared = workload.key[first][place]
    return np.where(numbers[place] < 0, workload.key, shared)
