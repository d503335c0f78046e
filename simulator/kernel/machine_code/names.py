"""The names of the kernel's doors, in Python and in machine code."""

from __future__ import annotations

DOORS = (
    "submit",
    "advance",
    "cancel",
    "clear",
    "give_up",
    "restore",
    "slow",
    "drain",
    "open_queue",
    "scale_limits",
    "is_live",
)
"""Functions of `entry` that Python calls."""


def symbol_of(name: str) -> str:
    """What a door is called in machine code."""
    return f"wayfare_{name}"
