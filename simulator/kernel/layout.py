"""Fresh arrays for a kernel, from the specs of its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.codes import (
    BATCHING,
    BLOCK_TOKENS,
    COUNTER_COUNT,
    FREE_SLOT,
    HEAP_COUNT,
    LEDGER_COUNT,
    MARGIN,
    NONE,
    PREFIX_FREE,
    SERVERS,
)
from simulator.kernel.machine_code.jit import COMPILED
from simulator.kernel.records import (
    EVENT,
    GROUP,
    LEDGER,
    PREFIX,
    QUEUE,
    REPEATED,
    SEGMENT,
    SLOT,
    TIMER,
    State,
)
from simulator.kernel.spec import (
    BatchingSpec,
    DecodePool,
    GroupSpec,
    RateLimits,
    Repeats,
    ServersSpec,
    StepCost,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Records = NDArray[np.void]

FIRST_SLOT_COUNT = 1024
LEDGER_ROWS = 65_536
GAIN_STEPS = 65_536
"""Steps among which the tokens kept of drafts are counted in whole numbers."""
HOST = ("request_s", "token_s", "answer_token_s", "output_s", "output_steps")
NOT_COPIED = ("ledger", "asked", "segments")
LINKS = (
    "wait_head",
    "wait_tail",
    "run_head",
    "run_tail",
    "prefill_head",
    "prefill_tail",
    "moving_head",
    "preparing_head",
    "preparing_tail",
    "cache_oldest",
    "cache_newest",
)


def records(count: int, dtype: np.dtype[np.void]) -> Records:
    """Zeroed rows; as a record array, with attribute access, when the kernel runs uncompiled."""
    zeros = np.zeros(count, dtype)
    return zeros if COMPILED else zeros.view(np.recarray)


def fresh_state(groups: Sequence[GroupSpec], repeats: Repeats | None = None) -> State:
    """The arrays of an empty kernel, at time 0; without `repeats` no cache ever finds anything."""
    queues = records(sum(group.queue_count for group in groups), QUEUE)
    group_rows = records(len(groups) + sum(group.decode is not None for group in groups), GROUP)
    first, pool = 0, len(groups)
    for number, group in enumerate(groups):
        fill_group(group_rows, number, group, first)
        fill_queues(queues[first : first + group.count], number, group.queues)
        if group.decode is not None:
            fill_decode_pool(group_rows, queues, (number, pool), group.decode)
            pool += 1
        first += group.queue_count
    if repeats is None or not (len(repeats.key) or (repeats.history >= 0).any()):
        queues["caches"] = 0
    return assemble(queues, group_rows, repeats)


def assemble(queues: Records, groups: Records, repeats: Repeats | None) -> State:
    """The whole state around filled queues and groups."""
    batching = queues["kind"] == BATCHING
    seats = np.where(batching, queues["capacity"], 0)
    queues["heap_at"] = np.cumsum(seats) - seats
    heap = np.flatnonzero(batching).astype(np.int64)
    queues["position"] = NONE
    queues["position"][heap] = np.arange(len(heap))
    margin = 2 * int(queues["capacity"][batching].max(initial=0)) + int(batching.sum() > 0) + 64
    counters = np.zeros(COUNTER_COUNT, np.int64)
    counters[MARGIN] = margin
    counters[HEAP_COUNT] = len(heap)
    counters[FREE_SLOT] = NONE
    counters[PREFIX_FREE] = NONE
    prefixes, buckets = caches(queues)
    asked, segments = repeat_rows(repeats)
    slots = records(0, SLOT)
    state = State(
        queues=queues,
        groups=groups,
        slots=slots,
        timers=records(4 * margin, TIMER),
        outbox=records(margin, EVENT),
        ledger=records(max(LEDGER_ROWS, 4 * margin), LEDGER),
        heap=heap,
        clocks=np.zeros(int(seats.sum()), np.int64),
        members=np.zeros(int(seats.sum()), np.int64),
        counters=counters,
        prefixes=prefixes,
        buckets=buckets,
        asked=asked,
        segments=segments,
    )
    return with_more_slots(state, FIRST_SLOT_COUNT)


def caches(queues: Records) -> tuple[Records, NDArray[np.int64]]:
    """Room for all entries that the queues' caches can hold, none of fewer than 16 tokens."""
    caching = queues["caches"] == 1
    count = int((queues["kv_room"][caching] // BLOCK_TOKENS + 1).sum())
    return records(count, PREFIX), np.zeros(1 << max(count, 1).bit_length(), np.int64)


def repeat_rows(repeats: Repeats | None) -> tuple[Records, Records]:
    """What each request's prompt repeats, and the segments."""
    if repeats is None:
        return records(0, REPEATED), records(0, SEGMENT)
    asked, segments = records(len(repeats.session), REPEATED), records(len(repeats.key), SEGMENT)
    asked["session"] = repeats.session
    asked["carries_history"] = repeats.history >= 0
    asked["history"] = repeats.history
    asked["first_segment"] = repeats.offset[:-1]
    asked["segment_count"] = np.diff(repeats.offset)
    segments["key"] = repeats.key
    segments["tokens"] = repeats.tokens
    return asked, segments


def with_more_slots(state: State, count: int) -> State:
    """The state with `count` more free slots."""
    old = len(state.slots)
    slots = records(old + count, SLOT)
    slots[:old] = state.slots
    slots["next"][old:] = np.arange(old + 1, old + count + 1)
    slots["next"][-1] = state.counters[FREE_SLOT]
    state.counters[FREE_SLOT] = old
    return state._replace(slots=slots)


def with_more_timers(state: State) -> State:
    """The state with twice the room for timers."""
    timers = records(2 * len(state.timers), TIMER)
    timers[: len(state.timers)] = state.timers
    return state._replace(timers=timers)


def with_longer_ledger(state: State, count: int) -> State:
    """The state with an empty ledger of `count` rows; empty the old one first."""
    return state._replace(ledger=records(count, LEDGER))


def detached(state: State) -> State:
    """A copy that lives on its own, with an empty ledger; what a run never changes is shared."""
    copied = {name: array.copy() for name, array in state._asdict().items() if name not in NOT_COPIED}
    copied["counters"][LEDGER_COUNT] = 0
    return state._replace(**copied, ledger=records(len(state.ledger), LEDGER))


def fill_group(rows: Records, number: int, group: GroupSpec, first: int) -> None:
    """Writes one group's row."""
    row = rows[number : number + 1]
    row["first_queue"] = first
    row["queue_count"] = group.count
    row["balancing"] = group.balancing
    row["waiting_room"] = NONE
    row["decode_pool"] = NONE
    room = group.queues.kv_room_tokens if isinstance(group.queues, BatchingSpec) else 0
    row["kv_room"] = room * group.count
    fill_buckets(row, group.limits)


def fill_decode_pool(rows: Records, queues: Records, numbers: tuple[int, int], pool: DecodePool) -> None:
    """Writes the row of a group's decode pool and its queues, and lets the group's own hand over.

    `numbers` are those of the group and of the pool.
    """
    number, place = numbers
    group, row = rows[number : number + 1], rows[place : place + 1]
    first = int(group["first_queue"][0] + group["queue_count"][0])
    group["decode_pool"] = place
    group["kv_room"] += pool.queues.kv_room_tokens * pool.count
    row["first_queue"] = first
    row["queue_count"] = pool.count
    row["balancing"] = group["balancing"]
    row["waiting_room"] = NONE
    row["decode_pool"] = NONE
    senders = queues[group["first_queue"][0] : first]
    senders["hands_over"] = 1
    senders["transfer_s"] = pool.transfer_s
    fill_queues(queues[first : first + pool.count], number, pool.queues)


def fill_buckets(row: Records, limits: RateLimits) -> None:
    """Writes full token buckets; an unlimited one is infinite and needs no refill."""
    rates = {
        "request": limits.requests_per_s,
        "input": limits.input_tokens_per_s,
        "output": limits.output_tokens_per_s,
    }
    for name, rate_per_s in rates.items():
        limited = np.isfinite(rate_per_s)
        row[f"{name}_rate"] = rate_per_s if limited else 0.0
        row[f"{name}_size"] = rate_per_s * limits.burst_s
        row[f"{name}_level"] = rate_per_s * limits.burst_s


def fill_queues(rows: Records, group: int, spec: BatchingSpec | ServersSpec) -> None:
    """Writes the rows of a group's queues."""
    rows["group"] = group
    rows["up"] = 1
    rows["slowdown"] = 1.0
    rows["slowdown_next"] = 1.0
    rows["next_s"] = np.inf
    rows["queue_limit"] = spec.queue_limit
    for name in LINKS:
        rows[name] = NONE
    if isinstance(spec, BatchingSpec):
        fill_batching(rows, spec)
    else:
        rows["kind"] = SERVERS
        rows["capacity"] = spec.servers
        rows["base_j"] = spec.power_w


def fill_batching(rows: Records, spec: BatchingSpec) -> None:
    """Writes the limits and the two cost lanes of batching queues."""
    rows["kind"] = BATCHING
    rows["capacity"] = spec.max_sequences
    rows["token_budget"] = spec.token_budget
    rows["kv_room"] = spec.kv_room_tokens
    rows["width"] = spec.width
    rows["gain_steps"] = 1 if spec.width == 1 else GAIN_STEPS
    rows["gain_tokens"] = 1 if spec.width == 1 else round(spec.progress * GAIN_STEPS)
    rows["caches"] = spec.prefix_cache
    rows["expert_miss"] = spec.expert_miss
    rows["stall_w"] = spec.stall_w
    rows["limit_w"] = spec.power_limit_w
    for name in HOST:
        rows[f"host_{name}"] = getattr(spec.host, name)
    fill_lane(rows, "s", spec.seconds)
    fill_lane(rows, "j", spec.joules)


def fill_lane(rows: Records, lane: str, cost: StepCost) -> None:
    """Writes one cost lane: `s` for seconds, `j` for joules."""
    for name in ("base", "expert", "sequence", "context", "prompt", "attention"):
        rows[f"{name}_{lane}"] = getattr(cost, name)
