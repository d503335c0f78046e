"""What one stream's requests are like: the stream's own words, else its task's catalog entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.distributions import Distribution, Empirical, Fixed, LogNormal

if TYPE_CHECKING:
    from catalogs.records import Lengths, Task
    from simulator.scenario import Scenario, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Lengths in tokens, difficulty in logits, objectives in seconds (nan where unset)."""

    input_tokens: Distribution
    output_tokens: Distribution
    max_output_tokens: int
    difficulty_mean: float
    difficulty_sd: float
    limits_s: dict[str, float]


def demand_of(scenario: Scenario, stream: Stream) -> Demand:
    """The stream's demand."""
    task = scenario.catalog.task(stream.task)
    given_in, given_out = stream.input_tokens, stream.output_tokens
    difficulty = stream.difficulty
    return Demand(
        input_tokens=given_in.distribution() if given_in else lengths_of(task.input_tokens),
        output_tokens=given_out.distribution() if given_out else lengths_of(task.output_tokens),
        max_output_tokens=stream.max_output_tokens or task.max_output_tokens,
        difficulty_mean=difficulty.mean if difficulty else task.difficulty_mean,
        difficulty_sd=difficulty.sd if difficulty else task.difficulty_sd,
        limits_s=limits_of(stream, task),
    )


def lengths_of(lengths: Lengths) -> Distribution:
    """The distribution behind a catalog's lengths."""
    if lengths.fixed is not None:
        return Fixed(float(lengths.fixed))
    if lengths.median is not None and lengths.p95 is not None:
        return LogNormal.from_p95(lengths.median, lengths.p95)
    points = sorted((lengths.quantiles or {}).items())
    return Empirical(tuple(p for p, _ in points), tuple(value for _, value in points))


def limits_of(stream: Stream, task: Task) -> dict[str, float]:
    """Objectives: all of the stream's own where it states any or may wait, else the task's."""
    own, usual = stream.slo, task.slo
    if own is None and stream.deferrable:
        return dict.fromkeys(("ttft_s", "tpot_s", "e2e_s"), float("nan"))
    found = (
        {"ttft_s": own.ttft, "tpot_s": own.tpot, "e2e_s": own.e2e}
        if own is not None
        else {"ttft_s": usual.ttft_s, "tpot_s": usual.tpot_s, "e2e_s": usual.e2e_s}
    )
    return {name: float("nan") if limit is None else limit for name, limit in found.items()}
