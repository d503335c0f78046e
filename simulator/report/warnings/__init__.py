"""Warnings of a report, and how those of several replications become one list."""
