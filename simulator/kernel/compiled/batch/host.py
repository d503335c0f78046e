"""A serving engine's host: one server, first come, first served, before the line of each batching queue.

It takes requests in (HTTP, templates, tokenisation) and hands them to the scheduler; its work on
answers keeps later arrivals waiting. What it adds behind the engine is `batching.answer_lag_s`.
Rules: docs/methodology/batching.md.
"""

from __future__ import annotations

from simulator.kernel.codes import PREPARED, PREPARING
from simulator.kernel.compiled.batch import batching
from simulator.kernel.compiled.heaps import push_timer
from simulator.kernel.compiled.lists import append_preparing, remove_preparing
from simulator.kernel.machine_code.jit import apart, compiled


@compiled
def receive(k, number, slot, now_s):
    """Takes an attempt in: it stands in the queue's line now, or as soon as the host has prepared it.

    A queue that is not up has no host: who waits there until it opens stands now.
    """
    queue = k.queues[number]
    prepared_s = book(queue, k.slots[slot], now_s) if queue.up else now_s
    if prepared_s > now_s:
        prepare(k, queue, slot, prepared_s)
    else:
        batching.arrive(k, number, slot, now_s)


@compiled
def book(queue, entry, now_s):
    """Books an attempt's work on the host, that on its answer behind; returns when it is prepared."""
    begin_s = max(now_s, queue.host_free_s)
    prepared_s = begin_s + queue.host_request_s + queue.host_token_s * entry.prompt
    queue.host_free_s = prepared_s + queue.host_answer_token_s * entry.output
    return prepared_s


@apart
def prepare(k, queue, slot, prepared_s):
    """Keeps an attempt with the host until `prepared_s`."""
    k.slots[slot].state = PREPARING
    append_preparing(k, queue, slot)
    push_timer(k, prepared_s, slot, PREPARED)


@apart
def hand_in(k, slot, now_s):
    """Lets a prepared attempt stand in line, also where its queue drains; one that has ended does not."""
    entry = k.slots[slot]
    if entry.state == PREPARING:
        remove_preparing(k, k.queues[entry.queue], slot)
        batching.stand(k, entry.queue, slot, now_s, 1)


@apart
def leave(k, slot):
    """Takes an attempt off the host, whose time stays booked."""
    remove_preparing(k, k.queues[k.slots[slot].queue], slot)
