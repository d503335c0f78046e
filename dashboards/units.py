"""Units of the dashboards' numbers that Grafana has no name for."""

from __future__ import annotations

USD_PER_HOUR = "suffix: $/h"
USD_PER_THOUSAND = "suffix: $/1k requests"
GRAMS_PER_HOUR = "si:g/h"
LITRES_PER_HOUR = "si:L/h"
GRAMS_PER_KWH = "suffix: g/kWh"
GRAMS_PER_REQUEST = "si:g/request"
WH_PER_REQUEST = "si:Wh/request"
JOULES_PER_OUTPUT = "si:J/token"
SUFFIX, SCALED = "suffix:", "si:"
"""How Grafana is told a unit of one's own: as it stands behind the number, or with SI prefixes."""
