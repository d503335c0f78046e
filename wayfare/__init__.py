"""The shell: command line, tables, reports. Everything it says is computed below it."""

from __future__ import annotations


def installed_version() -> str:
    """The installed version; `0` in a tree that was never installed."""
    from importlib.metadata import PackageNotFoundError, version  # late: twenty milliseconds

    try:
        return version("wayfare")
    except PackageNotFoundError:
        return "0"
