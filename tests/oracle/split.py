"""Prefill apart from decode, step by step: queues that hand contexts over, one link each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from oracle.runs import TIMER, OracleWorld, Outcome, drive, outcome_of, repeats_of, world_outcome
from simulator.kernel import Kernel
from simulator.kernel.codes import ROUND_ROBIN, Ending, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.attempt import Attempt
    from oracle.cases import Arrival, Command
    from oracle.stepwise import StepwiseQueue
    from simulator.kernel import BatchingSpec, DecodePool, GroupSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCase:
    """One group that hands over; its queues are numbered from the prefill ones on."""

    group: GroupSpec
    arrivals: tuple[Arrival, ...]
    commands: tuple[Command, ...] = ()
    close_s: float | None = None

    @property
    def pool(self) -> DecodePool:
        """The queues that decode."""
        assert self.group.decode is not None
        return self.group.decode

    @property
    def queues(self) -> tuple[BatchingSpec, ...]:
        """All queues' specs."""
        return (self.group.queues,) * self.group.count + (self.pool.queues,) * self.pool.count


class Chooser:
    """Picks one of some queues: the least outstanding, or each in turn; ties from the cursor on."""

    def __init__(self, queues: Sequence[StepwiseQueue], balancing: int) -> None:
        """Begins with the first."""
        self.queues = queues
        self.balancing = balancing
        self.cursor = 0

    def choose(self, outstanding: Callable[[StepwiseQueue], int]) -> StepwiseQueue | None:
        """The queue that takes the next attempt; None when none is up."""
        count = len(self.queues)
        order = [self.queues[(self.cursor + step) % count] for step in range(count)]
        up = [queue for queue in order if queue.up]
        if not up:
            return None
        chosen = up[0] if self.balancing == ROUND_ROBIN else min(up, key=outstanding)
        self.cursor = (self.queues.index(chosen) + 1) % count
        return chosen


class Split:
    """Both pools, and the contexts between them."""

    def __init__(self, world: SplitWorld, case: SplitCase) -> None:
        """Lets the first queues of the world hand over to the others."""
        self.world = world
        self.transfer_s = case.pool.transfer_s
        self.senders = world.queues[: case.group.count]
        self.receivers = world.queues[case.group.count :]
        self.doors = Chooser(self.senders, case.group.balancing)
        self.decoders = Chooser(self.receivers, case.group.balancing)
        self.towards: dict[Attempt, StepwiseQueue] = {}
        for number, queue in enumerate(self.senders):
            queue.decoded_by = case.pool.queues
            queue.hand_over = partial(self.send, number)

    @property
    def waiting(self) -> list[Attempt]:
        """Everybody who stands in a line, or will when a host has prepared it."""
        queues = self.senders + self.receivers
        return [attempt for queue in queues for attempt in queue.preparing + queue.waiting]

    @property
    def serving(self) -> list[Attempt]:
        """Everybody in a batch or on a link."""
        return [
            attempt for queue in self.senders + self.receivers for attempt in queue.running + queue.moving
        ]

    def outstanding(self, queue: StepwiseQueue) -> int:
        """Attempts in a queue, or on their way from it or to it."""
        coming = sum(self.towards[attempt] is queue for other in self.senders for attempt in other.moving)
        here = queue.preparing + queue.waiting + queue.running + queue.moving
        return len(here) + coming

    def arrive(self, now_s: float, attempt: Attempt) -> None:
        """Sends an attempt to a prefill queue."""
        queue = self.doors.choose(self.outstanding)
        if queue is None:
            attempt.end(now_s, Ending.FAILED, Reason.OUTAGE)
        else:
            queue.arrive(now_s, attempt)

    def send(self, number: int, now_s: float, attempt: Attempt) -> None:
        """Puts a context on its sender's link, behind those on it."""
        sender, receiver = self.senders[number], self.decoders.choose(self.outstanding)
        if receiver is None:
            sender.free_context(attempt)
            attempt.end(now_s, Ending.FAILED, Reason.OUTAGE)
            return
        attempt.prefill_queue = number
        self.towards[attempt] = receiver
        sender.moving.append(attempt)
        sender.link_free_s = max(now_s, sender.link_free_s) + attempt.computed * self.transfer_s
        arrival = partial(self.deliver, sender=sender, attempt=attempt)
        self.world.schedule(sender.link_free_s, TIMER, arrival)

    def deliver(self, now_s: float, sender: StepwiseQueue, attempt: Attempt) -> None:
        """Lets an attempt stand where its context has arrived, unless one end broke."""
        if attempt not in sender.moving:
            return
        self.take_off(now_s, sender, attempt)
        attempt.delivered_s = now_s
        receiver = self.towards[attempt]
        if receiver.up or receiver.draining:
            receiver.stand(now_s, attempt)
        else:
            attempt.end(now_s, Ending.FAILED, Reason.OUTAGE)

    def take_off(self, now_s: float, sender: StepwiseQueue, attempt: Attempt) -> None:
        """Gives the sender its room back; an idle one looks whether somebody fits now."""
        sender.moving.remove(attempt)
        sender.free_context(attempt)
        if sender.step is None and sender.waiting:
            sender.plan(now_s)

    def cancel(self, now_s: float, attempt: Attempt) -> None:
        """Takes an attempt off its link at once, or out of the queue it is in."""
        for queue in self.senders + self.receivers:
            if attempt in queue.moving:
                attempt.given_up = True
                self.take_off(now_s, queue, attempt)
                attempt.end(now_s, Ending.CANCELLED)
            elif attempt in queue.preparing + queue.waiting + queue.running:
                queue.cancel(now_s, attempt)


class SplitWorld(OracleWorld):
    """The event loop, with one door for all arrivals."""

    def __init__(self, case: SplitCase) -> None:
        """Schedules everything the case says."""
        self.case = case
        super().__init__(case)

    @cached_property
    def split(self) -> Split:
        """Both pools."""
        return Split(self, self.case)

    def home_of(self, arrival: Arrival) -> Split:
        """The one door."""
        return self.split


def split_oracle_outcome(case: SplitCase) -> Outcome:
    """What the oracle says of a case."""
    return world_outcome(SplitWorld(case))


def split_kernel(case: SplitCase) -> Kernel:
    """A kernel of the case's group alone."""
    return Kernel([case.group], repeats_of(case))


def split_kernel_outcome(case: SplitCase) -> Outcome:
    """What the kernel says of a case."""
    kernel = split_kernel(case)
    drive(kernel, case)
    return outcome_of(kernel)
