"""What the kernel and the oracle are both asked to do: specs, arrivals and commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.kernel import BatchingSpec, ServersSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One attempt that reaches queue `queue` at `ready_s`.

    `segments` are (key, tokens) of its prompt from the beginning; `history` as in `Repeats`.
    """

    ready_s: float
    prompt: int
    output: int
    queue: int = 0
    priority: int = 0
    first_delay_s: float = 0.0
    duration_s: float = 0.0
    session: int = -1
    history: int = -1
    segments: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Somebody gives up an attempt (its place in the case's arrivals) at `at_s`."""

    at_s: float
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A queue breaks at `at_s`."""

    at_s: float
    queue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A broken queue takes work again from `at_s` on."""

    at_s: float
    queue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """A queue works `factor` times as long from the first boundary after `at_s` on."""

    at_s: float
    queue: int
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """A queue lets nobody in from `at_s` on, and serves those it has."""

    at_s: float
    queue: int


Command = Cancel | Outage | Repair | Slow | Drain


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Queues (each its own group), arrivals in order of submission, commands in order of time.

    With `close_s` the run is closed at that instant; without it, it drains.
    """

    queues: tuple[BatchingSpec | ServersSpec, ...]
    arrivals: tuple[Arrival, ...]
    commands: tuple[Command, ...] = ()
    close_s: float | None = None
