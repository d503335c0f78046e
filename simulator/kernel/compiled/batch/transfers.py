"""Prefill apart from decode: contexts on their way from one queue of a group to another.

A queue that hands over computes prompts only. A finished prompt's keys and values go over the
queue's link, one context after another, to a queue of the group's decode pool, and take room here
until they are there. Rules: docs/methodology/batching.md.
"""

from __future__ import annotations

from simulator.kernel.codes import DELIVERY, MOVING, NONE, Ending, Reason
from simulator.kernel.compiled.balancing import balanced_queue
from simulator.kernel.compiled.batch.sequences import free_context, release
from simulator.kernel.compiled.endings import end_attempt
from simulator.kernel.compiled.heaps import push_timer
from simulator.kernel.compiled.lists import append_moving, remove_moving, remove_running
from simulator.kernel.machine_code.jit import apart

CANCELLED = int(Ending.CANCELLED)
FAILED = int(Ending.FAILED)
OUTAGE = int(Reason.OUTAGE)


@apart
def hand_over(k, queue, slot, now_s):
    """Sends a finished prompt to the decode pool; who was given up, or finds nobody there, ends."""
    entry = k.slots[slot]
    pool = k.groups[k.groups[queue.group].decode_pool]
    receiver = NONE if entry.stop else balanced_queue(k, pool, ~entry.chance, entry.request)
    if receiver != NONE:
        send(k, queue, slot, receiver, now_s)
        return
    release(k, queue, slot)
    queue.cancelling -= entry.stop
    entry.reason = 0 if entry.stop else OUTAGE
    end_attempt(k, slot, now_s, CANCELLED if entry.stop else FAILED)


@apart
def send(k, queue, slot, receiver, now_s):
    """Puts a context on the link, behind those on it; it is outstanding at both ends."""
    entry = k.slots[slot]
    remove_running(k, queue, slot)
    append_moving(k, queue, slot)
    entry.state = MOVING
    entry.prefill_queue = entry.queue
    entry.queue = receiver
    k.queues[receiver].outstanding += 1
    queue.link_free_s = max(now_s, queue.link_free_s) + entry.computed * queue.transfer_s
    push_timer(k, queue.link_free_s, slot, DELIVERY)


@apart
def leave_sender(k, slot):
    """Gives the room of a context that is on its way, or has arrived, back to its sender."""
    entry = k.slots[slot]
    queue = k.queues[entry.prefill_queue]
    remove_moving(k, queue, slot)
    free_context(k, entry.prefill_queue, queue, slot)
