"""Requests, attempts and tokens, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from router.steps import AttemptKind
from simulator.kernel.codes import REASON_NAMES, Ending
from simulator.report.figures import Better, Format, block, figure
from simulator.report.metrics import ARRIVALS, ATTEMPTS, REQUESTS, TOKENS
from simulator.world.journal import STATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.accounting.run import RunAccounts, RunSelection

COUNT = Format.COUNT
REASON = "wayfare_attempts_total has the ending; the reason is in attempts.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    """Requests by how they ended; fractions are means over replications."""

    arrived: float = figure("Requests that arrived in the window.", COUNT, metric=ARRIVALS)
    completed: float = figure(
        "Answered in full.", COUNT, better=Better.MORE, interval=True, metric=REQUESTS, part="completed"
    )
    rejected: float = figure(
        "Turned away by the router.",
        COUNT,
        better=Better.LESS,
        interval=True,
        metric=REQUESTS,
        part="rejected",
    )
    timed_out: float = figure(
        "Given up by their clients.",
        COUNT,
        better=Better.LESS,
        interval=True,
        metric=REQUESTS,
        part="timed_out",
    )
    failed: float = figure(
        "Failed for good.", COUNT, better=Better.LESS, interval=True, metric=REQUESTS, part="failed"
    )
    unfinished: float = figure("Under way when the run ended.", COUNT, metric=REQUESTS, part="unfinished")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCounts:
    """Failed attempts by reason."""

    queue_full: float = figure("The queue had no place.", COUNT, no_metric=REASON)
    too_large: float = figure("No replica has the KV room.", COUNT, no_metric=REASON)
    rate_limit: float = figure("Over the provider's limits (429).", COUNT, no_metric=REASON)
    overloaded: float = figure("The provider was overloaded (529).", COUNT, no_metric=REASON)
    server_error: float = figure("An error of the server (500).", COUNT, no_metric=REASON)
    outage: float = figure("The place was down.", COUNT, no_metric=REASON)
    context_length: float = figure("Beyond the model's context window.", COUNT, no_metric=REASON)
    connection: float = figure("The connection broke.", COUNT, no_metric=REASON)
    timeout: float = figure("Under way when the client hung up.", COUNT, no_metric=REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCounts:
    """Attempts by kind."""

    total: float = figure("All attempts.", COUNT, metric=ATTEMPTS)
    retries: float = figure("Again at the same target.", COUNT, metric=ATTEMPTS, part="retry")
    fallbacks: float = figure("At another target after a failure.", COUNT, metric=ATTEMPTS, part="fallback")
    escalations: float = figure(
        "At a stronger target after an answer was not accepted.", COUNT, metric=ATTEMPTS, part="escalation"
    )
    hedges: float = figure("Beside an attempt that is slow.", COUNT, metric=ATTEMPTS, part="hedge")
    cancelled: float = figure("Given up while under way.", COUNT, metric=ATTEMPTS, part="cancelled")
    failures: FailureCounts = block("Failed ones by reason.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAttempts:
    """Attempts of one row of a breakdown."""

    total: float = figure("All attempts.", COUNT, metric=ATTEMPTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Tokens by kind."""

    input: float = figure("Prompt tokens processed.", COUNT, metric=TOKENS, part="input")
    cached_input: float = figure("Of them from a cache.", COUNT, metric=TOKENS, part="cached_input")
    cache_write: float = figure("Of them written to a cache.", COUNT, metric=TOKENS, part="cache_write")
    output: float = figure("Tokens generated.", COUNT, metric=TOKENS, part="output")
    reasoning_output: float = figure(
        "Of them hidden reasoning of delivered answers.", COUNT, metric=TOKENS, part="reasoning_output"
    )


def request_counts(run: RunAccounts, part: RunSelection) -> RequestCounts:
    """Requests by the state they ended in."""
    states = np.bincount(run.outcomes.state[part.requests], minlength=len(STATE_NAMES))
    named = {STATE_NAMES[state]: int(states[state]) for state in range(1, len(STATE_NAMES))}
    return RequestCounts(arrived=int(part.requests.sum()), **named)


def attempt_counts(run: RunAccounts, cohort: RunSelection, hung_up_on: Sequence[int]) -> AttemptCounts:
    """Attempts by why they were made, how many were given up, and why the others failed."""
    attempts = run.attempts
    kinds = np.bincount(attempts.kind[cohort.attempts], minlength=len(AttemptKind))
    given_up = attempts.ending[cohort.attempts] == Ending.CANCELLED
    return AttemptCounts(
        total=int(cohort.attempts.sum()),
        retries=int(kinds[AttemptKind.RETRY]),
        fallbacks=int(kinds[AttemptKind.FALLBACK]),
        escalations=int(kinds[AttemptKind.ESCALATION]),
        hedges=int(kinds[AttemptKind.HEDGE]),
        cancelled=int(given_up.sum()),
        failures=failure_counts(run, cohort, hung_up_on),
    )


def failure_counts(run: RunAccounts, cohort: RunSelection, hung_up_on: Sequence[int]) -> FailureCounts:
    """Failed attempts by reason, and as `timeout` those under way when their client hung up."""
    attempts = run.attempts
    failed = cohort.attempts & (attempts.ending == Ending.FAILED)
    counts = np.bincount(attempts.reason[failed], minlength=len(REASON_NAMES))
    late = np.zeros(len(attempts), np.bool_)
    late[hung_up_on] = True
    timeouts = int((late & cohort.attempts & (attempts.ending == Ending.CANCELLED)).sum())
    named = dict(zip(REASON_NAMES[1:], map(int, counts[1:].tolist()), strict=True))
    return FailureCounts(**named, timeout=timeouts)


def row_attempts(part: RunSelection) -> RowAttempts:
    """How many attempts there are."""
    return RowAttempts(total=int(part.attempts.sum()))


def token_counts(run: RunAccounts, part: RunSelection) -> TokenCounts:
    """Tokens processed and generated by all attempts that began work, winners or not."""
    rows = part.attempts & run.processed
    winners = run.outcomes.reasoning_tokens[part.requests]
    return TokenCounts(
        input=int(run.attempts.prompt[rows].sum()),
        cached_input=int(run.attempts.cached[rows].sum()),
        cache_write=int(run.attempts.cache_written[rows].sum()),
        output=int(run.attempts.output[rows].sum()),
        reasoning_output=int(winners.sum()),
    )
