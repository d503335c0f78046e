"""Fits the energy profile and the accelerators' watts: `python bench/fit_power.py POINTS.csv`.

Writes catalogs/serving_profiles/vllm-0.11.yaml from the runs' own time per token, and prints the
watts of catalogs/accelerators/accelerators.yaml, fitted at the runs' own time between tokens, so that
an error of the times does not bend the physics of the chip.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from fit_profiles import text_of, written

from catalogs import load_catalog
from catalogs.serving_profile import ServingProfile
from simulator.calibration.domain import box_of
from simulator.calibration.fitting.engines import Fit, fit_engines
from simulator.calibration.fitting.power import POWER_BOUNDS, POWERS, columns_of, fit_powers, fit_prompts
from simulator.calibration.measured.energy_points import NEEDED, VERSION, EnergyPoint, energy_point_of
from simulator.calibration.measured.points import read_rows
from simulator.calibration.predicted.energy import PROFILE

TARGET = Path(__file__).resolve().parents[1] / "catalogs" / "serving_profiles" / "vllm-0.11.yaml"
SOURCE = (
    "bounded least squares on relative error of the time per output token (bench/fit_power.py) over the "
    "runs of the ML.ENERGY leaderboard v3 (Apache-2.0)"
)


def points_in(path: Path) -> list[EnergyPoint]:
    """The points of a file that can be predicted."""
    catalog = load_catalog()
    found = [energy_point_of(row, catalog) for row in read_rows(path, NEEDED)]
    return [point for point in found if isinstance(point, EnergyPoint)]


def profile(fit: Fit, coefficients: dict[str, float]) -> ServingProfile:
    """The fitted coefficients as a profile."""
    error = np.abs(fit.error)
    return ServingProfile(
        name=PROFILE,
        engine="vllm",
        version=VERSION,
        **{key: written(value) for key, value in coefficients.items()},
        source=SOURCE,
        retrieved=datetime(2026, 11, 23, tzinfo=UTC).date(),
        note=f"{len(error)} points; error of the time {error.mean():.1%} mean, {np.median(error):.1%} median",
    )


def main() -> None:
    """Fits the profile, then the watts of each accelerator."""
    points, catalog = points_in(Path(sys.argv[1])), load_catalog()
    fit = fit_engines([point.point for point in points], catalog, POWER_BOUNDS)
    coefficients = fit.coefficients["vllm"] | fit_prompts(points, catalog)
    box = box_of([point.point for point in points])
    made = profile(fit, coefficients).model_copy(update={"domain": box})
    TARGET.write_text(
        "# Written by bench/fit_power.py; not edited by hand.\n\n" + text_of(made), encoding="utf-8"
    )
    print(made.name, made.note)
    columns = columns_of(points, catalog, made)
    measured_w = np.array([point.power_w for point in points], np.float64)
    names = np.array([point.point.accelerator for point in points])
    for name in sorted(set(names.tolist())):
        found = fit_powers(columns[names == name], measured_w[names == name])
        told = ", ".join(f"{power} {watts:.0f}" for power, watts in zip(POWERS, found, strict=True))
        print(f"{name}: {told}")


if __name__ == "__main__":
    main()
