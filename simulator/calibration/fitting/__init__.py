"""Coefficients fitted to measurements."""
