"""What one tenant, and one run, may have; and how many streams each tenant has open."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wayfare.service.errors import exhausted

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_BYTES = 4 * 1024**3
"""Memory that a run may take."""
MOST_LABELS = 64
"""Labels of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantQuotas:
    """What one tenant may have: unfinished runs and the requests they simulate, traces, open streams.

    `stream_patience_s` is how long a stream waits for its caller: for the next piece of an upload, or
    until an answer is taken.
    """

    unfinished: int = 10_000
    unfinished_requests: int = 2_000_000_000
    trace_bytes: int = 200_000_000
    trace_bytes_per_hour: int = 2_000_000_000
    watches: int = 5_000
    record_streams: int = 8
    uploads: int = 8
    decide_streams: int = 100
    stream_patience_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Runs at the same time, of all tenants and of one, and what each may take: seconds and memory."""

    slots: int = 2
    slots_per_tenant: int = 2
    wall_s: float = 7_200.0
    memory_bytes: int = RUN_BYTES


class OpenStreams:
    """Counts each tenant's open streams of one kind."""

    def __init__(self, kind: str, most: int) -> None:
        """None is open."""
        self._kind, self._most = kind, most
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, tenant: str) -> Iterator[None]:
        """Holds a stream open.

        Raises:
            RefusedError: the tenant has as many as it may have.
        """
        if self._open[tenant] >= self._most:
            exhausted(f"{self._most:,} {self._kind} are open; a tenant may have no more at once")
        self._open[tenant] += 1
        try:
            yield
        finally:
            self._open[tenant] -= 1
