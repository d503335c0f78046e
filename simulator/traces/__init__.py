"""Recorded traffic: a reader for each format, statistics, and conversion to Wayfare's columns."""
