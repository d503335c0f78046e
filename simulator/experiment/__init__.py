"""Experiments: one run, and comparisons of policies over independent replications."""
