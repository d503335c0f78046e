"""What every key of the scenario means, for the JSON Schema and the reference; read when those are made.

By class of the scenario's parts and field: the meaning, the unit where the name does not say it, what
holds where it is left out, an example.
"""

from __future__ import annotations

from simulator.scenario.descriptions.fleet import FLEET
from simulator.scenario.descriptions.run import RUN
from simulator.scenario.descriptions.workload import WORKLOAD

DESCRIPTIONS = {**RUN, **WORKLOAD, **FLEET}

__all__ = ["DESCRIPTIONS"]
