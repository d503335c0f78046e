"""What a stream demands, for tests of a workload's columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.workload.demand import StreamDemand, demand_of
from world_cases import scenario

INT = np.int64


def demand(limit: int, **changes: object) -> StreamDemand:
    """What a stream of support chat demands, with a longest answer."""
    return replace(demand_of(scenario(), scenario().streams[0]), max_output_tokens=limit, **changes)
