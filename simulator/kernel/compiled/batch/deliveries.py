"""Where contexts arrive that were handed over, and what their senders do with the room."""

from __future__ import annotations

from simulator.kernel.codes import IDLE, MOVING, NONE, TRAVELLING, Ending, Reason
from simulator.kernel.compiled.batch import batching
from simulator.kernel.compiled.batch.transfers import leave_sender
from simulator.kernel.compiled.endings import end_attempt
from simulator.kernel.machine_code.jit import apart

FAILED = int(Ending.FAILED)
OUTAGE = int(Reason.OUTAGE)


@apart
def deliver(k, slot, now_s):
    """Lets an attempt whose context has arrived stand in its new queue; a broken one fails it."""
    entry = k.slots[slot]
    if entry.state != MOVING:
        return
    take_off(k, slot, now_s)
    entry.delivered_s = now_s
    queue = k.queues[entry.queue]
    if queue.up or queue.draining:
        batching.stand(k, entry.queue, slot, now_s, 1)
    else:
        entry.reason = OUTAGE
        end_attempt(k, slot, now_s, FAILED)


@apart
def take_off(k, slot, now_s):
    """Takes a context off its sender, who may have room for the next one now."""
    entry = k.slots[slot]
    number = entry.prefill_queue
    leave_sender(k, slot)
    k.queues[number].outstanding -= 1
    entry.state = TRAVELLING
    if k.queues[number].phase == IDLE and k.queues[number].wait_head != NONE:
        batching.plan(k, number, now_s)
