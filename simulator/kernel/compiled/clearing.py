"""How queues break: everybody in them ends, nobody gets in until they are restored."""

from __future__ import annotations

import math

from simulator.kernel.codes import BATCHING, IDLE, NONE, TRAVELLING, Ending
from simulator.kernel.compiled import servers
from simulator.kernel.compiled.batch import charging, prefixes, sequences
from simulator.kernel.compiled.batch.transfers import leave_sender
from simulator.kernel.compiled.endings import end_attempt
from simulator.kernel.compiled.heaps import reorder_queue
from simulator.kernel.compiled.lists import remove_preparing, remove_waiting
from simulator.kernel.machine_code.jit import apart

CANCELLED = int(Ending.CANCELLED)


@apart
def end_broken(k, slot, now_s, ending, reason):
    """Ends one attempt of a queue that is cleared; one already given up stays cancelled."""
    stop = k.slots[slot].stop
    k.slots[slot].reason = 0 if stop else reason
    end_attempt(k, slot, now_s, CANCELLED if stop else ending)


@apart
def clear(k, number, now_s, ending, reason):
    """Ends everything in a queue now, and lets nothing in until it is restored.

    A step under way is broken: its time and energy so far are paid by those in it. Contexts on their
    way from here are lost; those on their way to it find it broken. Its host forgets what it had to do.
    """
    queue = k.queues[number]
    queue.up = 0
    queue.draining = 0
    if queue.kind == BATCHING:
        charging.settle(k, number, now_s)
    while queue.run_head != NONE:
        slot = queue.run_head
        if queue.kind == BATCHING:
            queue.cancelling -= k.slots[slot].stop
            sequences.leave_batch(k, queue, slot)
            end_broken(k, slot, now_s, ending, reason)
        else:
            k.slots[slot].reason = reason
            servers.stop_service(k, slot, now_s, ending)
    while queue.moving_head != NONE:
        slot = queue.moving_head
        leave_sender(k, slot)
        end_broken(k, slot, now_s, ending, reason)
    while queue.wait_head != NONE:
        slot = queue.wait_head
        remove_waiting(k, queue, slot)
        end_broken(k, slot, now_s, ending, reason)
    while queue.preparing_head != NONE:
        slot = queue.preparing_head
        remove_preparing(k, queue, slot)
        end_broken(k, slot, now_s, ending, reason)
    prefixes.evict(k, queue, 0)
    queue.link_free_s = 0.0
    queue.host_free_s = 0.0
    queue.phase = IDLE
    queue.next_s = math.inf
    reorder_queue(k, number)


@apart
def give_up(k, slot, now_s, ending):
    """Ends an attempt that is still on its way to a queue."""
    if k.slots[slot].state == TRAVELLING:
        end_attempt(k, slot, now_s, ending)


@apart
def restore(k, number):
    """Lets a broken queue take work again."""
    k.queues[number].up = 1
    k.queues[number].draining = 0
