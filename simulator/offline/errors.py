"""What can be wrong with a replay."""

from __future__ import annotations


class InvalidReplayError(ValueError):
    """A policy that a log cannot value; says why."""
