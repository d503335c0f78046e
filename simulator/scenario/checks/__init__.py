"""Checks of scenarios: form, catalog, traces, faults, size, and settings without effect."""
