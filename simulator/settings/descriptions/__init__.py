"""What every key of the scenario means, for the JSON Schema and the reference; read when those are made.

By class of the scenario's parts and field: the meaning, the unit where the name does not say it, what
holds where it is left out, an example.
"""

from __future__ import annotations

from simulator.arrivals.registry import PATTERN_CLASSES
from simulator.settings.descriptions.fleet import FLEET
from simulator.settings.descriptions.run import RUN
from simulator.settings.descriptions.workload import WORKLOAD

ARRIVALS = {pattern.__name__: pattern.KEYS for pattern in PATTERN_CLASSES}
DESCRIPTIONS = {**RUN, **WORKLOAD, **ARRIVALS, **FLEET}

__all__ = ["DESCRIPTIONS"]
