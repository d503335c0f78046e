"""Imported by the process that others are forked from: everything they need, loaded once."""

from __future__ import annotations

import wayfare.service.intake.checking
import wayfare.service.runs.records  # noqa: F401
from wayfare.service.runs.job import preload

preload()
