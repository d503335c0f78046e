"""Fits the serving profiles that ship: `python bench/fit_profiles.py POINTS.csv`.

Fits every engine on the points with tp <= 8, one attention rank and at most 256 sequences, sets each
version's factor by the simulator itself, and writes catalogs/serving_profiles/fitted.yaml.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from catalogs import load_catalog
from catalogs.records import Origin, ServingProfile
from simulator.calibration.client_side import with_client_side
from simulator.calibration.domain import box_of
from simulator.calibration.fitting import Fit, fit_engine, version_scales
from simulator.calibration.points import Point, in_domain, point_of, read_rows
from simulator.calibration.prediction import predicted_s

ESTIMATE = Origin(source="the engine's documentation; no start-up log seen", estimate=True)
MEMORY: dict[str, dict[str, object]] = {
    "trtllm": {
        "memory_ratio_of": "free",
        "sampler_bytes": 4.0,
        "sources": {"memory_ratio_of": ESTIMATE, "sampler_bytes": ESTIMATE},
    },
    "sglang": {
        "memory_utilization_ratio": 0.88,
        "activation_gib": 0.0,
        "sources": {"memory_utilization_ratio": ESTIMATE, "activation_gib": ESTIMATE},
    },
}
"""How other engines than vLLM share a chip's memory out: free_gpu_memory_fraction is of what weights and
activations leave, mem_fraction_static of the whole, for weights and cache alone."""
TARGET = Path(__file__).resolve().parents[1] / "catalogs" / "serving_profiles" / "fitted.yaml"
ENGINES = {
    "vllm": ("0.19.0", "vllm-0.19"),
    "trtllm": ("1.2.0rc6.post2", "trtllm-1.2"),
    "sglang": ("0.5.9", "sglang-0.5"),
}
NEGLIGIBLE = 1e-9
OTHERS = {"vllm": {"vllm-0.15": "0.15.1"}}
"""Further profiles by name: the same coefficients at another version's factor."""
SOURCE = (
    "bounded least squares on relative error of TPOT (bench/fit_profiles.py) over measured points of "
    "NVIDIA aiconfigurator 0.12.0 (silicon_sample.csv, Apache-2.0)"
)


def fitted_points(path: Path, engine: str) -> list[Point]:
    """The points of an engine that are fitted."""
    catalog = load_catalog()
    rows = [row for row in read_rows(path) if row["engine"] == engine and in_domain(row)]
    points = [point_of(row, catalog) for row in rows]
    return [point for point in points if isinstance(point, Point) and point.tpot_s]


def profile(name: str, engine: str, version: str, fit: Fit, scales: dict[str, float]) -> ServingProfile:
    """The fitted coefficients as a profile."""
    usual = float(np.median(list(scales.values())))
    error = np.abs(fit.error)
    note = (
        f"{len(error)} points; training error of TPOT {error.mean():.1%} mean, {np.median(error):.1%} median"
    )
    rounded = {key: written(value) for key, value in fit.coefficients.items()}
    return ServingProfile(
        name=name,
        engine=engine,
        version=version,
        **rounded,
        scale=float(f"{scales.get(version, usual):.4g}"),
        scales={key: float(f"{value:.4g}") for key, value in scales.items()},
        source=SOURCE,
        retrieved=datetime(2026, 11, 23, tzinfo=UTC).date(),
        note=note,
    )


def written(value: float) -> float:
    """A coefficient as it is written: four digits, 0 where the fit came to its bound at 0."""
    return float(f"{value:.4g}") if value > NEGLIGIBLE else 0.0


def simulated_scales(points: list[Point], made: ServingProfile) -> dict[str, float]:
    """Factors by version such that the simulator's own median is the measured one."""
    catalog = load_catalog()
    even = made.model_copy(update={"scale": 1.0, "scales": {}})
    found = [predicted_s(point, catalog, even)[1] for point in points]
    ratio = np.array([point.tpot_s for point in points], np.float64) / np.array(found)
    return version_scales(np.array([point.version for point in points]), ratio)


def main() -> None:
    """Fits and writes all profiles."""
    path = Path(sys.argv[1])
    parts = ["# Written by bench/fit_profiles.py; not edited by hand.\n"]
    for engine, (version, name) in ENGINES.items():
        points = fitted_points(path, engine)
        fit = fit_engine(points, load_catalog())
        made = profile(name, engine, version, fit, fit.scales)
        made = profile(name, engine, version, fit, simulated_scales(points, made))
        made = with_client_side(points, load_catalog(), made)
        made = made.model_copy(update={"domain": box_of(points), **MEMORY.get(engine, {})})
        parts.append(text_of(made))
        parts += [text_of(of_version(made, name, told)) for name, told in OTHERS.get(engine, {}).items()]
        print(name, made.note)
    TARGET.write_text("\n".join(parts), encoding="utf-8")


def of_version(made: ServingProfile, name: str, version: str) -> ServingProfile:
    """The profile at another version's factor, for scenarios that name it."""
    told = {"name": name, "version": version, "scale": made.scales[version], "scales": {}}
    return made.model_copy(update=told)


def text_of(made: ServingProfile) -> str:
    """A profile as YAML."""
    import yaml

    plain = made.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    return yaml.safe_dump({made.name: plain}, sort_keys=False, width=100)


if __name__ == "__main__":
    main()
