"""Doors into the kernel, called through `simulator.kernel.machine_code.doors`.

Each takes the address of (address, length) pairs of the state's arrays. Their owner (`Kernel`)
keeps them alive and renews the pairs whenever an array grows. Uncompiled, the doors take the
state itself. The parameters' types are those of the machine code.
"""

from __future__ import annotations

from simulator.kernel.compiled import changes, clearing, engine, limits
from simulator.kernel.machine_code.jit import COMPILED, door


def state_itself(addresses):
    """The state itself: uncompiled code needs no addresses."""
    return addresses


if COMPILED:
    from simulator.kernel.machine_code.state_type import state_at
else:
    state_at = state_itself


@door
def submit(
    addresses: int,
    group: int,
    queue: int,
    request: int,
    prompt: int,
    output: int,
    now_s: float,
    ready_s: float,
    return_s: float,
    first_delay_s: float,
    duration_s: float,
    priority: int,
    notify: int,
    reason: int,
    chance: int,
):
    """See `engine.submit`."""
    return engine.submit(
        state_at(addresses),
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
    )


@door
def advance(addresses: int, limit_s: float):
    """See `engine.advance`."""
    return engine.advance(state_at(addresses), limit_s)


@door
def cancel(addresses: int, handle: int, now_s: float):
    """See `engine.cancel`."""
    return engine.cancel(state_at(addresses), handle, now_s)


@door
def clear(addresses: int, queue: int, now_s: float, ending: int, reason: int):
    """See `clearing.clear`."""
    clearing.clear(state_at(addresses), queue, now_s, ending, reason)


@door
def give_up(addresses: int, slot: int, now_s: float, ending: int):
    """See `clearing.give_up`."""
    clearing.give_up(state_at(addresses), slot, now_s, ending)


@door
def restore(addresses: int, queue: int):
    """See `clearing.restore`."""
    clearing.restore(state_at(addresses), queue)


@door
def slow(addresses: int, queue: int, now_s: float, factor: float):
    """See `changes.slow`."""
    changes.slow(state_at(addresses), queue, now_s, factor)


@door
def drain(addresses: int, queue: int):
    """See `changes.drain`."""
    changes.drain(state_at(addresses), queue)


@door
def open_queue(addresses: int, queue: int, now_s: float):
    """See `changes.open_queue`."""
    changes.open_queue(state_at(addresses), queue, now_s)


@door
def scale_limits(addresses: int, group: int, now_s: float, factor: float):
    """See `limits.scale`."""
    limits.scale(state_at(addresses).groups[group], now_s, factor)


@door
def is_live(addresses: int, handle: int):
    """Whether the attempt has neither ended nor been given up."""
    return engine.slot_of(state_at(addresses), handle) >= 0
