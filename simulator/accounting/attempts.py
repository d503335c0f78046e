"""The ledger's attempts as columns, in order of their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.kernel.codes import Ending
from simulator.world.journal import RequestState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.world.journal import Journal
    from simulator.world.plan import RunPlan

MAY_BE_ANSWERED = (RequestState.PENDING, RequestState.COMPLETED)
"""States of requests that the attempt they follow may have answered: the client had not hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Columns of all attempts; row i is attempt number i.

    `ready_s` is arrival at the target, `admitted_s` the start of work, `left_s` its end, when seat and
    room are free again. `first_s` and `finish_s` are when the target answered, which its host may do
    later; the answer reaches the asker `return_s` after that. Where `prefill_queue`
    computed the prompt for `queue` to decode, the context reached that at `delivered_s`. `output` counts
    tokens generated, `cached` prompt tokens that an API or a replica's prefix cache knew already and
    `cache_written` those an API was paid to keep. `over_s` is when an attempt's end was known to its
    caller, or when it was cancelled. `won` marks the attempt whose answer the request got: an
    answer on its way when the client hangs up is not used.
    """

    request: NDArray[np.int64]
    target: NDArray[np.int32]
    queue: NDArray[np.int32]
    prefill_queue: NDArray[np.int32]
    kind: NDArray[np.int8]
    ending: NDArray[np.int8]
    reason: NDArray[np.int8]
    prompt: NDArray[np.int32]
    output: NDArray[np.int32]
    cached: NDArray[np.int32]
    cache_written: NDArray[np.int32]
    prefilled: NDArray[np.int32]
    recomputed: NDArray[np.int32]
    submitted_s: NDArray[np.float64]
    ready_s: NDArray[np.float64]
    admitted_s: NDArray[np.float64]
    first_s: NDArray[np.float64]
    delivered_s: NDArray[np.float64]
    left_s: NDArray[np.float64]
    finish_s: NDArray[np.float64]
    return_s: NDArray[np.float64]
    busy_s: NDArray[np.float64]
    energy_j: NDArray[np.float64]
    wasted_s: NDArray[np.float64]
    wasted_j: NDArray[np.float64]
    over_s: NDArray[np.float64]
    won: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of attempts."""
        return len(self.request)

    @property
    def completed(self) -> NDArray[np.bool_]:
        """Which attempts ran to their last token."""
        return self.ending == Ending.COMPLETED

    @property
    def wasted(self) -> NDArray[np.bool_]:
        """Which attempts' work was not used."""
        return ~self.won


def attempt_columns(rows: NDArray[np.void], journal: Journal, plan: RunPlan) -> Attempts:
    """The ledger's rows, ordered by attempt number, as columns beside what the journal knows."""
    number = rows["number"]
    won = journal.winner[rows["request"]] == number
    won &= (rows["ending"] == Ending.COMPLETED) & np.isin(journal.state[rows["request"]], MAY_BE_ANSWERED)
    names = [
        "queue",
        "prefill_queue",
        "ending",
        "reason",
        "output",
        "prefilled",
        "recomputed",
        "submitted_s",
        "ready_s",
        "admitted_s",
        "delivered_s",
        "return_s",
        "busy_s",
        "energy_j",
        "wasted_s",
        "wasted_j",
        "request",
    ]
    columns: dict[str, NDArray[Any]] = {name: np.ascontiguousarray(rows[name]) for name in names}
    kind = np.frombuffer(bytes(journal.attempt_kinds), np.int8)[number]
    columns |= token_columns(rows, journal, plan)
    columns |= answer_times(rows)
    columns["over_s"] = over_s(rows, columns["finish_s"], journal)
    return Attempts(**columns, kind=kind, target=np.ascontiguousarray(rows["group"]), won=won)


def answer_times(rows: NDArray[np.void]) -> dict[str, NDArray[np.float64]]:
    """When each attempt left its target's engine, and when the target answered: `lag_s` later.

    A first token that had not left the target when its attempt ended otherwise was never sent.
    """
    left_s, lag_s = np.ascontiguousarray(rows["finish_s"]), rows["lag_s"]
    first_s, finish_s = np.ascontiguousarray(rows["first_s"]), left_s
    if lag_s.any():
        completed = rows["ending"] == Ending.COMPLETED
        first_s, finish_s = first_s + lag_s, np.where(completed, left_s + lag_s, left_s)
        first_s[(lag_s > 0.0) & (first_s > finish_s)] = np.nan
    return {"left_s": left_s, "first_s": first_s, "finish_s": finish_s}


def over_s(rows: NDArray[np.void], finish_s: NDArray[np.float64], journal: Journal) -> NDArray[np.float64]:
    """When the caller of each attempt knew its end, or cancelled it: possibly a step before it stops."""
    heard = np.isin(rows["ending"], (Ending.COMPLETED, Ending.FAILED))
    found = np.where(heard, finish_s + rows["return_s"], finish_s)
    given_up = np.array(list(journal.given_up_s), np.int64)
    found[given_up] = np.minimum(found[given_up], list(journal.given_up_s.values()))
    return found


def token_columns(rows: NDArray[np.void], journal: Journal, plan: RunPlan) -> dict[str, NDArray[np.int32]]:
    """Prompt tokens, and those that were cached or written; APIs' ledger rows hold counted tokens only.

    An explicit cache is written with what it does not hold yet, by clients whose prompts repeat
    their history. What never began is neither cached nor written.
    """
    request, target = rows["request"], rows["group"]
    rules = [entry.metering for entry in plan.target_plans]
    metered = np.array([rule is not None for rule in rules])[target]
    prompt = np.where(metered, plan.workload.input_token_count[request], rows["prompt"]).astype(np.int32)
    began = ~np.isnan(rows["admitted_s"])
    cached = np.where(began, cached_tokens(rows["number"], journal) + rows["cached"], 0).astype(np.int32)
    least = np.array([rule.minimum_tokens if rule and rule.explicit else 0 for rule in rules])[target]
    written = began & (least > 0) & (prompt >= least) & plan.repeats_prefix[request]
    return {"prompt": prompt, "cached": cached, "cache_written": np.where(written, prompt - cached, 0)}


def cached_tokens(number: NDArray[np.int64], journal: Journal) -> NDArray[np.int64]:
    """What APIs took from their caches, by attempt number; numbers ascend without gaps."""
    found = np.zeros(len(number), np.int64)
    held = journal.cached_token_count
    found[list(held)] = list(held.values())
    return found


def work_began_s(attempts: Attempts) -> NDArray[np.float64]:
    """When each attempt's work began; for those without any, when they ended."""
    return np.where(np.isnan(attempts.admitted_s), attempts.finish_s, attempts.admitted_s)
