"""The kernel's verbs: submit, cancel, fail, advance. The state is one namedtuple of arrays."""

from __future__ import annotations

import math

from simulator.kernel.codes import (
    ALREADY_FINAL,
    ARRIVE,
    BATCHING,
    DECODE,
    DELIVERY,
    FREE,
    FREE_SLOT,
    HEAP_COUNT,
    LEDGER_COUNT,
    MARGIN,
    MOVING,
    NEXT_NUMBER,
    NO_ROOM,
    NO_SLOT,
    NONE,
    NOTICE_DONE,
    NOTICE_FIRST,
    OUTBOX_COUNT,
    PREFILL,
    PREPARED,
    PREPARING,
    REMOVED,
    RETURNING,
    SERVER_DONE,
    SERVER_FIRST,
    SERVING,
    STOPS_AT_BOUNDARY,
    TIMER_COUNT,
    TRAVELLING,
    WAITING,
    Ending,
    Reason,
)
from simulator.kernel.compiled import servers
from simulator.kernel.compiled.balancing import choose_queue
from simulator.kernel.compiled.batch import batching, deliveries, host
from simulator.kernel.compiled.endings import (
    COMPLETED_EVENT,
    FAILED_EVENT,
    FIRST_TOKEN_EVENT,
    end_attempt,
    free_slot,
    handle_of,
    post,
)
from simulator.kernel.compiled.heaps import pop_timer, push_timer
from simulator.kernel.compiled.limits import take
from simulator.kernel.compiled.lists import remove_waiting
from simulator.kernel.machine_code.jit import compiled

CANCELLED = int(Ending.CANCELLED)
COMPLETED = int(Ending.COMPLETED)
FAILED = int(Ending.FAILED)
QUEUE_FULL = int(Reason.QUEUE_FULL)
TOO_LARGE = int(Reason.TOO_LARGE)
RATE_LIMIT = int(Reason.RATE_LIMIT)
OVERLOADED = int(Reason.OVERLOADED)
OUTAGE = int(Reason.OUTAGE)


@compiled
def blank(entry):
    """Resets a slot's record for a new attempt."""
    entry.stop = 0
    entry.generated = 0
    entry.computed = 0
    entry.chunk = 0
    entry.prefilled = 0
    entry.lost = 0
    entry.recomputed = 0
    entry.cached = 0
    entry.held = 0
    entry.shared = 0
    entry.busy_s = 0.0
    entry.energy_j = 0.0
    entry.wasted_s = 0.0
    entry.wasted_j = 0.0
    entry.ending = 0
    entry.reason = 0
    entry.queue = NONE
    entry.prefill_queue = NONE
    entry.admitted_s = math.nan
    entry.first_s = math.nan
    entry.delivered_s = math.nan
    entry.retry_after_s = math.nan
    entry.lag_s = 0.0


@compiled
def taken(k, slot):
    """The free slot as a new attempt's, numbered and under way, all else blank."""
    entry = k.slots[slot]
    k.counters[FREE_SLOT] = entry.next
    blank(entry)
    entry.state = TRAVELLING
    entry.number = k.counters[NEXT_NUMBER]
    k.counters[NEXT_NUMBER] += 1
    return entry


@compiled
def submit(
    k,
    group,
    queue,
    request,
    prompt,
    output,
    now_s,
    ready_s,
    return_s,
    first_delay_s,
    duration_s,
    priority,
    notify,
    reason,
    chance,
):
    """Sends an attempt on its way to a group of queues; returns its handle, or NO_SLOT.

    `queue` names the one queue it must stand in, or NONE to let the group balance. It arrives at
    `ready_s`. Servers take `duration_s`, the first token after `first_delay_s`. A `reason` other
    than 0 is a failure drawn beforehand: the attempt fails with it on arrival. `chance` is a whole
    number drawn for it, which balancing at random goes by; NONE lets it go by the attempt's number.
    NO_SLOT asks for more slots or timers.
    """
    slot = k.counters[FREE_SLOT]
    if slot == NONE or short_of_timers(k):
        return NO_SLOT
    entry = taken(k, slot)
    entry.request = request
    entry.group = group
    entry.queue = queue
    entry.prompt = prompt
    entry.prefill_target = prompt
    entry.output = output
    entry.submitted_s = now_s
    entry.ready_s = max(ready_s, now_s)
    entry.return_s = return_s
    entry.first_delay_s = first_delay_s
    entry.duration_s = duration_s
    entry.priority = priority
    entry.notify = notify
    entry.reason = reason
    entry.chance = entry.number if chance == NONE else chance
    k.groups[group].outstanding += 1
    if queue != NONE:
        k.queues[queue].outstanding += 1
    push_timer(k, entry.ready_s, slot, ARRIVE)
    return handle_of(k, slot)


@compiled
def is_too_large(k, queue, entry):
    """Whether the prompt or the whole answer would never fit, here or where it will be decoded."""
    pool = k.groups[queue.group].decode_pool
    if pool != NONE:
        if entry.prompt > queue.kv_room:
            return True
        queue = k.queues[k.groups[pool].first_queue]
    return entry.prompt + entry.output - 1 > queue.kv_room - queue.width + 1


@compiled
def refusal(k, slot, now_s):
    """Why the attempt cannot stand in its queue: a reason code, or 0."""
    entry = k.slots[slot]
    queue = k.queues[entry.queue]
    if not queue.up and entry.queue != k.groups[entry.group].waiting_room:
        return OUTAGE
    if queue.kind == BATCHING and is_too_large(k, queue, entry):
        return TOO_LARGE
    places = queue.capacity + queue.queue_limit
    if queue.queue_limit >= 0 and queue.running + queue.waiting + queue.preparing >= places:
        return OVERLOADED if queue.queue_limit == 0 else QUEUE_FULL
    wait_s = take(k.groups[entry.group], now_s, entry.prompt, entry.output)
    if wait_s > 0.0:
        entry.retry_after_s = wait_s
        return RATE_LIMIT
    return 0


@compiled
def arrive(k, slot, now_s):
    """Brings an attempt to its group: it is refused, fails as drawn, or is taken in by a queue."""
    entry = k.slots[slot]
    if entry.queue == NONE:
        entry.queue = choose_queue(k, k.groups[entry.group], entry.chance, entry.request)
        if entry.queue != NONE:
            k.queues[entry.queue].outstanding += 1
    if entry.queue == NONE:
        entry.reason = OUTAGE
    elif entry.reason == 0:
        entry.reason = refusal(k, slot, now_s)
    if entry.reason != 0:
        end_attempt(k, slot, now_s, FAILED)
    elif k.queues[entry.queue].kind == BATCHING:
        host.receive(k, entry.queue, slot, now_s)
    else:
        servers.serve_or_queue(k, entry.queue, slot, now_s)


@compiled
def fire(k, slot, kind, now_s):
    """Does what a timer announces."""
    if kind == ARRIVE:
        arrive(k, slot, now_s)
    elif kind == DELIVERY:
        deliveries.deliver(k, slot, now_s)
    elif kind in (SERVER_FIRST, SERVER_DONE):
        serve(k, slot, kind, now_s)
    elif kind == NOTICE_FIRST:
        post(k, slot, now_s, FIRST_TOKEN_EVENT)
    elif kind == NOTICE_DONE:
        if k.slots[slot].notify & COMPLETED_EVENT:
            post(k, slot, now_s, COMPLETED_EVENT)
        free_slot(k, slot)
    elif kind == PREPARED:
        host.hand_in(k, slot, now_s)
    else:
        post(k, slot, now_s, FAILED_EVENT)
        free_slot(k, slot)


@compiled
def serve(k, slot, kind, now_s):
    """Brings a served attempt to its first token or its end, unless its queue failed before."""
    if k.slots[slot].state != SERVING:
        return
    if kind == SERVER_DONE:
        servers.stop_service(k, slot, now_s, COMPLETED)
    else:
        servers.first_token_served(k, slot, now_s)


@compiled
def next_boundary_s(k):
    """Instant of the earliest step boundary of any batching queue."""
    return k.queues[k.heap[0]].next_s if k.counters[HEAP_COUNT] > 0 else math.inf


@compiled
def short_of_timers(k):
    """Whether the timers could overflow in the next event."""
    return k.counters[TIMER_COUNT] + k.counters[MARGIN] > len(k.timers)


@compiled
def short_of_room(k):
    """Whether the ledger or the timers could overflow in the next event."""
    return k.counters[LEDGER_COUNT] + k.counters[MARGIN] > len(k.ledger) or short_of_timers(k)


@compiled
def advance(k, limit_s):
    """Runs everything up to and including `limit_s`, but stops after the first event for outside.

    Returns the number of events in the outbox (all of one instant), 0 when the limit is reached,
    NO_ROOM when the ledger must be emptied or the timers grown first. At equal instants step
    boundaries come before timers.
    """
    k.counters[OUTBOX_COUNT] = 0
    while k.counters[OUTBOX_COUNT] == 0:
        if short_of_room(k):
            return NO_ROOM
        boundary_s = next_boundary_s(k)
        timer_s = k.timers[0].at_s if k.counters[TIMER_COUNT] > 0 else math.inf
        if min(boundary_s, timer_s) > limit_s or min(boundary_s, timer_s) == math.inf:
            return 0
        if boundary_s <= timer_s:
            batching.finish_stretch(k, k.heap[0], boundary_s)
        else:
            fire_first_timer(k, timer_s)
    return k.counters[OUTBOX_COUNT]


@compiled
def fire_first_timer(k, now_s):
    """Pops the earliest timer and fires it unless its attempt is gone."""
    slot = k.timers[0].slot
    generation = k.timers[0].generation
    kind = k.timers[0].kind
    pop_timer(k)
    if k.slots[slot].generation == generation:
        fire(k, slot, kind, now_s)


@compiled
def slot_of(k, handle):
    """The slot of a live attempt, or NONE when the handle is stale or the attempt has ended."""
    slot = handle & 0xFFFFFFFF
    if k.slots[slot].generation != handle >> 32 or k.slots[slot].state in (FREE, RETURNING):
        return NONE
    return slot


@compiled
def cancel(k, handle, now_s):
    """Gives an attempt up: ALREADY_FINAL, REMOVED at once, STOPS_AT_BOUNDARY.

    NO_ROOM, and nothing done, when the ledger must be emptied or the timers grown first.
    """
    if short_of_room(k):
        return NO_ROOM
    slot = slot_of(k, handle)
    if slot == NONE or k.slots[slot].stop:
        return ALREADY_FINAL
    entry = k.slots[slot]
    if entry.state in (PREFILL, DECODE):
        batching.cancel_running(k, entry.queue, slot, now_s)
        return STOPS_AT_BOUNDARY
    remove(k, slot, now_s, CANCELLED)
    return REMOVED


@compiled
def remove(k, slot, now_s, ending):
    """Ends an attempt that no batch holds: on its way, with a host, in line, between queues, at a server."""
    entry = k.slots[slot]
    if entry.state == SERVING:
        entry.stop = 1 if ending == CANCELLED else 0
        servers.stop_service(k, slot, now_s, ending)
        return
    if entry.state == WAITING and k.queues[entry.queue].kind == BATCHING:
        batching.cancel_waiting(k, entry.queue, slot, now_s)
    elif entry.state == WAITING:
        remove_waiting(k, k.queues[entry.queue], slot)
    elif entry.state == MOVING:
        deliveries.take_off(k, slot, now_s)
    elif entry.state == PREPARING:
        host.leave(k, slot)
    entry.stop = 1 if ending == CANCELLED else 0
    end_attempt(k, slot, now_s, ending)
