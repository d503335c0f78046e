"""What the router asks its surroundings to do, and what it receives back: sans-I/O steps and events.

A step generator yields a `Step` and is resumed with the reply named in the step's docstring.
The simulator executes steps in virtual time, a live service in real time. What happened before
it was awaited is reported at once: no event is lost between two steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from router.decision import Verifier


class AttemptKind(IntEnum):
    """Why an attempt was made."""

    FIRST = 0
    RETRY = 1
    FALLBACK = 2
    ESCALATION = 3
    HEDGE = 4


class EventKind(IntEnum):
    """What happened to an attempt, or that the awaited instant came."""

    FIRST_TOKEN = 1
    COMPLETED = 2
    FAILED = 4
    TIMER = 8


@dataclass(frozen=True, slots=True)
class Step:
    """Base of everything a router can ask for."""


@dataclass(frozen=True, slots=True)
class Start(Step):
    """Begin an attempt at a target. Reply: its handle (int).

    With `follow` the request also ends as this attempt ends (`Follow`), without a further step:
    the generator is resumed only if the attempt fails. Reply then: `Event`.
    """

    target: int
    kind: AttemptKind = AttemptKind.FIRST
    follow: bool = False


@dataclass(frozen=True, slots=True)
class Await(Step):
    """Wait for one of the events in `interest` (a mask of `EventKind`) on one of the handles,
    or for virtual time `until_s`. A failure of one of the handles is always of interest. Reply: `Event`.
    """

    handles: tuple[int, ...]
    interest: int = EventKind.COMPLETED
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Follow(Step):
    """The request ends as this attempt ends. Resumed only if the attempt fails. Reply: `Event`."""

    handle: int


@dataclass(frozen=True, slots=True)
class Cancel(Step):
    """Give an attempt up; it stops at its next step boundary. Reply: None."""

    handle: int


@dataclass(frozen=True, slots=True)
class Verify(Step):
    """Judge a completed attempt's answer; takes the verifier's time. Reply: bool, accepted."""

    handle: int
    verifier: Verifier


@dataclass(frozen=True, slots=True)
class Sleep(Step):
    """Wait until virtual time `until_s`. Reply: None.

    Before resuming, the executor brings the fleet view up to date: the policy may decide again.
    """

    until_s: float


@dataclass(frozen=True, slots=True)
class Finish(Step):
    """Terminal: the answer of this completed attempt is the request's answer."""

    handle: int


@dataclass(frozen=True, slots=True)
class Fail(Step):
    """Terminal: no attempt succeeded; `reason` is the last failure's."""

    reason: str


@dataclass(frozen=True, slots=True)
class TurnAway(Step):
    """Terminal: the request is rejected without an attempt."""

    reason: str


TERMINAL = (Finish, Fail, TurnAway)
"""The steps that end a request."""


@dataclass(frozen=True, slots=True)
class Event:
    """What was awaited: the handle it concerns (-1 for a timer), what, when, and why it failed.

    `now_s` is when the steps receive it, which is later than it happened where nothing waited for it.
    `retry_after_s` is the provider's hint on a rate limit, `nan` without one. `first_token_seen`
    tells whether the caller already received output (such a failure is not retried silently).
    """

    handle: int
    kind: EventKind
    now_s: float
    reason: str = ""
    retry_after_s: float = float("nan")
    first_token_seen: bool = False


Reply: TypeAlias = Event | int | bool | None
"""What a step generator is resumed with; each step's docstring says which of these it gets."""
