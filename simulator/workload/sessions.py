"""Conversations and agent tasks: requests that follow one another, with growing prompts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.distributions import whole_draws
from simulator.workload.requests import MOST_TOKENS, token_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.distributions import Distribution
    from simulator.settings.streams import Stream
    from simulator.streams import RandomStreams
    from simulator.workload.demand import StreamDemand
    from simulator.workload.requests import Requests

MOST_TURNS = 1_000
NO_HISTORY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps:
    """How a stream's requests follow one another: turns of a conversation, or calls of an agent.

    `added_tokens` come new into every later prompt, which with `history` carries all before it.
    """

    turns: Distribution
    pause_s: Distribution
    added_tokens: Distribution
    history: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnColumns:
    """All turns of a stream: first turns in their order, then all second turns, and so on.

    `opening` is the row (among the first turns) that a turn's session began with, `next_turn`
    the row of the turn after it (-1 at the end), `think_s` the thought, or the tool's time, before it.
    `history_token_count` of the prompt's tokens repeat earlier turns; -1 where prompts carry none.
    """

    opening: NDArray[np.int64]
    turn: NDArray[np.int16]
    next_turn: NDArray[np.int64]
    think_s: NDArray[np.float64]
    input_token_count: NDArray[np.int32]
    output_token_count: NDArray[np.int32]
    history_token_count: NDArray[np.int32]


def follow_ups(stream: Stream, demand: StreamDemand) -> FollowUps | None:
    """What follows each of the stream's requests; None where nothing does."""
    session, agent = stream.session, stream.agent
    if session is not None:
        return FollowUps(
            turns=session.turns.distribution(),
            pause_s=session.think_time.distribution(),
            added_tokens=demand.input_tokens,
            history=session.history,
        )
    if agent is None:
        return None
    return FollowUps(
        turns=agent.calls.distribution(),
        pause_s=agent.tool_time.distribution(),
        added_tokens=agent.tool_output_tokens.distribution(),
        history=True,
    )


def single_turns(requests: Requests) -> TurnColumns:
    """A stream without conversations: every request is its only turn."""
    count = len(requests.arrival_s)
    return TurnColumns(
        opening=np.arange(count),
        turn=np.zeros(count, np.int16),
        next_turn=np.full(count, -1, np.int64),
        think_s=np.zeros(count),
        input_token_count=requests.input_token_count,
        output_token_count=requests.output_token_count,
        history_token_count=recorded_history(requests)
        if requests.carries_history
        else np.full(count, NO_HISTORY, np.int32),
    )


def recorded_history(requests: Requests) -> NDArray[np.int32]:
    """How many tokens of each recorded prompt repeat the one before it in its session; -1 outside sessions.

    A prompt that is shorter than the one before it has begun anew: it repeats nothing.
    """
    session, prompt = requests.recorded_session, requests.input_token_count
    order = np.argsort(session, kind="stable")
    before = np.concatenate([[0], prompt[order[:-1]]])[: len(order)]
    same = np.concatenate([[False], session[order[1:]] == session[order[:-1]]])[: len(order)]
    history = np.empty(len(order), np.int32)
    history[order] = np.where(same & (prompt[order] >= before), before, 0)
    return np.where(session < 0, NO_HISTORY, history).astype(np.int32)


def following_turns(
    requests: Requests, follow_ups: FollowUps, demand: StreamDemand, streams: RandomStreams, stream: str
) -> TurnColumns:
    """The turns of a stream of sessions or tasks; draws are made turn by turn over all of them."""
    count = len(requests.arrival_s)
    turns = turn_counts(follow_ups, streams["turns", stream], count)
    opening = np.concatenate([np.flatnonzero(turns > k) for k in range(int(turns.max(initial=1)))])
    turn = np.concatenate(
        [np.full(int((turns > k).sum()), k, np.int16) for k in range(int(turns.max(initial=1)))]
    )
    new_tokens, answer = turn_lengths(requests, follow_ups, demand, streams, stream, len(opening))
    prompt = with_history(opening, turn, new_tokens, answer) if follow_ups.history else new_tokens
    think_s = follow_ups.pause_s.sample(streams["think time", stream], len(opening))
    return TurnColumns(
        opening=opening,
        turn=turn,
        next_turn=following(opening, turn),
        think_s=np.where(turn > 0, think_s, 0.0),
        input_token_count=prompt,
        output_token_count=answer,
        history_token_count=prompt - new_tokens
        if follow_ups.history
        else np.full(len(new_tokens), NO_HISTORY, np.int32),
    )


def turn_counts(follow_ups: FollowUps, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Turns of each session, at least one."""
    return np.clip(whole_draws(follow_ups.turns, rng, count), 1, MOST_TURNS).astype(np.int64)


def turn_lengths(
    requests: Requests,
    follow_ups: FollowUps,
    demand: StreamDemand,
    streams: RandomStreams,
    stream: str,
    count: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What is newly said and answered in each turn; first turns keep theirs."""
    first = len(requests.arrival_s)
    new_tokens = whole_draws(follow_ups.added_tokens, streams["later input tokens", stream], count - first)
    drawn = whole_draws(demand.output_tokens, streams["later output tokens", stream], count - first)
    answer = token_counts(drawn)
    kept = demand.cut(answer, demand.output_limits(answer), recorded=False)
    return (
        np.concatenate([requests.input_token_count, token_counts(new_tokens)]),
        np.concatenate([requests.output_token_count, kept]),
    )


def with_history(
    opening: NDArray[np.int64],
    turn: NDArray[np.int16],
    new_tokens: NDArray[np.int32],
    answer: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Prompts that carry everything said and (nominally) answered before in the session."""
    order = np.lexsort((turn, opening))
    both = (new_tokens.astype(np.int64) + answer)[order]
    before = np.cumsum(both) - both
    first = turn[order] == 0
    base = np.maximum.accumulate(np.where(first, before, 0))
    prompt = np.empty(len(new_tokens), np.int64)
    prompt[order] = before - base + new_tokens[order]
    return np.minimum(prompt, MOST_TOKENS).astype(np.int32)


def following(opening: NDArray[np.int64], turn: NDArray[np.int16]) -> NDArray[np.int64]:
    """The row of each turn's next turn, -1 after the last."""
    order = np.lexsort((turn, opening))
    after = np.full(len(order), -1, np.int64)
    same = opening[order[:-1]] == opening[order[1:]]
    after[order[:-1][same]] = order[1:][same]
    return after
