"""The open-loop chapter of docs/accuracy.md: runs at given rates, and recordings request by request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tables import markdown

from catalogs import load_catalog
from simulator.calibration.measured.rate_sweeps import rate_runs
from simulator.calibration.measured.recordings import recordings
from simulator.calibration.predicted.open_loop import limited, rate_times, recorded_times
from simulator.calibration.predicted.times import chip, engine_of
from simulator.calibration.validation import fitted
from simulator.serving.kv_room import kv_room_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.points import Point
    from simulator.calibration.measured.rate_sweeps import RateRun
    from simulator.calibration.measured.recordings import Recording
    from simulator.calibration.predicted.open_loop import Times

    Profiles = Mapping[str, ServingProfile]
    Errors = dict[str, float]

CATALOG = load_catalog()
KEPT_UP = 0.9
"""A run that answered fewer than so many of the requests sent in its time is beyond saturation."""
RATE_HEAD = (
    "", "sent/s", "answered/s", "error", "TTFT p50, ms", "error", "TTFT p90", "E2E p50, s", "error",
    "TPOT p50, ms", "error",
)  # fmt: skip
SHORT_HEAD = ("", "saturation rate", "TPOT p50", "E2E p50", "TTFT p50", "TTFT p90")
RECORDED_HEAD = ("", "KV tokens", "TTFT mean", "TPOT mean", "E2E mean", "E2E p90", "E2E p99")
MS, HIGH_PERCENT, HIGHEST_PERCENT = 1e3, 90, 99


def chapter(sweeps: Path, folder: Path, shipped: Profiles, points: Sequence[Point]) -> dict[str, str]:
    """The chapter's tables by name: as shipped, and with all points of the chip left out of the fit."""
    runs, recorded = rate_runs(sweeps, CATALOG), recordings(folder, CATALOG)
    held_out = without_chip(points, shipped)
    errors = {
        "as shipped": [rate_errors(run, shipped) for run in runs],
        "its chip left out": [rate_errors(run, held_out(run.point.accelerator)) for run in runs],
    }
    return {
        "rates": markdown(RATE_HEAD, [rate_row(run, shipped) for run in runs]),
        "rate_errors": markdown(SHORT_HEAD, [short_row(name, runs, found) for name, found in errors.items()]),
        "recorded": markdown(
            RECORDED_HEAD,
            [
                *(recorded_row(one, shipped, "as shipped") for one in recorded),
                *(
                    recorded_row(one, held_out(one.point.accelerator), "its chip left out")
                    for one in recorded
                ),
            ],
        ),
    }


def without_chip(points: Sequence[Point], shipped: Profiles) -> Callable[[str], Profiles]:
    """The profiles fitted without any point of an accelerator, each made once."""
    made: dict[str, Profiles] = {}

    def profiles(accelerator: str) -> Profiles:
        if accelerator not in made:
            rest = [point for point in points if point.accelerator != accelerator]
            made[accelerator] = fitted(rest, CATALOG, shipped)
        return made[accelerator]

    return profiles


def simulated(run: RateRun, profiles: Profiles) -> Errors:
    """The run's figures as predicted, in the mean of its draws of arrivals, by the file's names."""
    times = rate_times(run, CATALOG, profiles[run.point.engine])

    def mean(figure: Callable[[Times], float]) -> float:
        return float(np.mean([figure(one) for one in times]))

    return {
        "throughput": mean(lambda one: one.throughput_per_s),
        "ttft_p50": mean(lambda one: float(np.median(one.ttft_s))),
        "ttft_p90": mean(lambda one: float(np.percentile(one.ttft_s, HIGH_PERCENT))),
        "e2el_p50": mean(lambda one: float(np.median(one.e2e_s))),
        "tpot_p50": mean(lambda one: float(np.median(one.tpot_s))),
    }


def measured(run: RateRun) -> Errors:
    """The run's figures as measured, seconds and requests per second."""
    return {"throughput": run.throughput_per_s, **run.measured}


def rate_errors(run: RateRun, profiles: Profiles) -> Errors:
    """Predicted over measured, less 1, by figure."""
    told = measured(run)
    return {name: value / told[name] - 1.0 for name, value in simulated(run, profiles).items()}


def label(point: Point) -> str:
    """A configuration by name."""
    return f"{point.model.split('/')[-1]}, {point.layout.tensor_parallel} x {point.accelerator}"


def rate_row(run: RateRun, profiles: Profiles) -> tuple[str, ...]:
    """A run's measured figures, each with the error of what is predicted."""
    told, error = measured(run), rate_errors(run, profiles)
    return (
        label(run.point),
        f"{run.rate_per_s:g}",
        f"{told['throughput']:.1f}",
        f"{error['throughput']:+.0%}",
        f"{MS * told['ttft_p50']:,.0f}",
        f"{error['ttft_p50']:+.0%}",
        f"{error['ttft_p90']:+.0%}",
        f"{told['e2el_p50']:.1f}",
        f"{error['e2el_p50']:+.0%}",
        f"{MS * told['tpot_p50']:.1f}",
        f"{error['tpot_p50']:+.0%}",
    )


def short_row(name: str, runs: Sequence[RateRun], errors: Sequence[Errors]) -> tuple[str, ...]:
    """Medians of absolute errors: of saturation by configuration, of the rest over runs that kept up."""
    last = {label(run.point): error for run, error in zip(runs, errors, strict=True)}
    kept = [
        error
        for run, error in zip(runs, errors, strict=True)
        if run.throughput_per_s >= KEPT_UP * run.rate_per_s
    ]
    saturation = float(np.median([abs(error["throughput"]) for error in last.values()]))
    figures = ("tpot_p50", "e2el_p50", "ttft_p50", "ttft_p90")
    return (
        name,
        f"{saturation:.1%}",
        *(f"{np.median([abs(error[figure]) for error in kept]):.1%}" for figure in figures),
    )


def recorded_row(one: Recording, profiles: Profiles, name: str) -> tuple[str, ...]:
    """A recording's errors, and the KV room beside what its engine logged."""
    made = limited(profiles["vllm"], one)
    times = recorded_times(one, CATALOG, profiles["vllm"])
    pairs = ((times.ttft_s, one.ttft_s), (times.tpot_s, one.tpot_s), (times.e2e_s, one.e2e_s))
    tails = (HIGH_PERCENT, HIGHEST_PERCENT)
    return (
        f"{label(one.point)}, {name}",
        room_words(one, made),
        *(f"{ours.mean() / theirs.mean() - 1.0:+.0%}" for ours, theirs in pairs),
        *(
            f"{np.percentile(times.e2e_s, tail) / np.percentile(one.e2e_s, tail) - 1.0:+.0%}"
            for tail in tails
        ),
    )


def room_words(one: Recording, made: ServingProfile) -> str:
    """The room that the formula gives, and its error where the engine's log has it."""
    room = kv_room_tokens(
        one.point.shape, chip(one.point, CATALOG), engine_of(made, one.point, CATALOG), one.point.layout
    )
    if one.kv_room_tokens is None:
        return f"{room:,}"
    return f"{room:,} ({room / one.kv_room_tokens - 1.0:+.0%})"
