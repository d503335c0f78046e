"""Open-loop runs as the simulator has them: requests that arrive when they please, on one replica."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.fitting.first_token_lag import host_terms
from simulator.calibration.measured.rate_sweeps import INPUT_TOKENS, OUTPUT_TOKENS, REQUESTS
from simulator.calibration.predicted.times import spec_of
from simulator.kernel import GroupSpec, Kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.rate_sweeps import RateRun
    from simulator.calibration.measured.recordings import Recording
    from simulator.kernel.spec import BatchingSpec

    Column = NDArray[np.float64]
    Lengths = NDArray[np.int64]

NEVER_S = 1e15
SEEDS = 3
"""Draws of the arrivals of a run at a rate, of which the measured run was one."""
UNCROWDED_TTFT_S = 0.25
"""Runs whose median first token takes longer are queues; the host's share does not show in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds of each request to its first token, to its last, and per token after the first.

    `throughput_per_s` is requests over the time to the last answer.
    """

    ttft_s: Column
    e2e_s: Column
    tpot_s: Column
    throughput_per_s: float


def replayed(spec: BatchingSpec, arrival_s: Column, prompts: Lengths, outputs: Lengths) -> Times:
    """These requests through one replica, each at its instant."""
    kernel = Kernel([GroupSpec(queues=spec)])
    requests = zip(arrival_s.tolist(), prompts.tolist(), outputs.tolist(), strict=True)
    for number, (at_s, prompt, output) in enumerate(requests):
        kernel.submit(0, number, prompt, output, 0.0, at_s)
    while kernel.advance(NEVER_S):
        pass
    rows = kernel.ledger()
    rows = rows[np.argsort(rows["request"])]
    first_s, last_s = rows["first_s"] + rows["lag_s"], rows["finish_s"] + rows["lag_s"]
    gaps = np.maximum(rows["output"] - 1, 1)
    return Times(
        ttft_s=first_s - rows["ready_s"],
        e2e_s=last_s - rows["ready_s"],
        tpot_s=((last_s - first_s) / gaps)[rows["output"] > 1],
        throughput_per_s=len(rows) / float(last_s.max()),
    )


def rate_times(run: RateRun, catalog: Catalog, profile: ServingProfile) -> list[Times]:
    """A run at a rate, arrivals drawn several times (Poisson)."""
    spec = spec_of(run.point, catalog, profile)
    lengths = [np.full(REQUESTS, tokens) for tokens in (INPUT_TOKENS, OUTPUT_TOKENS)]
    arrivals = (
        np.random.default_rng(seed).exponential(1.0 / run.rate_per_s, REQUESTS) for seed in range(SEEDS)
    )
    return [replayed(spec, np.cumsum(gaps), *lengths) for gaps in arrivals]


def recorded_times(one: Recording, catalog: Catalog, profile: ServingProfile) -> Times:
    """A recording's own requests on its own limits; KV room as computed where none was logged."""
    spec = spec_of(one.point, catalog, limited(profile, one))
    columns = one.columns
    lengths = (columns["input_tokens"].astype(np.int64), columns["output_tokens"].astype(np.int64))
    return replayed(spec, columns["arrival_s"], *lengths)


def limited(profile: ServingProfile, one: Recording) -> ServingProfile:
    """The profile with the limits that the recording's engine was started with."""
    return profile.model_copy(update={"token_budget": one.token_budget, "max_sequences": one.max_sequences})


def with_host(runs: Sequence[RateRun], catalog: Catalog, made: ServingProfile) -> ServingProfile:
    """The profile with what its host adds behind the engine, so that uncrowded runs' first tokens are met."""
    known = [run for run in runs if run.measured["ttft_p50"] < UNCROWDED_TTFT_S]
    bare = made.model_copy(update={"output_s": 0.0, "first_steps": 0.0, "first_steps_of": {}})
    simulated = np.array([medians(rate_times(run, catalog, bare)) for run in known])
    seconds, steps = host_terms(simulated, np.array([run.measured["ttft_p50"] for run in known]))
    return made.model_copy(update={"output_s": seconds, "first_steps": steps})


def medians(times: Sequence[Times]) -> tuple[float, float]:
    """Median seconds to the first token and per token after it, in the mean of some runs."""
    ttft_s, tpot_s = (
        [float(np.median(column)) for column in columns]
        for columns in ([one.ttft_s for one in times], [one.tpot_s for one in times])
    )
    return float(np.mean(ttft_s)), float(np.mean(tpot_s))
