"""Doors into the compiled kernel: one array of addresses instead of ten arrays per call.

Handing ten structured arrays to a compiled function costs 2 us a call; handing over one integer
array of (address, length) pairs costs a quarter of that, and a request needs three calls. The
owner of the arrays (`Kernel`) keeps them alive and renews the pairs whenever an array grows.
Uncompiled, the doors take the state itself.
"""

from __future__ import annotations

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from simulator.kernel import changes, clearing, engine, limits
from simulator.kernel.jit import COMPILED, compiled, door
from simulator.kernel.records import (
    ASKED,
    EVENT,
    GROUP,
    LEDGER,
    PREFIX,
    QUEUE,
    SEGMENT,
    SLOT,
    TIMER,
    State,
)

INTEGER = np.dtype("i8")


@intrinsic
def pointer(typing_context, address):  # noqa: ARG001  (Numba's calling convention)
    """An integer address as a pointer."""

    def generate(context, builder, _signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.int64), generate


if COMPILED:

    @compiled
    def state_at(addresses):
        """The state whose arrays lie at the given addresses."""
        return State(
            numba.carray(pointer(addresses[0]), addresses[1], QUEUE),
            numba.carray(pointer(addresses[2]), addresses[3], GROUP),
            numba.carray(pointer(addresses[4]), addresses[5], SLOT),
            numba.carray(pointer(addresses[6]), addresses[7], TIMER),
            numba.carray(pointer(addresses[8]), addresses[9], EVENT),
            numba.carray(pointer(addresses[10]), addresses[11], LEDGER),
            numba.carray(pointer(addresses[12]), addresses[13], INTEGER),
            numba.carray(pointer(addresses[14]), addresses[15], INTEGER),
            numba.carray(pointer(addresses[16]), addresses[17], INTEGER),
            numba.carray(pointer(addresses[18]), addresses[19], INTEGER),
            numba.carray(pointer(addresses[20]), addresses[21], PREFIX),
            numba.carray(pointer(addresses[22]), addresses[23], INTEGER),
            numba.carray(pointer(addresses[24]), addresses[25], ASKED),
            numba.carray(pointer(addresses[26]), addresses[27], SEGMENT),
        )

else:

    def state_at(addresses):
        """The state itself: uncompiled code needs no addresses."""
        return addresses


@door
def submit(
    addresses,
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
def advance(addresses, limit_s):
    """See `engine.advance`."""
    return engine.advance(state_at(addresses), limit_s)


@door
def cancel(addresses, handle, now_s):
    """See `engine.cancel`."""
    return engine.cancel(state_at(addresses), handle, now_s)


@door
def clear(addresses, queue, now_s, ending, reason):
    """See `clearing.clear`."""
    clearing.clear(state_at(addresses), queue, now_s, ending, reason)


@door
def give_up(addresses, slot, now_s, ending):
    """See `clearing.give_up`."""
    clearing.give_up(state_at(addresses), slot, now_s, ending)


@door
def restore(addresses, queue):
    """See `clearing.restore`."""
    clearing.restore(state_at(addresses), queue)


@door
def slow(addresses, queue, now_s, factor):
    """See `changes.slow`."""
    changes.slow(state_at(addresses), queue, now_s, factor)


@door
def drain(addresses, queue):
    """See `changes.drain`."""
    changes.drain(state_at(addresses), queue)


@door
def open_queue(addresses, queue, now_s):
    """See `changes.open_queue`."""
    changes.open_queue(state_at(addresses), queue, now_s)


@door
def scale_limits(addresses, group, now_s, factor):
    """See `limits.scale`."""
    limits.scale(state_at(addresses).groups[group], now_s, factor)


@door
def is_live(addresses, handle):
    """Whether the attempt has neither ended nor been given up."""
    return engine.slot_of(state_at(addresses), handle) >= 0
