"""How attempts end: the ledger row, the notice to whoever waits for it, the slot's reuse."""

from __future__ import annotations

import math

from simulator.kernel.codes import (
    FREE,
    FREE_SLOT,
    LEDGER_COUNT,
    MOVING,
    NOTICE_DONE,
    NOTICE_FAILED,
    NOTICE_FIRST,
    OUTBOX_COUNT,
    RETURNING,
    Ending,
)
from simulator.kernel.compiled.heaps import push_timer
from simulator.kernel.machine_code.jit import compiled

COMPLETED = int(Ending.COMPLETED)
FAILED = int(Ending.FAILED)
FIRST_TOKEN_EVENT = 1
COMPLETED_EVENT = 2
FAILED_EVENT = 4
DELIVERED_EVENTS = FIRST_TOKEN_EVENT | COMPLETED_EVENT


@compiled
def handle_of(k, slot):
    """The attempt's handle: slot and generation in one number, so that a stale one is known."""
    return (k.slots[slot].generation << 32) | slot


@compiled
def post(k, slot, now_s, kind):
    """Puts an event into the outbox."""
    place = k.counters[OUTBOX_COUNT]
    k.counters[OUTBOX_COUNT] = place + 1
    event = k.outbox[place]
    event.at_s = now_s
    event.handle = handle_of(k, slot)
    event.kind = kind
    event.reason = k.slots[slot].reason
    event.retry_after_s = k.slots[slot].retry_after_s
    event.first_token_seen = 1 if first_token_left(k.slots[slot], now_s) else 0


@compiled
def first_token_left(entry, now_s):
    """Whether the first token has reached the asker by `now_s`; one computed may not have left yet."""
    if entry.lag_s == 0.0:
        return not math.isnan(entry.first_s)
    return entry.first_s + entry.lag_s + entry.return_s <= now_s


@compiled
def notify_first(k, slot, now_s):
    """Announces the first token, after it has left the server and its way back, to whoever asked for it."""
    if k.slots[slot].notify & FIRST_TOKEN_EVENT and not k.slots[slot].stop:
        push_timer(k, now_s + k.slots[slot].lag_s + k.slots[slot].return_s, slot, NOTICE_FIRST)


@compiled
def end_attempt(k, slot, now_s, ending):
    """Writes the ledger row; frees the slot now, or when the awaited notice has been given.

    An answer leaves the server `lag_s` later; failures and the ledger's instants are the engine's.
    """
    entry = k.slots[slot]
    entry.finish_s = now_s
    entry.ending = ending
    count_out(k, slot)
    write_row(k, slot)
    if ending == COMPLETED and entry.notify & DELIVERED_EVENTS and not entry.stop:
        entry.state = RETURNING
        push_timer(k, now_s + entry.lag_s + entry.return_s, slot, NOTICE_DONE)
    elif ending == FAILED and not entry.stop:
        entry.state = RETURNING
        push_timer(k, now_s + entry.return_s, slot, NOTICE_FAILED)
    else:
        free_slot(k, slot)


@compiled
def count_out(k, slot):
    """Takes the attempt out of the outstanding counts."""
    entry = k.slots[slot]
    k.groups[entry.group].outstanding -= 1
    if entry.queue >= 0:
        k.queues[entry.queue].outstanding -= 1
    if entry.state == MOVING:
        k.queues[entry.prefill_queue].outstanding -= 1


@compiled
def free_slot(k, slot):
    """Returns the slot for reuse; handles to it turn stale."""
    entry = k.slots[slot]
    entry.state = FREE
    entry.generation += 1
    entry.next = k.counters[FREE_SLOT]
    k.counters[FREE_SLOT] = slot


@compiled
def write_row(k, slot):
    """Copies what happened into the next ledger row."""
    place = k.counters[LEDGER_COUNT]
    k.counters[LEDGER_COUNT] = place + 1
    row = k.ledger[place]
    entry = k.slots[slot]
    row.number = entry.number
    row.request = entry.request
    row.group = entry.group
    row.queue = entry.queue
    row.prefill_queue = entry.prefill_queue
    row.ending = entry.ending
    row.reason = entry.reason
    row.priority = entry.priority
    row.prompt = entry.prompt
    row.output = entry.generated
    row.prefilled = entry.prefilled
    row.recomputed = entry.recomputed
    row.cached = entry.cached
    row.submitted_s = entry.submitted_s
    row.ready_s = entry.ready_s
    row.admitted_s = entry.admitted_s
    row.first_s = entry.first_s
    row.delivered_s = entry.delivered_s
    row.finish_s = entry.finish_s
    row.return_s = entry.return_s
    row.lag_s = entry.lag_s
    row.busy_s = entry.busy_s
    row.energy_j = entry.energy_j
    row.wasted_s = entry.wasted_s
    row.wasted_j = entry.wasted_j


@compiled
def tokens_served(entry, now_s):
    """Tokens a single-stream server has produced by `now_s`: evenly between first and last."""
    elapsed = now_s - entry.admitted_s
    if math.isnan(elapsed) or elapsed < entry.first_delay_s:
        return 0
    if entry.output == 1 or entry.duration_s <= entry.first_delay_s:
        return entry.output
    gap_s = (entry.duration_s - entry.first_delay_s) / (entry.output - 1)
    return min(entry.output, 1 + int((elapsed - entry.first_delay_s) / gap_s))
