"""What one stream's requests are like: the stream's own words, else its task's catalog entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.distributions import Distribution, Empirical, Fixed, LogNormal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalogs.records import Lengths, Task
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import LengthEffects, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDemand:
    """Lengths in tokens, difficulty in logits, objectives in seconds (nan where unset).

    `output_stated` is whether the stream itself states its answers' lengths, `output_capped` whether
    it states their maximum; `length_effects` which lengths the model that answers changes: those of
    the `task`, `all`, or `none`.
    """

    input_tokens: Distribution
    output_tokens: Distribution
    max_output_tokens: int
    difficulty_mean: float
    difficulty_sd: float
    limits_s: dict[str, float]
    output_stated: bool
    output_capped: bool
    length_effects: LengthEffects

    def exact(self, *, recorded: bool) -> bool:
        """Whether answers have the lengths that were stated, recorded or drawn, whichever model answers."""
        if self.length_effects == "task":
            return self.output_stated or recorded
        return self.length_effects == "none"

    def output_limits(self, answer: NDArray[np.int32]) -> NDArray[np.int32]:
        """What a request with each nominal answer declares as its longest, tokens.

        The task's maximum cuts no length that the stream states; the stream's own does.
        """
        limit = np.full(len(answer), self.max_output_tokens, np.int32)
        return self.with_room(limit, answer) if self.output_stated else limit

    def with_room(self, limit: NDArray[np.int32], answer: NDArray[np.int32]) -> NDArray[np.int32]:
        """Limits with room for the answers, as far as the stream's own maximum goes."""
        kept = np.minimum(answer, self.max_output_tokens) if self.output_capped else answer
        return np.maximum(limit, kept).astype(np.int32)

    def cut(
        self, answer: NDArray[np.int32], limit: NDArray[np.int32], *, recorded: bool
    ) -> NDArray[np.int32]:
        """Nominal answers; where they are exact, not above what is declared as the longest."""
        return np.minimum(answer, limit) if self.exact(recorded=recorded) else answer


def demand_of(scenario: Scenario, stream: Stream) -> StreamDemand:
    """The stream's demand."""
    task = scenario.catalog.task(stream.task)
    given_in, given_out = stream.input_tokens, stream.output_tokens
    difficulty = stream.difficulty
    return StreamDemand(
        input_tokens=given_in.distribution() if given_in else lengths_of(task.input_tokens),
        output_tokens=given_out.distribution() if given_out else lengths_of(task.output_tokens),
        max_output_tokens=stream.max_output_tokens or task.max_output_tokens,
        difficulty_mean=difficulty.mean if difficulty else task.difficulty_mean,
        difficulty_sd=difficulty.sd if difficulty else task.difficulty_sd,
        limits_s=limits_of(stream, task),
        output_stated=given_out is not None,
        output_capped=stream.max_output_tokens is not None,
        length_effects=stream.length_effects,
    )


def draws_task_lengths(stream: Stream) -> bool:
    """Whether models answer the stream as long as they do its task: no length is stated or recorded."""
    played = stream.arrivals.pattern == "trace" and stream.length_effects == "all"
    return stream.output_tokens is None and stream.length_effects != "none" and not played


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
