"""The power chapter of docs/accuracy.md: predicted watts and joules against measured runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from fit_power import points_in
from tables import markdown

from catalogs import load_catalog
from simulator.calibration.fitting.engines import fit_engines
from simulator.calibration.fitting.power import POWER_BOUNDS, POWERS, columns_of, fit_powers, fit_prompts
from simulator.calibration.power_errors import (
    JudgedPower,
    PowerErrors,
    by_accelerator_and_kind,
    by_label,
    power_errors,
)
from simulator.calibration.predicted.energy import PROFILE, loop_power, powered_spec, predicted_power
from simulator.calibration.predicted.times import chip
from simulator.calibration.validation import in_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.fitting.power import Columns
    from simulator.calibration.measured.energy_points import EnergyPoint
    from simulator.calibration.predicted.energy import Times

HEAD = (
    "",
    "points",
    "power mean",
    "power median",
    "constant",
    "J/token mean",
    "J/token median",
    "J/token bias",
)
WORST = 10
LEAST = 3


def judged_power(
    points: Sequence[EnergyPoint], made: ServingProfile, times: Times = "own"
) -> list[JudgedPower]:
    """All points as a profile predicts them."""
    catalog, found = load_catalog(), []
    for point in points:
        power_w, j_per_token = predicted_power(point, catalog, made, times)
        found.append(JudgedPower(point=point, power_w=power_w, j_per_token=j_per_token))
    return found


def held_out_power(points: Sequence[EnergyPoint], made: ServingProfile) -> list[JudgedPower]:
    """Every point predicted by times and watts fitted without its group."""
    catalog, found = load_catalog(), []
    columns = columns_of(points, catalog, made)
    for part in in_parts([point.group for point in points]):
        inside = np.array([point.group in part for point in points])
        rest = [point for point in points if point.group not in part]
        fit = fit_engines([point.point for point in rest], catalog, POWER_BOUNDS)
        profile = made.model_copy(update={**fit.coefficients["vllm"], **fit_prompts(rest, catalog)})
        watts = watts_of(rest, columns[~inside])
        for point in points:
            if point.group in part:
                powers = replace(chip(point.point, catalog), **watts[point.point.accelerator])
                power_w, j_per_token = loop_power(point, powered_spec(point, catalog, profile, powers))
                found.append(JudgedPower(point=point, power_w=power_w, j_per_token=j_per_token))
    return found


def watts_of(points: Sequence[EnergyPoint], columns: Columns) -> dict[str, dict[str, float]]:
    """The watts of `POWERS` fitted to these points, by accelerator."""
    names = np.array([point.point.accelerator for point in points])
    measured_w = np.array([point.power_w for point in points], np.float64)
    return {
        name: dict(zip(POWERS, fit_powers(columns[names == name], measured_w[names == name]), strict=True))
        for name in sorted(set(names.tolist()))
    }


def table(rows: Sequence[PowerErrors]) -> str:
    """Errors as a Markdown table."""
    cells = [
        (
            row.name,
            str(row.count),
            f"{row.power_mean:.1%}",
            f"{row.power_median:.1%}",
            f"{row.constant_mean:.1%}",
            f"{row.energy_mean:.1%}",
            f"{row.energy_median:.1%}",
            f"{row.energy_bias:+.1%}",
        )
        for row in rows
    ]
    return markdown(HEAD, cells)


def label(point: EnergyPoint) -> str:
    """A configuration by name."""
    model = point.point.model.split("/")[-1]
    return f"{model}, {point.task}, {point.chip_count} x {point.point.accelerator}, {point.point.precision}"


def chapter(path: Path) -> tuple[str, list[JudgedPower]]:
    """The chapter's text, and what it judged."""
    points, made = points_in(path), load_catalog().serving_profile(PROFILE)
    judged = judged_power(points, made)
    cross = held_out_power(points, made)
    worst = [row for row in by_label(judged, label) if row.count >= LEAST]
    worst.sort(key=lambda row: -row.energy_mean)
    text = CHAPTER.format(
        all=table(by_accelerator_and_kind(judged)),
        predicted=table(by_accelerator_and_kind(judged_power(points, made, "predicted"))),
        cross=table([*by_label(cross, lambda point: point.point.accelerator), power_errors("all", cross)]),
        worst=table(worst[:WORST]),
    )
    return text, judged


CHAPTER = """## Power and energy per token
Points: the ML.ENERGY leaderboard v3 (Apache-2.0), H100 and B200 under vLLM 0.11.1: watts of the accelerators alone, no host, no PUE. Every row is run
through the simulator's loop at its measured batch (`wayfare predict-energy`, profile `vllm-0.11`, `bench/fit_power.py`). Prompt lengths are not in the
data: estimates by task (`simulator/calibration/measured/energy_points.py`). *Constant* is the error of giving every accelerator of a type its median watts.

![predicted against measured joules per token](img/accuracy-energy.png)

### At the runs' own time between tokens
Decode steps take the run's median inter-token latency (`itl_median_ms`); what a chip could have done faster it waits for its host, at `wait_w` instead of
`floor_w` (decision 0057). Watts, the time of prompts and joules per token are predicted: neither throughput nor joules are given.

{all}

### At predicted times (`--times predicted`)
The same without any measured time. 83 runs of one B200 each (gpqa, image-chat, video-chat) took 30 to 45 ms a step at batch 8 to 64 whether the model had 3,
8 or 32 billion active parameters, where the same chip and model took 5 to 15 ms on other tasks: they waited for their host, which nothing in a configuration
tells, and their watts are those of a chip that stands idle. So B200 as a whole is here no better than a constant.

{predicted}

### Groups held out (model x task x accelerator x precision x layout)
At the runs' own time between tokens; the other times' coefficients and the chips' watts fitted without the group.

{cross}

### Worst configurations

{worst}

### What to know
- No run is left out of a fit. Targets: dense models within 10 %, and B200 and H100 better than a constant, at the runs' own times; joules per token miss
  15 % in the mean by a point, their median is below it. Shorter prompts for images and videos (700 and 1,200 tokens) bring 15.2 %, with operations that
  would draw more than a chip can, and anchors missed: a chat answer of Llama 70B at batch 256 at 0.084 Wh instead of the measured 0.067.
- Qwen3-Coder-480B-FP8 was run with attention data-parallel ranks and prompts that arrive unevenly; its throughput is a small part of what its
  inter-token latency says (mean step over median up to 16), and no loop of even ranks explains it.
- Experts at one byte a weight were read at less than half of the bandwidth by this engine (`expert_read_8bit`): 36.7 ms a step on two B200, where two bytes
  a weight on four B200 took 19.7 ms. Llama 4 Maverick's experts of one byte were not: its chips waited, and drew little, where the profile has them read.
- Images and videos are prepared by the host before a prompt's operations begin; that time is in the prompts' coefficients, so short chips' watts come out
  too high there (video-chat).
- Llama 4 Scout took twice the time of its bytes at any batch; the busiest chip under expert parallelism explains a part, tried and not kept.
- The watts are fitted at the measured step times, so that an error of the times does not bend the physics of the chip.
"""
