"""Integer codes of the kernel's records and events."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

NONE: Final = -1

BATCHING: Final = 0
SERVERS: Final = 1

IDLE: Final = 0
STEP: Final = 1
LEAP: Final = 2

FREE: Final = 0
TRAVELLING: Final = 1
WAITING: Final = 2
PREFILL: Final = 3
DECODE: Final = 4
SERVING: Final = 5
RETURNING: Final = 6
MOVING: Final = 7
PREPARING: Final = 8

ARRIVE: Final = 1
SERVER_FIRST: Final = 2
SERVER_DONE: Final = 3
NOTICE_FIRST: Final = 4
NOTICE_DONE: Final = 5
NOTICE_FAILED: Final = 6
DELIVERY: Final = 7
PREPARED: Final = 8

LEAST_OUTSTANDING: Final = 0
ROUND_ROBIN: Final = 1
RANDOM: Final = 2
SESSION_AFFINITY: Final = 3

ALREADY_FINAL: Final = 0
REMOVED: Final = 1
STOPS_AT_BOUNDARY: Final = 2

NO_SLOT: Final = -1
NO_ROOM: Final = -1

# columns of the counters array
FREE_SLOT: Final = 0
TIMER_COUNT: Final = 1
TIMER_ORDER: Final = 2
OUTBOX_COUNT: Final = 3
LEDGER_COUNT: Final = 4
HEAP_COUNT: Final = 5
MARGIN: Final = 6
NEXT_NUMBER: Final = 7
LEAP_COUNT: Final = 8
PREFIX_COUNT: Final = 9
PREFIX_FREE: Final = 10
COUNTER_COUNT: Final = 11

BLOCK_TOKENS: Final = 16
"""Prefix caches hold full blocks of so many tokens."""


class Ending(IntEnum):
    """How an attempt ended."""

    COMPLETED = 1
    CANCELLED = 2
    FAILED = 3
    UNFINISHED = 4


class Reason(IntEnum):
    """Why an attempt failed."""

    NONE = 0
    QUEUE_FULL = 1
    TOO_LARGE = 2
    RATE_LIMIT = 3
    OVERLOADED = 4
    SERVER_ERROR = 5
    OUTAGE = 6
    CONTEXT_LENGTH = 7
    CONNECTION = 8


REASON_NAMES: Final = tuple(reason.name.lower() for reason in Reason)
