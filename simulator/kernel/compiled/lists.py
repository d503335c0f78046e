"""Linked lists of slots inside a queue: who waits, who runs (by admission), who prefills."""

from __future__ import annotations

from simulator.kernel.codes import NONE
from simulator.kernel.machine_code.jit import compiled


@compiled
def enqueue(k, queue, slot):
    """Puts a slot behind the last waiting one of the same or a more urgent priority."""
    after = queue.wait_tail
    while after != NONE and k.slots[after].priority > k.slots[slot].priority:
        after = k.slots[after].previous
    insert_waiting(k, queue, slot, after)


@compiled
def requeue(k, queue, slot):
    """Puts a preempted slot before the first waiting one of the same or a less urgent priority."""
    after = NONE
    head = queue.wait_head
    while head != NONE and k.slots[head].priority < k.slots[slot].priority:
        after = head
        head = k.slots[head].next
    insert_waiting(k, queue, slot, after)


@compiled
def insert_waiting(k, queue, slot, after):
    """Links a slot into the waiting list behind `after` (NONE: at the head)."""
    before = queue.wait_head if after == NONE else k.slots[after].next
    k.slots[slot].previous = after
    k.slots[slot].next = before
    if after == NONE:
        queue.wait_head = slot
    else:
        k.slots[after].next = slot
    if before == NONE:
        queue.wait_tail = slot
    else:
        k.slots[before].previous = slot
    count_waiting(k, queue, 1)


@compiled
def remove_waiting(k, queue, slot):
    """Takes a slot out of the waiting list."""
    before = k.slots[slot].previous
    after = k.slots[slot].next
    if before == NONE:
        queue.wait_head = after
    else:
        k.slots[before].next = after
    if after == NONE:
        queue.wait_tail = before
    else:
        k.slots[after].previous = before
    count_waiting(k, queue, -1)


@compiled
def append_running(k, queue, slot):
    """Adds a slot at the end of the running list, which is in order of admission."""
    tail = queue.run_tail
    k.slots[slot].run_previous = tail
    k.slots[slot].run_next = NONE
    if tail == NONE:
        queue.run_head = slot
    else:
        k.slots[tail].run_next = slot
    queue.run_tail = slot
    count_running(k, queue, 1)


@compiled
def remove_running(k, queue, slot):
    """Takes a slot out of the running list."""
    before = k.slots[slot].run_previous
    after = k.slots[slot].run_next
    if before == NONE:
        queue.run_head = after
    else:
        k.slots[before].run_next = after
    if after == NONE:
        queue.run_tail = before
    else:
        k.slots[after].run_previous = before
    count_running(k, queue, -1)


@compiled
def append_moving(k, queue, slot):
    """Adds a slot, which runs no more, to those whose contexts leave the queue."""
    head = queue.moving_head
    k.slots[slot].run_previous = NONE
    k.slots[slot].run_next = head
    if head != NONE:
        k.slots[head].run_previous = slot
    queue.moving_head = slot


@compiled
def remove_moving(k, queue, slot):
    """Takes a slot out of those whose contexts leave the queue."""
    before = k.slots[slot].run_previous
    after = k.slots[slot].run_next
    if before == NONE:
        queue.moving_head = after
    else:
        k.slots[before].run_next = after
    if after != NONE:
        k.slots[after].run_previous = before


@compiled
def append_preparing(k, queue, slot):
    """Adds a slot behind those that the host is preparing."""
    tail = queue.preparing_tail
    k.slots[slot].run_previous = tail
    k.slots[slot].run_next = NONE
    if tail == NONE:
        queue.preparing_head = slot
    else:
        k.slots[tail].run_next = slot
    queue.preparing_tail = slot
    queue.preparing += 1


@compiled
def remove_preparing(k, queue, slot):
    """Takes a slot out of those that the host is preparing."""
    before = k.slots[slot].run_previous
    after = k.slots[slot].run_next
    if before == NONE:
        queue.preparing_head = after
    else:
        k.slots[before].run_next = after
    if after == NONE:
        queue.preparing_tail = before
    else:
        k.slots[after].run_previous = before
    queue.preparing -= 1


@compiled
def append_prefill(k, queue, slot):
    """Adds a slot at the end of the list of sequences whose prompt is being computed."""
    k.slots[slot].prefill_next = NONE
    if queue.prefill_tail == NONE:
        queue.prefill_head = slot
    else:
        k.slots[queue.prefill_tail].prefill_next = slot
    queue.prefill_tail = slot
    queue.prefilling += 1


@compiled
def remove_prefill(k, queue, slot):
    """Takes a slot out of the prefill list."""
    before = NONE
    here = queue.prefill_head
    while here != slot:
        before = here
        here = k.slots[here].prefill_next
    after = k.slots[slot].prefill_next
    if before == NONE:
        queue.prefill_head = after
    else:
        k.slots[before].prefill_next = after
    if queue.prefill_tail == slot:
        queue.prefill_tail = before
    queue.prefilling -= 1


@compiled
def count_waiting(k, queue, change):
    """Keeps the waiting counts of the queue and its group."""
    queue.waiting += change
    k.groups[queue.group].waiting += change


@compiled
def count_running(k, queue, change):
    """Keeps the running counts of the queue and its group."""
    queue.running += change
    k.groups[queue.group].running += change


@compiled
def count_kv(k, queue, change):
    """Keeps the KV tokens in use of the queue and its group."""
    group = k.groups[queue.group]
    queue.kv_used += change
    group.kv_used += change
    group.kv_usage_ratio = group.kv_used / group.kv_room
