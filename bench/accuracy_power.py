"""The power chapter of docs/accuracy.md: predicted watts and joules against measured runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fit_power import points_in
from tables import markdown

from catalogs import load_catalog
from simulator.calibration.energy_prediction import PROFILE, predicted_power
from simulator.calibration.fitting import fit_engine
from simulator.calibration.power_errors import (
    JudgedPower,
    PowerErrors,
    by_accelerator_and_kind,
    by_label,
    power_errors,
)
from simulator.calibration.power_fitting import POWER_BOUNDS
from simulator.calibration.validation import in_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalogs.records import ServingProfile
    from simulator.calibration.energy_points import EnergyPoint

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


def judged_power(points: Sequence[EnergyPoint], made: ServingProfile) -> list[JudgedPower]:
    """All points as a profile predicts them."""
    catalog, found = load_catalog(), []
    for point in points:
        power_w, j_per_token = predicted_power(point, catalog, made)
        found.append(JudgedPower(point=point, power_w=power_w, j_per_token=j_per_token))
    return found


def held_out_power(points: Sequence[EnergyPoint], made: ServingProfile) -> list[JudgedPower]:
    """Every point predicted by a profile fitted without its group; the chips' watts stay."""
    catalog, found = load_catalog(), []
    for part in in_parts([point.group for point in points]):
        rest = [point.point for point in points if point.group not in part]
        fit = fit_engine(rest, catalog, POWER_BOUNDS)
        mine = [point for point in points if point.group in part]
        found += judged_power(mine, made.model_copy(update=fit.coefficients))
    return found


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


def bound_by_host(point: EnergyPoint) -> bool:
    """Runs of one B200 on tasks whose steps took some 32 ms whatever the model (see the page)."""
    single = point.point.accelerator == "b200" and point.chip_count == 1
    return single and point.task in ("gpqa", "image-chat", "video-chat")


def chapter(path: Path) -> tuple[str, list[JudgedPower]]:
    """The chapter's text, and what it judged."""
    points, made = points_in(path), load_catalog().serving_profile(PROFILE)
    judged = judged_power(points, made)
    cross = held_out_power(points, made)
    usual = [one for one in judged if not bound_by_host(one.point)]
    worst = [row for row in by_label(judged, label) if row.count >= LEAST]
    worst.sort(key=lambda row: -row.energy_mean)
    text = CHAPTER.format(
        all=table(by_accelerator_and_kind(judged)),
        usual=table(by_accelerator_and_kind(usual)),
        bound=len(judged) - len(usual),
        cross=table([*by_label(cross, lambda point: point.point.accelerator), power_errors("all", cross)]),
        worst=table(worst[:WORST]),
    )
    return text, judged


CHAPTER = """## Power and energy per token
Points: the ML.ENERGY leaderboard v3 (Apache-2.0), H100 and B200 under vLLM 0.11.1: watts of the accelerators alone, no host, no PUE. Every row is run
through the simulator's loop at its measured batch (`wayfare predict-energy`, profile `vllm-0.11`, `bench/fit_power.py`). Prompt lengths are not in the
data: estimates by task (`simulator/calibration/energy_points.py`). *Constant* is the error of giving every accelerator of a type its median watts.

![predicted against measured joules per token](img/accuracy-energy.png)

{all}

### Without the runs that waited for their host
{bound} runs of one B200 each (gpqa, image-chat, video-chat) took 30 to 45 ms a step at batch 8 to 64 whether the model had 3, 8 or 32 billion active
parameters, where the same chip and model took 5 to 15 ms on other tasks; their watts are low because the chip stood idle. Nothing in a
configuration tells when a host is that slow, so the model does not try: its prediction is what the chip could do.

{usual}

### Groups held out (model x task x accelerator x precision x layout)
The times' coefficients fitted without the group; the three watts of a chip are fitted on all its runs.

{cross}

### Worst configurations

{worst}

### What to know
- Targets missed: B200 as a whole is not better than a constant unless the runs above stand apart, and joules per token err by more than 15 % in the mean
  (their median is near it): times per token carry most of the error, for mixtures of experts above all.
- Qwen3-Coder-480B-FP8 was run with attention data-parallel ranks and long prompts that arrive unevenly; its throughput is a small part of what its
  inter-token latency says, and no loop of even ranks explains it.
- Experts at one byte a weight were read at less than half of the bandwidth by this engine (`expert_read_8bit`): 36.7 ms a step on two B200, where two bytes
  a weight on four B200 took 19.7 ms.
- The watts are fitted at the measured step times, so that an error of the times does not bend the physics of the chip.
"""
