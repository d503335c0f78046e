"""Servers: `capacity` single streams behind one first-come queue, each service time given.

An endpoint of c servers, a user's own device (one server) and a provider's API (as many as its
concurrency cap, no queue) are all this.
"""

from __future__ import annotations

from simulator.kernel.codes import (
    NONE,
    SERVER_DONE,
    SERVER_FIRST,
    SERVING,
    WAITING,
    Ending,
)
from simulator.kernel.compiled.endings import (
    end_attempt,
    notify_first,
    tokens_served,
)
from simulator.kernel.compiled.heaps import push_timer
from simulator.kernel.compiled.lists import append_running, enqueue, remove_running, remove_waiting
from simulator.kernel.machine_code.jit import compiled

COMPLETED = int(Ending.COMPLETED)


@compiled
def start_service(k, queue, slot, now_s):
    """Gives a server to the attempt; its end is certain unless somebody gives it up."""
    entry = k.slots[slot]
    entry.state = SERVING
    entry.admitted_s = now_s
    entry.first_delay_s *= queue.slowdown
    entry.duration_s *= queue.slowdown
    append_running(k, queue, slot)
    push_timer(k, now_s + entry.first_delay_s, slot, SERVER_FIRST)
    push_timer(k, now_s + entry.duration_s, slot, SERVER_DONE)


@compiled
def serve_or_queue(k, number, slot, now_s):
    """Starts service if a server is free, otherwise lets the attempt wait."""
    queue = k.queues[number]
    if queue.running < queue.capacity and queue.up:
        start_service(k, queue, slot, now_s)
    else:
        k.slots[slot].state = WAITING
        enqueue(k, queue, slot)


@compiled
def serve_next(k, queue, now_s):
    """Gives free servers to those who wait."""
    works = queue.up or queue.draining
    while queue.wait_head != NONE and queue.running < queue.capacity and works:
        slot = queue.wait_head
        remove_waiting(k, queue, slot)
        start_service(k, queue, slot, now_s)


@compiled
def stop_service(k, slot, now_s, ending):
    """Ends service at `now_s`, books the server's time and the tokens made, and serves the next."""
    entry = k.slots[slot]
    queue = k.queues[entry.queue]
    elapsed = now_s - entry.admitted_s
    entry.generated = entry.output if ending == COMPLETED else tokens_served(entry, now_s)
    entry.prefilled = entry.prompt
    if entry.generated > 0:
        entry.first_s = entry.admitted_s + entry.first_delay_s
    entry.busy_s += elapsed
    entry.energy_j += elapsed * queue.base_j
    queue.busy_s += elapsed
    queue.energy_j += elapsed * queue.base_j
    remove_running(k, queue, slot)
    end_attempt(k, slot, now_s, ending)
    serve_next(k, queue, now_s)


@compiled
def first_token_served(k, slot, now_s):
    """Notes a served attempt's first token, and announces it."""
    k.slots[slot].first_s = now_s
    notify_first(k, slot, now_s)
