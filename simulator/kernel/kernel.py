"""The kernel as an object: owns the arrays, lets them grow, empties the ledger."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.codes import (
    FREE_SLOT,
    LEAP_COUNT,
    LEDGER_COUNT,
    MARGIN,
    NO_ROOM,
    NO_SLOT,
    NONE,
    SERVERS,
    SERVING,
    TIMER_COUNT,
    TRAVELLING,
    Ending,
)
from simulator.kernel.layout import (
    detached,
    fresh_state,
    with_longer_ledger,
    with_more_slots,
    with_more_timers,
)
from simulator.kernel.machine_code.doors import doors
from simulator.kernel.machine_code.jit import COMPILED
from simulator.kernel.records import LEDGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.kernel.spec import GroupSpec, Repeats

SLOT_MASK = 0xFFFFFFFF
GENERATION_SHIFT = 32

FAILED = int(Ending.FAILED)
UNFINISHED = int(Ending.UNFINISHED)
"""Plain integers: Numba takes ten microseconds to look at an enum's member."""


class Kernel:
    """Queues, batches and KV caches of one run; the only owner of their state.

    Handles are integers that turn stale when the attempt ends. Instants are seconds since the
    run began and must not decrease from call to call. `door` is what each of `doors` takes first; it
    changes whenever an array grows.
    """

    def __init__(self, groups: Sequence[GroupSpec], repeats: Repeats | None = None) -> None:
        """Makes an empty kernel of the given groups; `repeats` says what prefix caches can find."""
        self.doors = doors()
        self._state = fresh_state(groups, repeats)
        self._group_count = len(groups)
        self._flushed: list[NDArray[np.void]] = []
        self._share_state()

    def _share_state(self) -> None:
        """Renews what the compiled doors and the live views look at."""
        pairs = [(array.ctypes.data, len(array)) for array in self._state]
        self._pairs = np.array(pairs, np.int64)
        self.door = self._pairs.ctypes.data if COMPILED else self._state
        self._notify = self._state.slots["notify"]
        self._generation = self._state.slots["generation"]

    @property
    def groups(self) -> NDArray[np.void]:
        """Live group rows: outstanding, waiting, running, kv_used, kv_room."""
        return self._state.groups[: self._group_count]

    @property
    def queues(self) -> NDArray[np.void]:
        """Live queue rows: phase, busy_s, energy_j, up and so on."""
        return self._state.queues

    @property
    def leap_count(self) -> int:
        """Stretches of pure decode planned so far."""
        return int(self._state.counters[LEAP_COUNT])

    def submit(
        self,
        group: int,
        request: int,
        prompt: int,
        output: int,
        now_s: float,
        ready_s: float,
        return_s: float = 0.0,
        first_delay_s: float = 0.0,
        duration_s: float = 0.0,
        queue: int = NONE,
        priority: int = 0,
        notify: int = 0,
        reason: int = 0,
        chance: int = NONE,
    ) -> int:
        """Sends an attempt on its way (`engine.submit`); returns its handle.

        `notify` is a mask of first token (1) and completion (2); failures are always told.
        """
        arguments = (group, queue, request, prompt, output, now_s, ready_s, return_s)
        rest = (first_delay_s, duration_s, priority, notify, reason, chance)
        handle = self.doors.submit(self.door, *arguments, *rest)
        while handle == NO_SLOT:
            self.make_way()
            handle = self.doors.submit(self.door, *arguments, *rest)
        return handle

    def add_slots(self) -> None:
        """Doubles the number of attempts that can be under way at once."""
        self._state = with_more_slots(self._state, len(self._state.slots))
        self._share_state()

    def advance(self, limit_s: float) -> int:
        """Runs up to `limit_s`, or to the first instant with events; returns how many there are."""
        count = self.doors.advance(self.door, limit_s)
        while count == NO_ROOM:
            self.make_room()
            count = self.doors.advance(self.door, limit_s)
        return count

    def events(self, count: int) -> list[tuple[float, int, int, int, float, int]]:
        """The outbox: (at_s, handle, kind, reason, retry_after_s, first_token_seen), one instant."""
        return self._state.outbox[:count].tolist()

    def watch(self, handle: int, notify: int) -> None:
        """Changes what a live attempt announces; a stale handle changes nothing."""
        slot = handle & SLOT_MASK
        if self._generation[slot] == handle >> GENERATION_SHIFT:
            self._notify[slot] |= notify

    def cancel(self, handle: int, now_s: float) -> int:
        """Gives an attempt up: ALREADY_FINAL, REMOVED or STOPS_AT_BOUNDARY."""
        answer = self.doors.cancel(self.door, handle, now_s)
        while answer == NO_ROOM:
            self.make_room()
            answer = self.doors.cancel(self.door, handle, now_s)
        return answer

    def is_live(self, handle: int) -> bool:
        """Whether the attempt has not ended yet."""
        return self.doors.is_live(self.door, handle)

    def is_unannounced(self, handle: int) -> bool:
        """Whether an attempt has not been announced to whoever waits for its end, though it may be over."""
        return bool(self._generation[handle & SLOT_MASK] == handle >> GENERATION_SHIFT)

    def first_token_s(self, handle: int) -> float:
        """The instant of an attempt's first token as delivered; nan before it is computed.

        Holds until the attempt's slot is used again, so also while its end is announced.
        """
        slot = self._state.slots[handle & SLOT_MASK]
        return float(slot["first_s"] + slot["lag_s"] + slot["return_s"])

    def submitted_s(self, handle: int) -> float:
        """The instant at which an attempt was submitted; holds as long as `first_token_s` does."""
        return float(self._state.slots[handle & SLOT_MASK]["submitted_s"])

    def fail(self, queue: int, now_s: float, reason: int) -> None:
        """Breaks a queue; all its attempts fail with `reason`."""
        self._reserve(int(self._state.queues["outstanding"][queue]))
        self.doors.clear(self.door, queue, now_s, FAILED, reason)

    def restore(self, queue: int) -> None:
        """Lets a broken queue take work again."""
        self.doors.restore(self.door, queue)

    def slow(self, queue: int, now_s: float, factor: float) -> None:
        """Makes a queue work `factor` times as long (`changes.slow`); 1 is its own pace."""
        self.doors.slow(self.door, queue, now_s, factor)

    def drain(self, queue: int) -> None:
        """Lets nothing more into a queue; whoever stands in it is still served."""
        self.doors.drain(self.door, queue)

    def open(self, queue: int, now_s: float) -> None:
        """Lets a queue take work, and starts on what has waited for it."""
        self.doors.open_queue(self.door, queue, now_s)

    def let_wait(self, group: int, queue: int) -> None:
        """Lets a group's attempts wait at a queue while none is up; NONE: they fail."""
        self._state.groups["waiting_room"][group] = queue

    def scale_limits(self, group: int, now_s: float, factor: float) -> None:
        """Multiplies a group's rate limits; what its buckets hold is cut to their new size."""
        self.doors.scale_limits(self.door, group, now_s, factor)

    def busy_s(self, now_s: float) -> NDArray[np.float64]:
        """Busy server-seconds of every queue up to `now_s`, work under way included."""
        queues = self._state.queues
        batch_s = np.where(queues["phase"] > 0, now_s - queues["start_s"], 0.0)
        slots = self._state.slots
        serving = slots[(slots["state"] == SERVING) & (slots["queue"] >= 0)]
        server_s = np.zeros(len(queues))
        np.add.at(server_s, serving["queue"], now_s - serving["admitted_s"])
        return queues["busy_s"] + np.where(queues["kind"] == SERVERS, server_s, batch_s)

    def readings(self, now_s: float) -> NDArray[np.void]:
        """Ledger rows of the attempts that are alive, as if the run ended now; nothing changes.

        Their `busy_s`, `energy_j` and `wasted_s` are the meters' readings: steps that are over are paid
        as ever, the time of one under way goes equally to the sequences in it, so that the sum over
        a queue's attempts, ended ones included, is its `busy_s(now_s)`.
        """
        double = copy(self)
        double.detach()
        double.close(now_s)
        return double.take_ledger()

    def detach(self) -> None:
        """Makes a shallow copy a kernel of its own, which knows nothing of attempts that have ended."""
        self._state = detached(self._state)
        self._flushed = []
        self._share_state()

    def ledger(self) -> NDArray[np.void]:
        """Rows of all attempts that have ended, in order of their number."""
        self._flush()
        rows = np.concatenate(self._flushed) if self._flushed else np.zeros(0, LEDGER)
        self._flushed = []
        rows = rows[np.argsort(rows["number"], kind="stable")]
        self._flushed = [rows]
        return rows

    def take_ledger(self) -> NDArray[np.void]:
        """The ledger, which the kernel then forgets: a long run's rows are held once."""
        rows = self.ledger()
        self._flushed = []
        return rows

    def close(self, now_s: float) -> None:
        """Ends the run: every attempt still alive gets a ledger row as unfinished."""
        for queue in np.flatnonzero(self._state.queues["outstanding"]).tolist():
            self._reserve(int(self._state.queues["outstanding"][queue]))
            self.doors.clear(self.door, queue, now_s, UNFINISHED, 0)
        travelling = np.flatnonzero(self._state.slots["state"] == TRAVELLING).tolist()
        self._reserve(len(travelling))
        for slot in travelling:
            self.doors.give_up(self.door, slot, now_s, UNFINISHED)

    def _flush(self) -> None:
        """Moves the ledger's rows out of the kernel."""
        count = int(self._state.counters[LEDGER_COUNT])
        if count:
            self._flushed.append(np.array(self._state.ledger[:count], LEDGER))
        self._state.counters[LEDGER_COUNT] = 0

    def make_way(self) -> None:
        """Grows the slots or the timers, whichever a new attempt finds short."""
        if self._state.counters[FREE_SLOT] == NONE:
            self.add_slots()
        self.make_room()

    def make_room(self) -> None:
        """Empties the ledger, and grows the timers when they are what is short."""
        self._reserve(0)

    def _reserve(self, count: int) -> None:
        """Makes room for `count` endings beyond the kernel's own margin."""
        need = count + int(self._state.counters[MARGIN])
        self._flush()
        if need > len(self._state.ledger):
            self._state = with_longer_ledger(self._state, 2 * need)
            self._share_state()
        while int(self._state.counters[TIMER_COUNT]) + need > len(self._state.timers):
            self._state = with_more_timers(self._state)
            self._share_state()
