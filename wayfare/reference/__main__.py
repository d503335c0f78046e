"""`python -m wayfare.reference` prints the page."""

from __future__ import annotations

import sys

from simulator import scenario_schema
from wayfare.reference.page import scenario_page

sys.stdout.write(scenario_page(scenario_schema()))
