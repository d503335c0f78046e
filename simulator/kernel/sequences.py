"""A sequence in its batch: joining those that decode, leaving them, giving seat and room back."""

from __future__ import annotations

from simulator.kernel.codes import DECODE
from simulator.kernel.drafts import clock_at, gained_before, tokens_gained
from simulator.kernel.heaps import member_place, push_member, remove_member
from simulator.kernel.jit import compiled
from simulator.kernel.lists import count_kv, remove_prefill, remove_running
from simulator.kernel.prefixes import leave_behind


@compiled
def begin_decode(k, queue, slot):
    """Joins the decoding batch; the slot's meters start at the queue's present readings."""
    entry = k.slots[slot]
    entry.state = DECODE
    entry.started_clock = queue.clock
    entry.started_context = entry.computed
    entry.share_s = queue.share_s
    entry.share_j = queue.share_j
    entry.done_clock = clock_at(queue, queue.clock, entry.output - entry.generated)
    push_member(k, queue, entry.done_clock, slot)
    queue.decoding += 1
    queue.context += entry.computed


@compiled
def end_decode(k, queue, slot, place):
    """Leaves the decoding batch, paying for its steps so far (costs.py, component by cause)."""
    entry = k.slots[slot]
    steps = queue.clock - entry.started_clock
    gained = tokens_gained(queue, entry.started_clock, steps)
    tokens = min(gained, entry.output - entry.generated)
    read = steps * entry.started_context + gained_before(queue, entry.started_clock, steps)
    entry.busy_s += queue.share_s - entry.share_s + steps * queue.sequence_s + read * queue.context_s
    entry.energy_j += queue.share_j - entry.share_j + steps * queue.sequence_j + read * queue.context_j
    queue.context -= entry.computed + gained
    entry.generated += tokens
    entry.computed += tokens
    if tokens < gained:
        count_kv(k, queue, tokens - gained)
    remove_member(k, queue, place)
    queue.decoding -= 1


@compiled
def release(k, queue, slot):
    """Gives a running sequence's seat and KV room back."""
    free_context(k, k.slots[slot].queue, queue, slot)
    remove_running(k, queue, slot)


@compiled
def free_context(k, number, queue, slot):
    """Gives back the KV room of a sequence; a prefix cache keeps what it can."""
    entry = k.slots[slot]
    if queue.caches:
        leave_behind(k, number, queue, slot, entry.computed)
        count_kv(k, queue, -entry.chunk)
    else:
        count_kv(k, queue, -(entry.computed + entry.chunk))
    entry.chunk = 0


@compiled
def leave_batch(k, queue, slot):
    """Takes a running sequence out between steps, whatever its phase."""
    if k.slots[slot].state == DECODE:
        end_decode(k, queue, slot, member_place(k, queue, slot))
    else:
        remove_prefill(k, queue, slot)
    release(k, queue, slot)
