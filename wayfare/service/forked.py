"""Imported by the process that others are forked from: everything they need, loaded once."""

from __future__ import annotations

import wayfare.service.checking
import wayfare.service.records  # noqa: F401
from wayfare.service.job import preload

preload()
