"""Serving physics: what a model costs on a chip, per step, in seconds and joules."""
