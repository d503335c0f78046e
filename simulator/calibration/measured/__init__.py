"""Measurements as they come: points, power, rate sweeps, recordings, request logs."""
