"""The calibration chapter of docs/accuracy.md: five points of a group never seen, twenty times over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tables import markdown

from catalogs import load_catalog
from simulator.calibration.predicted.times import profile_of
from simulator.calibration.validation import Draw, calibrations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.calibration.measured.points import Point

HEAD = ("", "calibrations", "median of points", "p90 of points", "median of draws", "p90 of draws")
HIGH_PERCENT = 90


def figures(name: str, draws: Sequence[Draw]) -> tuple[str, ...]:
    """A row: errors of all points judged, and of each draw's median."""
    points = np.concatenate([draw.errors for draw in draws])
    medians = np.array([np.median(draw.errors) for draw in draws])
    found = [
        (float(np.median(values)), float(np.percentile(values, HIGH_PERCENT))) for values in (points, medians)
    ]
    return (name, str(len(draws)), *(f"{error:.1%}" for pair in found for error in pair))


def calibration_table(points: Sequence[Point]) -> str:
    """Errors after calibration by engine, and of all."""
    catalog = load_catalog()
    known = [point for point in points if point.tpot_s]
    profiles = {engine: profile_of(catalog, engine) for engine in {point.engine for point in known}}
    found = calibrations(known, catalog, profiles)
    engines = sorted({draw.engine for draw in found})
    rows = [figures(engine, [draw for draw in found if draw.engine == engine]) for engine in engines]
    return markdown(HEAD, [*rows, figures("all", found)])
