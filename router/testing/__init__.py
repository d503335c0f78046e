"""Policies without a simulator: scripted outcomes, small fleets and requests."""
