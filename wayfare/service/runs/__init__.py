"""Runs under way and their results: queue, slots, processes, files."""
