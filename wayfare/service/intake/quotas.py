"""What each tenant uses of its limits: unfinished runs, and bytes sent within the hour."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from wayfare.service.errors import exhausted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wayfare.service.limits import TenantQuotas
    from wayfare.storage.store import RunRecord

HOUR_S = 3600.0


class TenantUsage:
    """What each tenant holds of its limits: counts kept as runs come and go."""

    def __init__(self, limits: TenantQuotas) -> None:
        """Nobody holds anything."""
        self._limits = limits
        self._runs: dict[str, dict[str, int]] = {}
        self._requests: Counter[str] = Counter()

    def take(self, record: RunRecord) -> None:
        """Counts a run for its tenant.

        Raises:
            RefusedError: the tenant may not have it now.
        """
        held = self._runs.setdefault(record.tenant, {})
        if len(held) >= self._limits.unfinished:
            exhausted(f"{len(held):,} runs wait or run; a tenant may have {self._limits.unfinished:,}")
        total, most = self._requests[record.tenant] + record.request_count, self._limits.unfinished_requests
        if total > most:
            exhausted(f"unfinished runs would simulate about {total:,} requests; a tenant may have {most:,}")
        self._hold(record)

    def take_all(self, records: Iterable[RunRecord]) -> None:
        """Counts runs that were accepted earlier, whatever the limits say."""
        for record in records:
            self._hold(record)

    def _hold(self, record: RunRecord) -> None:
        """Counts a run."""
        self._runs.setdefault(record.tenant, {})[record.run_id] = record.request_count
        self._requests[record.tenant] += record.request_count

    def give_back(self, record: RunRecord) -> None:
        """A run is over, or was not accepted."""
        held = self._runs.get(record.tenant, {})
        self._requests[record.tenant] -= held.pop(record.run_id, 0)
        if not held:
            self._runs.pop(record.tenant, None)
            del self._requests[record.tenant]

    def run_changed(self, record: RunRecord) -> None:
        """A listener: runs that are over are held no more."""
        if record.state.is_over:
            self.give_back(record)


class UploadRate:
    """Bytes that each tenant may send in an hour: a bucket that refills as time goes by."""

    def __init__(self, bytes_per_hour: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        """Full buckets."""
        self._most, self._clock_s = float(bytes_per_hour), clock_s
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, tenant: str, size_bytes: int) -> None:
        """Lets bytes in.

        Raises:
            RefusedError: the tenant has sent too many within the hour.
        """
        now_s = self._clock_s()
        left, then_s = self._left.get(tenant, (self._most, now_s))
        left = min(left + (now_s - then_s) * self._most / HOUR_S, self._most) - size_bytes
        if left < 0.0:
            wait_s = -left * HOUR_S / self._most
            exhausted(f"a tenant may upload {self._most:,.0f} bytes an hour; try again in {wait_s:.0f} s")
        self._left[tenant] = (left, now_s)
