"""Errors that whoever runs Wayfare can mend."""

from __future__ import annotations


class WrongInputError(Exception):
    """Input that a command cannot use, in the words to show."""
