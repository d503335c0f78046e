"""When KV room runs out: who has to give up its cache and wait again."""

from __future__ import annotations

from simulator.kernel.codes import NONE, WAITING
from simulator.kernel.compiled.batch.drafts import decode_room
from simulator.kernel.compiled.batch.sequences import leave_batch
from simulator.kernel.compiled.lists import requeue
from simulator.kernel.machine_code.jit import apart


@apart
def victim(k, queue):
    """The running sequence to preempt: the last admitted among the least urgent."""
    worst = queue.run_tail
    slot = k.slots[worst].run_previous
    while slot != NONE:
        if k.slots[slot].priority > k.slots[worst].priority:
            worst = slot
        slot = k.slots[slot].run_previous
    return worst


@apart
def preempt(k, queue, slot):
    """Drops a sequence's KV cache; it waits first in line and computes everything again.

    The work of computing the same tokens once more will be its waste (`pay_for_chunk`).
    """
    leave_batch(k, queue, slot)
    entry = k.slots[slot]
    entry.lost = max(entry.lost, entry.computed)
    entry.computed = 0
    entry.prefill_target = entry.prompt + entry.generated
    entry.state = WAITING
    queue.preemption_count += 1
    requeue(k, queue, slot)


@apart
def make_room(k, queue):
    """Preempts until every decoding sequence has room for one more token; whether it had to."""
    count = queue.preemption_count
    while queue.kv_used + decode_room(queue) > queue.kv_room:
        preempt(k, queue, victim(k, queue))
    return queue.preemption_count > count
