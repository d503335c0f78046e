"""Calibration: measured points against the simulator itself, and coefficients fitted to them."""
