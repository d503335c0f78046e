"""What every key of the scenario means, for the JSON Schema and the reference; read when those are made.

By class of the scenario's parts and field: the meaning, the unit where the name does not say it, what
holds where it is left out, an example.
"""

from __future__ import annotations

from simulator.settings.descriptions.fleet import FLEET
from simulator.settings.descriptions.run import RUN
from simulator.settings.descriptions.workload import WORKLOAD

DESCRIPTIONS = {**RUN, **WORKLOAD, **FLEET}

__all__ = ["DESCRIPTIONS"]
