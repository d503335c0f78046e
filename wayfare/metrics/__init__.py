"""Prometheus: simulated runs and the service itself, in Prometheus' names, units and formats."""
