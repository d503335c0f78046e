"""Binary heaps: timers by (instant, order), queues by next boundary, sequences by token clock."""

from __future__ import annotations

from simulator.kernel.codes import HEAP_COUNT, NONE, TIMER_COUNT, TIMER_ORDER
from simulator.kernel.machine_code.jit import compiled


@compiled
def earlier(at_s, order, timer):
    """Whether (at_s, order) comes before the timer."""
    return at_s < timer.at_s or (at_s == timer.at_s and order < timer.order)


@compiled
def write_timer(timers, place, at_s, order, slot, generation, kind):
    """Fills one timer row."""
    timer = timers[place]
    timer.at_s = at_s
    timer.order = order
    timer.slot = slot
    timer.generation = generation
    timer.kind = kind


@compiled
def copy_timer(timers, to, origin):
    """Copies one timer row."""
    timer = timers[origin]
    write_timer(timers, to, timer.at_s, timer.order, timer.slot, timer.generation, timer.kind)


@compiled
def push_timer(k, at_s, slot, kind):
    """Adds a timer for the slot's present generation; equal instants fire in order of pushing."""
    order = k.counters[TIMER_ORDER]
    place = k.counters[TIMER_COUNT]
    k.counters[TIMER_ORDER] = order + 1
    k.counters[TIMER_COUNT] = place + 1
    while place > 0 and earlier(at_s, order, k.timers[(place - 1) >> 1]):
        copy_timer(k.timers, place, (place - 1) >> 1)
        place = (place - 1) >> 1
    write_timer(k.timers, place, at_s, order, slot, k.slots[slot].generation, kind)


@compiled
def pop_timer(k):
    """Removes the earliest timer; read it at index 0 first."""
    count = k.counters[TIMER_COUNT] - 1
    k.counters[TIMER_COUNT] = count
    last = k.timers[count]
    at_s, order = last.at_s, last.order
    slot, generation, kind = last.slot, last.generation, last.kind
    place = 0
    child = 1
    while child < count:
        right = child + 1
        if right < count and earlier(k.timers[right].at_s, k.timers[right].order, k.timers[child]):
            child = right
        if not earlier(k.timers[child].at_s, k.timers[child].order, last):
            break
        copy_timer(k.timers, place, child)
        place = child
        child = 2 * place + 1
    write_timer(k.timers, place, at_s, order, slot, generation, kind)


@compiled
def sooner(k, a, b):
    """Whether queue `a` has its next boundary before queue `b`; ties go to the lower number."""
    left = k.queues[a].next_s
    right = k.queues[b].next_s
    return left < right or (left == right and a < b)


@compiled
def place_queue(k, place, queue_number):
    """Seats a queue at a place of the boundary heap."""
    k.heap[place] = queue_number
    k.queues[queue_number].position = place


@compiled
def reorder_queue(k, queue_number):
    """Restores the boundary heap after the queue's `next_s` changed."""
    place = k.queues[queue_number].position
    if place == NONE:
        return
    while place > 0 and sooner(k, queue_number, k.heap[(place - 1) >> 1]):
        place_queue(k, place, k.heap[(place - 1) >> 1])
        place = (place - 1) >> 1
    count = k.counters[HEAP_COUNT]
    child = 2 * place + 1
    while child < count:
        if child + 1 < count and sooner(k, k.heap[child + 1], k.heap[child]):
            child += 1
        if not sooner(k, k.heap[child], queue_number):
            break
        place_queue(k, place, k.heap[child])
        place = child
        child = 2 * place + 1
    place_queue(k, place, queue_number)


@compiled
def rise(k, base, place, clock, slot):
    """Moves (clock, slot) up from `place` in the sequence heap that begins at `base`."""
    while place > 0 and k.clocks[base + ((place - 1) >> 1)] > clock:
        parent = (place - 1) >> 1
        k.clocks[base + place] = k.clocks[base + parent]
        k.members[base + place] = k.members[base + parent]
        place = parent
    k.clocks[base + place] = clock
    k.members[base + place] = slot


@compiled
def sink(k, base, place, count, clock, slot):
    """Moves (clock, slot) down from `place` in a sequence heap of `count` entries."""
    child = 2 * place + 1
    while child < count:
        if child + 1 < count and k.clocks[base + child + 1] < k.clocks[base + child]:
            child += 1
        if k.clocks[base + child] >= clock:
            break
        k.clocks[base + place] = k.clocks[base + child]
        k.members[base + place] = k.members[base + child]
        place = child
        child = 2 * place + 1
    k.clocks[base + place] = clock
    k.members[base + place] = slot


@compiled
def push_member(k, queue, clock, slot):
    """Adds a decoding sequence that completes at token clock `clock`."""
    rise(k, queue.heap_at, queue.heap_count, clock, slot)
    queue.heap_count += 1


@compiled
def remove_member(k, queue, place):
    """Removes the entry at `place` (0: the next to complete)."""
    queue.heap_count -= 1
    base = queue.heap_at
    count = queue.heap_count
    if place == count:
        return
    clock = k.clocks[base + count]
    slot = k.members[base + count]
    if place > 0 and k.clocks[base + ((place - 1) >> 1)] > clock:
        rise(k, base, place, clock, slot)
    else:
        sink(k, base, place, count, clock, slot)


@compiled
def member_place(k, queue, slot):
    """Place of a slot in its queue's sequence heap (linear: cancels and preemptions are rare)."""
    place = 0
    while k.members[queue.heap_at + place] != slot:
        place += 1
    return place
