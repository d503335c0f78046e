"""Prometheus' remote write: messages and their delivery."""
