"""Writes docs/accuracy.md: predictions held against measured points.

`make accuracy POINTS=serving_points.csv ENERGY=energy_points.csv SWEEPS=rate_sweeps.csv RECORDED=open_loop/`.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accuracy_adaptation import calibration_table
from accuracy_open_loop import chapter as open_loop_chapter
from accuracy_plots import draw
from accuracy_power import chapter as power_chapter
from fit_profiles import open_loop_points
from tables import markdown

from catalogs import load_catalog
from simulator.calibration.digest import accuracy_digest
from simulator.calibration.errors import ErrorSummary, Judged, by_engine_and_regime, summaries, summary
from simulator.calibration.measured.points import MOST_WIDTH, Point, in_domain, point_of, read_rows
from simulator.calibration.predicted.times import predicted_s, profile_of
from simulator.calibration.validation import accelerator_of, cross_validated, group_of, model_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.validation import Key

PAGE = Path(__file__).resolve().parents[1] / "docs" / "accuracy.md"
HEAD = ("", "points", "TPOT mean", "TPOT median", "TPOT bias", "TTFT median")
WORST = 12
LEAST = 4


def table(rows: list[ErrorSummary]) -> str:
    """Errors as a Markdown table."""
    cells = [
        (
            row.name,
            str(row.count),
            *(f"{error:.1%}" for error in (row.tpot_mean, row.tpot_median, row.tpot_bias, row.ttft_median)),
        )
        for row in rows
    ]
    return markdown(HEAD, cells)


def points_of(rows: list[dict[str, str]]) -> list[Point]:
    """The points of rows that can be predicted."""
    catalog = load_catalog()
    return [point for row in rows if isinstance(point := point_of(row, catalog), Point)]


def label(point: Point) -> str:
    """A configuration by name."""
    width = point.layout.tensor_parallel
    return f"{point.engine}, {point.model.split('/')[-1]}, {width} x {point.accelerator}, {point.precision}"


def reach(point: Point) -> str:
    """In which way a point lies outside the domain."""
    if point.ranks > 1:
        return f"{point.engine}, attention ranks"
    return f"{point.engine}, {'more than 8 chips' if point.layout.tensor_parallel > MOST_WIDTH else 'others'}"


def judged_by(points: list[Point]) -> list[Judged]:
    """All points as the shipped profiles predict them."""
    catalog = load_catalog()
    found = []
    for point in points:
        ttft_s, tpot_s = predicted_s(point, catalog, profile_of(catalog, point.engine))
        found.append(Judged(point=point, ttft_s=ttft_s, tpot_s=tpot_s))
    return found


def held_out(points: list[Point], key: Key = group_of) -> list[Judged]:
    """The closed-loop points, each predicted without what shares its key."""
    catalog = load_catalog()
    found = cross_validated(points, catalog, shipped(points), key)
    return [one for one in found if one.point.weight == 1.0]


def shipped(points: Sequence[Point]) -> dict[str, ServingProfile]:
    """The shipped profile of each engine."""
    catalog = load_catalog()
    return {engine: profile_of(catalog, engine) for engine in sorted({point.engine for point in points})}


def chapters(measured: Path, energy: Path, sweeps: Path, recorded: Path) -> dict[str, Any]:
    """What the page is made of, by name, each worked out in a process of its own."""
    rows = read_rows(measured)
    domain = points_of([row for row in rows if in_domain(row)])
    others = points_of([row for row in rows if not in_domain(row)])
    known = [*(point for point in domain if point.tpot_s), *open_loop_points(sweeps, recorded)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = {
            "calibrated": pool.submit(calibration_table, known),
            "open_loop": pool.submit(open_loop_chapter, sweeps, recorded, shipped(domain), known),
            "groups": pool.submit(held_out, known),
            "models": pool.submit(held_out, known, model_of),
            "accelerators": pool.submit(held_out, known, accelerator_of),
            "power": pool.submit(power_chapter, energy),
            "inside": pool.submit(judged_by, domain),
            "outside": pool.submit(judged_by, others),
        }
        return {name: task.result() for name, task in found.items()}


def by(judged: list[Judged], key: Callable[[Point], str]) -> str:
    """Errors by a label of the points, and of all, as a table."""
    return table([*summaries(judged, key), summary("all", judged)])


def main() -> None:
    """Judges every point and writes the page."""
    told = chapters(*map(Path, sys.argv[1:5]))
    inside, (power, judged_power) = told["inside"], told["power"]
    worst = [row for row in summaries(inside, label) if row.count >= LEAST]
    worst.sort(key=lambda row: -row.tpot_mean)
    draw(PAGE.parent / "img", inside, judged_power)
    text = (PAGE_TEXT + NOTES).format(
        power=power,
        inside=table(by_engine_and_regime(inside)),
        models=table(list(summaries(inside, lambda point: f"{point.engine} {point.model.split('/')[-1]}"))),
        cross=by(told["groups"], lambda point: point.engine),
        cross_models=by(told["models"], lambda point: point.model.split("/")[-1]),
        cross_chips=by(told["accelerators"], lambda point: point.accelerator),
        outside=by(told["outside"], reach),
        worst=table(worst[:WORST]),
        chips=table(list(summaries(inside, lambda point: f"{point.accelerator} {point.precision}"))),
        calibrated=told["calibrated"],
        digest=accuracy_digest(),
        **told["open_loop"],
    )
    PAGE.write_text(text, encoding="utf-8")


PAGE_TEXT = """# Accuracy: predictions against measured hardware

Generated by `make accuracy POINTS=serving_points.csv ENERGY=energy_points.csv SWEEPS=rate_sweeps.csv RECORDED=open_loop/`; not edited by hand. Every row of the file is a closed loop of that
many sequences and those lengths, run as a serving benchmark runs it (all places begin at once, ten requests a place, lengths within 10 % of theirs)
through the simulator's own kernel (`wayfare predict`), so the error is the simulator's, not a formula's.
Points: NVIDIA aiconfigurator 0.12.0, `silicon_sample.csv` (Apache-2.0): H100, H200, B200, B300, GB200 under vLLM, TensorRT-LLM and SGLang.
Relative errors, absolute but for the bias (median of predicted over measured, less 1). Regimes by sequences in the loop: light up to 8, knee up to 64,
saturated above. TTFT only where the measured one is below 3 s.

## In the fit's domain: at most 8 chips, one attention rank, at most 256 sequences
One set of coefficients for all engines (but for what an engine takes to launch experts), a factor for what each recipe (version, accelerator, model) deviates by,
and the steps that a version on an accelerator keeps a first token back (`catalogs/serving_profiles/fitted.yaml`, by `bench/fit_profiles.py`;
[decision 123](decisions/0123-recipes-deviate-alone.md)).

![predicted against measured time per output token](img/accuracy-tpot.png)

{inside}

## Groups held out (model x accelerator x engine x precision x width)
Eight parts; each predicted from coefficients, factors and steps fitted without it.

{cross}

## Whole models held out
All names of one shape left out, of all engines: what to expect of a model that no profile has seen.

{cross_models}

## Whole accelerators held out
What to expect of a chip that no profile has seen, by its data sheet alone.

{cross_chips}

## Open loop: requests that arrive when they please
vLLM 0.19.0, 500 requests a run of 512 tokens in and 256 out, sent at a rate (pChitral/vllm-cost-meter, MIT). Predicted in the mean of three draws of Poisson arrivals.
The host's terms (seconds and steps that a first token leaves it later) are fitted to these runs' first tokens where they are below 250 ms. Medians of absolute errors; saturation by
configuration, the others over runs that kept up with what was sent. *Its chip left out*: coefficients and factors fitted without any point of that accelerator.

{rate_errors}

{rates}

The H100 under Llama 3.1 8B is the outlier: its GPU was busy 53 % of the time at saturation, so its host was the limit, at 75 us a sequence and step where the same engine took
35 under Qwen3 30B; nothing in the file tells the two hosts apart.

Recordings of 300 requests on one chip beyond what it bears (casys-kaist/LLMServingSim, MIT), from the engine's own clock. KV room by the formula, with its error where the engine logged it.
The factors of these two chips (`catalogs/accelerators`) were set by these recordings, so *its chip left out* leaves out the fit alone.

{recorded}

## Beside peers
What others publish of their simulators, each on runs of its own, so no row can be compared with another to a per cent; what a simulator was given about the machine decides more than the rest.

| simulator | published error | on | given about the machine |
| --- | --- | --- | --- |
| Vidur (arXiv 2405.05465, abstract) | below 9 % of inference latency | A100 and H100 | operators profiled on the very chip |
| LLMServingSim (commit 5daddb2, bench/examples) | 1 to 4 % of the means of TTFT, TPOT and latency | the two recordings above | every layer profiled on the very chips |
| Wayfare, as shipped | 2 to 15 % of the same means | the two recordings above | data sheet, two factors a chip set by the recordings, and both recordings in the fit |
| Wayfare, calibrated on the first minute (`wayfare calibrate`) | 0.1 to 4.4 % of the same means | what ended later | the engine's own log, KV room included |
| Wayfare, chip left out of the fit | 11.7 / 11.7 / 10.7 % (end to end, per token, first token, medians) | the rate sweeps above | data sheet |

## Calibrated on five points of a group never seen
`wayfare calibrate` from a profile fitted without the group, on five points of it drawn at random, twenty times for each group of eight points or more; six
of its other points (or all) are judged. *Of points*: over all points judged. *Of draws*: over the medians of each draw. The first is the stricter reading.

{calibrated}

## By engine and model

{models}

## By accelerator and precision

{chips}

## Outside the domain: attention data-parallel, wider layouts, larger batches
Predicted all the same; do not rely on them. With attention ranks the loop is one rank's, its experts and memory shared by all. More than 8 chips are GB200
rows that look like runs with prefill and decode apart: they take less time than one replica's bytes do. *Others* are widths that the file gives as a product
(16 for 4 chips, 64 for 8) and more than 256 sequences.

{outside}

## Worst configurations inside the domain

{worst}
"""
NOTES = """
## What to know
- No row of the domain is left out of a fit of the time per token. Fits of the first token leave out measured ones of 3 s and more: those are queues in
  front of the engine, or the first compilation (SGLang 2025-11 took 7 to 9 s at any batch).
- Rows with a blank `attention_dp` were found to follow the same closed loop as the others (their TPOT rises with input over output length, so
  prefill is in it) and are treated alike; reading them as prefill-first waves makes TPOT four times as wrong on TensorRT-LLM. Where their experts are spread wider
  than `tp`, or their concurrency is as many loops as `tp`, they are attention ranks and lie outside the domain. With ranks, a rank's batch is the concurrency over the ranks.
- Where a row names no version, the month of its measurement stands for it. TensorRT-LLM 1.2.0rc6.post3 serves DeepSeek with multi-token prediction and is predicted
  so; SGLang's rows with it stay in: no column tells them apart (SGLang 0.5.9, DeepSeek-R1 on 8 B200: 5.8 and 8.6 ms for the same configuration).
- The KV cache of quantised models is taken to be of 8 bits, but for vLLM and SGLang on Hopper (decision 0055); a column `kv_precision` overrides it. The
  batch at which measured first tokens begin to wait for room agrees with that and with the memory that chips report.
- TTFT includes the host: work on a request and its prompt before the line, and a lag behind the engine of a time and some steps of the loop. The steps are settings of the
  benchmark's recipes (how often the scheduler polls, how many tokens a chunk of the stream holds), so they are fitted for each version on each accelerator.
  They also differ within some: TensorRT-LLM 2025-10 kept 20 steps back at 1,024 tokens in and out and 2 at other lengths; SGLang on B200 polls every 10 steps
  below 16 sequences, every 30 above. Rows with neither explained: TensorRT-LLM 1.0.0rc3 with Llama 8B, whose first token waits for one answer to end.
- Worst: vLLM's Llama-3.1-8B-FP8 (H200, 7 rows) took less than half the time of any other run per prompt token, which only prompts kept out of TPOT would
  explain; DeepSeek on 4 B200 and 4 B300 under SGLang at 8,192 tokens in grows with the batch three times as fast as on 8; Llama 70B with 4-bit weights reads
  them at a little over half the bandwidth under TensorRT-LLM (`weight_read_4bit`).
- Prompts of mixtures of experts take 4 to 5 times what peak arithmetic says (`moe_prefill_flops`), dense ones 1.25.
- Hybrid models (Qwen3.5, gpt-oss) count only their full-attention layers in the KV cache, the sliding-window layers as a constant.
- Tried without gain: all attention ranks as one loop in lock-step (a little better for vLLM, far worse for TensorRT-LLM, which balances its prompts); the busiest chip's experts under expert parallelism; a coefficient of its own for reading 8-bit KV; TTFT as the median instead of the mean;
  a first-token share of a march in step instead of the benchmark's own start.

{power}
Digest of code and coefficients: `{digest}`
"""

if __name__ == "__main__":
    main()
