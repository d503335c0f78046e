"""What switching cost: prompt tokens that the target of a session's turn before would have had cached.

Definitions: docs/methodology/api.md, "What switching costs".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.accounting.run import RunAccounts
    from simulator.world.plan import Metering, RunPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTurn:
    """An answered turn of a session, by the attempt that answered it.

    `sent_s` is when its target counted the prompt, `kept_s` from when on the target's cache may hold it.
    """

    row: int
    session: int
    attempt: int
    target: int
    prompt_tokens: int
    history_tokens: int
    sent_s: float
    kept_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A turn that another deployment answered than the one before it: what was missed there, at what cost."""

    row: int
    tokens: int
    usd: float


@dataclass(slots=True)
class SessionPast:
    """A session so far: who answered last, and the prompts that each target has answered."""

    last: int = -1
    prompts: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    def held(self, target: int, at_s: float, lifetime_s: float) -> int:
        """Tokens of the latest prompt that the target holds at an instant; 0 once its lifetime is over."""
        kept_s, prompt = max((one for one in self.prompts[target] if one[0] <= at_s), default=(-np.inf, 0))
        return prompt if at_s - kept_s <= lifetime_s else 0


def session_turns(plan: RunPlan, run: RunAccounts) -> Iterator[SessionTurn]:
    """Answered turns whose prompts carry their session's history, in order of arrival."""
    load, outcomes, attempts = plan.workload, run.outcomes, run.attempts
    carries = (load.session >= 0) & (load.history_token_count >= 0)
    rows = np.flatnonzero(outcomes.completed & carries[outcomes.request])
    for row in rows[np.argsort(outcomes.arrival_s[rows], kind="stable")].tolist():
        request, attempt = outcomes.request.item(row), outcomes.winner.item(row)
        target, sent_s = attempts.target.item(attempt), attempts.ready_s.item(attempt)
        rules = plan.target_plans[target].metering
        at_once = rules is not None and rules.kept_when_sent
        yield SessionTurn(
            row=row,
            session=load.session.item(request),
            attempt=attempt,
            target=target,
            prompt_tokens=load.input_token_count.item(request),
            history_tokens=load.history_token_count.item(request),
            sent_s=sent_s,
            kept_s=sent_s if at_once else outcomes.final_s.item(row),
        )


def switches(plan: RunPlan, run: RunAccounts) -> Iterator[Switch]:
    """Every turn that went to another deployment than its session's last answered one."""
    pasts: dict[int, SessionPast] = defaultdict(SessionPast)
    names = [term.deployment for term in run.terms]
    for turn in session_turns(plan, run):
        past = pasts[turn.session]
        if past.last >= 0 and names[past.last] != names[turn.target]:
            yield switch_of(plan, run, turn, past)
        past.last = turn.target
        past.prompts[turn.target].append((turn.kept_s, turn.prompt_tokens))


def switch_of(plan: RunPlan, run: RunAccounts, turn: SessionTurn, past: SessionPast) -> Switch:
    """What the turn missed: what the last target would have had cached, less what its own had."""
    rules = plan.target_plans[past.last].metering
    missed = would_be_cached(rules, turn, past) - run.attempts.cached.item(turn.attempt)
    tokens = max(missed, 0)
    dearer_usd = paid_usd_per_token(run, turn) - read_usd_per_token(run, turn, past.last) if tokens else 0.0
    return Switch(row=turn.row, tokens=tokens, usd=tokens * dearer_usd)


def would_be_cached(rules: Metering | None, turn: SessionTurn, past: SessionPast) -> int:
    """Tokens that the last target's cache would have given: whole steps, from the minimum on, in time."""
    if rules is None or not rules.lifetime_s:
        return 0
    if any(begin <= turn.sent_s < end for begin, end in rules.uncached_s):
        return 0
    held = past.held(past.last, turn.sent_s, rules.lifetime_s)
    whole = min(held, turn.history_tokens, turn.prompt_tokens) // rules.step_tokens * rules.step_tokens
    return whole if whole >= rules.minimum_tokens else 0


def read_usd_per_token(run: RunAccounts, turn: SessionTurn, target: int) -> float:
    """What a cached token of the turn would have cost at a target; 0 where tokens have no price."""
    rates = run.terms[target].rates
    if rates is None:
        return 0.0
    place, factor = priced(run, turn, target)
    return factor * rates.cached_input_usd.item(place)


def paid_usd_per_token(run: RunAccounts, turn: SessionTurn) -> float:
    """What a prompt token that was not cached cost the turn, on the average: fresh ones and written ones."""
    rates = run.terms[turn.target].rates
    if rates is None:
        return 0.0
    place, factor = priced(run, turn, turn.target)
    written = run.attempts.cache_written.item(turn.attempt)
    uncached = turn.prompt_tokens - run.attempts.cached.item(turn.attempt)
    fresh_usd = (uncached - written) * rates.input_usd.item(place)
    return factor * (fresh_usd + written * rates.cache_write_usd.item(place)) / uncached


def priced(run: RunAccounts, turn: SessionTurn, target: int) -> tuple[int, float]:
    """The row of a target's prices when the turn was admitted, and the factor on its prompt's length."""
    rates = run.terms[target].rates
    assert rates is not None  # noqa: S101  (its callers have seen to it)
    admitted_s = run.attempts.admitted_s.item(turn.attempt)
    place = max(int(np.searchsorted(rates.from_s, admitted_s, side="right")) - 1, 0)
    long = turn.prompt_tokens > rates.long_prompt_tokens.item(place)
    return place, rates.long_input_factor.item(place) if long else 1.0
