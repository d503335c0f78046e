"""A store that lives as long as the process."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from wayfare.storage.store import RunRecord, RunState, has_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager


class MemoryStore:
    """Keeps runs in a map, in the order they were accepted."""

    def __init__(self) -> None:
        """Nothing kept."""
        self._runs: dict[str, RunRecord] = {}
        self._given = 0
        self._ordinals: Counter[str] = Counter()

    def together(self) -> AbstractContextManager[object]:
        """Writes are kept one by one: none of them can fail."""
        return nullcontext()

    def add(self, record: RunRecord) -> RunRecord:
        """The record as kept, or the earlier one of that request id."""
        known = self.asked(record.tenant, record.request_id) if record.request_id else None
        if known is not None:
            return known
        self._given += 1
        self._ordinals[record.tenant] += 1
        ordinal = self._ordinals[record.tenant]
        self._runs[record.run_id] = replace(record, number=self._given, ordinal=ordinal)
        return self._runs[record.run_id]

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id, if there is one."""
        return self._runs.get(run_id)

    def asked(self, tenant: str, request_id: str) -> RunRecord | None:
        """The run that a tenant's request id made, if there is one."""
        wanted = (tenant, request_id)
        return next((run for run in self._runs.values() if (run.tenant, run.request_id) == wanted), None)

    def put(self, record: RunRecord) -> None:
        """Keeps a changed run."""
        if record.run_id in self._runs:
            self._runs[record.run_id] = record

    def remove(self, run_id: str) -> None:
        """Forgets a run."""
        self._runs.pop(run_id, None)

    def page(
        self, tenant: str, states: Collection[RunState], labels: Mapping[str, str], before: int, size: int
    ) -> Sequence[RunRecord]:
        """A tenant's newest runs that meet the filters."""
        found = [
            record
            for record in reversed(list(self._runs.values()))
            if record.tenant == tenant and record.ordinal < before and record.state in states
        ]
        chosen = [record for record in found if has_labels(record, labels)][:size]
        return [replace(record, scenario_json="") for record in chosen]

    def unfinished(self) -> Sequence[RunRecord]:
        """Runs that wait or run, in the order they were accepted."""
        return [record for record in self._runs.values() if not record.state.is_over]

    def over(self) -> Sequence[tuple[str, float]]:
        """Ids of runs that are over and when they ended, oldest first."""
        ended = [(run.run_id, run.finished_s or 0.0) for run in self._runs.values() if run.state.is_over]
        return sorted(ended, key=lambda one: one[1])

    def close(self) -> None:
        """Nothing to let go of."""
