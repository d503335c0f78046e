"""Fits the serving profiles that ship.

`python bench/fit_profiles.py serving_points.csv rate_sweeps.csv open_loop/`

Fits the engines on the points with tp <= 8, one attention rank and at most 256 sequences, sets each
recipe's factor by the simulator itself, and writes catalogs/serving_profiles/fitted.yaml with the errors to
expect of it (held out by group, model and accelerator: about half an hour), and catalogs/measured_groups.csv.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from catalogs import load_catalog
from catalogs.measured_groups import write_groups
from catalogs.records import Origin
from catalogs.serving_profile import ServingProfile
from simulator.calibration.domain import box_of
from simulator.calibration.fitting.adaptation import judge
from simulator.calibration.fitting.engines import BOUNDS
from simulator.calibration.measured.points import Point, in_domain, point_of, read_rows
from simulator.calibration.measured.rate_sweeps import RateRun, rate_runs
from simulator.calibration.measured.recordings import recordings
from simulator.calibration.predicted.open_loop import with_host
from simulator.calibration.published_errors import groups_of, judged_by_nearness, profile_errors
from simulator.calibration.validation import fitted

ESTIMATE = Origin(source="the engine's documentation; no start-up log seen", estimate=True)
HOST_ESTIMATE = Origin(
    source="tokenisers take about a million tokens a second; no measurement of a saturated host was seen",
    estimate=True,
)
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
SERIAL = {
    "request_s": 1e-3,
    "input_token_s": 1e-6,
    "sources": {"request_s": HOST_ESTIMATE, "input_token_s": HOST_ESTIMATE},
}
"""A host's own work on a request, which the next one waits for."""
OTHERS = {"vllm": {"generic-vllm": "not stated", "vllm-0.15": "0.15.1"}}
"""Further profiles by name: the same coefficients, with the factors that another version's recipes have."""
NEEDED = tuple(
    name for name, field in ServingProfile.model_fields.items() if field.is_required() and name in BOUNDS
)
SOURCE = (
    "bounded least squares on relative error of TPOT, of all engines together (bench/fit_profiles.py), over "
    "measured points of "
    "NVIDIA aiconfigurator 0.12.0 (silicon_sample.csv, Apache-2.0)"
)


def fitted_points(path: Path) -> list[Point]:
    """The closed-loop points that are fitted, of all engines."""
    catalog = load_catalog()
    points = [point_of(row, catalog) for row in read_rows(path) if in_domain(row)]
    return [point for point in points if isinstance(point, Point) and point.tpot_s]


def open_loop_points(sweeps: Path, folder: Path) -> list[Point]:
    """The open-loop runs that are fitted beside them, as closed loops."""
    catalog = load_catalog()
    swept = [run.point for run in rate_runs(sweeps, catalog)]
    return swept + [recording.point for recording in recordings(folder, catalog)]


def bare_profile(name: str, engine: str, version: str, points: list[Point]) -> ServingProfile:
    """An engine's profile before anything is fitted: its memory and the box of its points."""
    told: dict[str, Any] = dict.fromkeys(NEEDED, 1.0)
    return ServingProfile(
        name=name,
        engine=engine,
        version=version,
        **told,
        **MEMORY.get(engine, {}),
        domain=box_of([point for point in points if point.engine == engine]),
        source=SOURCE,
        retrieved=datetime(2026, 11, 23, tzinfo=UTC).date(),
    )


def with_hosts(
    bare: dict[str, ServingProfile], points: list[Point], runs: list[RateRun]
) -> dict[str, ServingProfile]:
    """The profiles with what hosts add, as the uncrowded open-loop runs of vLLM show it, for all engines."""
    catalog = load_catalog()
    serial = {engine: made.model_copy(update=SERIAL) for engine, made in bare.items()}
    found = with_host(runs, catalog, fitted(points, catalog, serial)["vllm"])
    told = {"output_s": found.output_s, "first_steps": found.first_steps}
    return {engine: made.model_copy(update=told) for engine, made in serial.items()}


def rounded(made: ServingProfile) -> ServingProfile:
    """The profile with coefficients as they are written."""
    return made.model_copy(update={name: written(getattr(made, name)) for name in BOUNDS})


def written(value: float) -> float:
    """A coefficient as it is written: four digits, 0 where the fit came to its bound at 0."""
    return float(f"{value:.4g}") if value > NEGLIGIBLE else 0.0


def noted(made: ServingProfile, points: list[Point]) -> ServingProfile:
    """The profile with its error on its own points."""
    catalog = load_catalog()
    error = np.abs(
        [judge(point, catalog, made).tpot_error for point in points if point.engine == made.engine]
    )
    note = (
        f"{len(error)} points; training error of TPOT {error.mean():.1%} mean, {np.median(error):.1%} median"
    )
    return made.model_copy(update={"note": note})


def main() -> None:
    """Fits and writes all profiles."""
    closed, sweeps, recorded = map(Path, sys.argv[1:4])
    points = [*fitted_points(closed), *open_loop_points(sweeps, recorded)]
    bare = {
        engine: bare_profile(name, engine, version, points) for engine, (version, name) in ENGINES.items()
    }
    parts = ["# Written by bench/fit_profiles.py; not edited by hand.\n"]
    bare = with_hosts(bare, points, rate_runs(sweeps, load_catalog()))
    fit = {engine: rounded(made) for engine, made in fitted(points, load_catalog(), bare).items()}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        judged = judged_by_nearness(points, load_catalog(), fit, pool)
    for engine, one in fit.items():
        made = noted(one, points).model_copy(update={"errors": profile_errors(judged, engine)})
        parts.append(text_of(made))
        parts += [text_of(of_version(made, name, told)) for name, told in OTHERS.get(engine, {}).items()]
        print(made.name, made.note)
    TARGET.write_text("\n".join(parts), encoding="utf-8")
    write_groups(groups_of(points, judged["group"]))


def of_version(made: ServingProfile, name: str, version: str) -> ServingProfile:
    """The profile of another version, for scenarios that name it: its recipes' factors are in force then."""
    return made.model_copy(update={"name": name, "version": version})


def text_of(made: ServingProfile) -> str:
    """A profile as YAML."""
    import yaml

    plain = made.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    return yaml.safe_dump({made.name: plain}, sort_keys=False, width=100)


if __name__ == "__main__":
    main()
