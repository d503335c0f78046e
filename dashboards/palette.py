"""Colours that mean the same on every dashboard, and in the HTML report."""

from __future__ import annotations

from wayfare.render.html.charts import TIER_COLOURS, TIERS

BY_TIER = dict(zip(TIERS, TIER_COLOURS, strict=True))
BY_COST = {
    "api": "#d98032",
    "capacity_used": "#2f6690",
    "capacity_idle": "#9aa0a6",
    "energy": "#e0b13c",
    "egress": "#8a6fb0",
    "routing": "#4c9f70",
}
BY_ENERGY = {
    "active": "#2f6690",
    "idle": "#9aa0a6",
    "api_estimate": "#d98032",
    "embodied": "#8a6fb0",
    "user_side": "#4c9f70",
}
BY_QUANTILE = {"p50": "#7fb3d5", "p95": "#2f6690", "p99": "#c2410c"}
BY_OUTCOME = {
    "completed": "#4c9f70",
    "rejected": "#9aa0a6",
    "timed_out": "#e0b13c",
    "failed": "#c2410c",
    "unfinished": "#8a6fb0",
    "cancelled": "#7fb3d5",
}
BY_REPLICA = {"ready": "#4c9f70", "starting": "#e0b13c", "draining": "#7fb3d5", "down": "#c2410c"}
FAULT = "#c2410c"
GOOD, FAIR, BAD = "#4c9f70", "#e0b13c", "#c2410c"
INK = "#2f6690"
