"""Imported by the process that runs are forked from: everything a run needs, loaded once."""

from __future__ import annotations

from wayfare.service.job import preload

preload()
