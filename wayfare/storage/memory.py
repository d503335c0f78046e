"""A store that lives as long as the process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wayfare.storage.store import RunRecord, RunState, has_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class MemoryStore:
    """Keeps runs in a map, in the order they were accepted."""

    def __init__(self) -> None:
        """Nothing kept."""
        self._runs: dict[str, RunRecord] = {}
        self._given = 0

    def add(self, record: RunRecord) -> RunRecord:
        """The record as kept, or the earlier one of that request id."""
        if record.request_id:
            wanted = (record.tenant, record.request_id)
            for known in self._runs.values():
                if (known.tenant, known.request_id) == wanted:
                    return known
        self._given += 1
        self._runs[record.run_id] = replace(record, number=self._given)
        return self._runs[record.run_id]

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id, if there is one."""
        return self._runs.get(run_id)

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
            for record in reversed(self._runs.values())
            if record.tenant == tenant and record.number < before and record.state in states
        ]
        return [record for record in found if has_labels(record, labels)][:size]

    def unfinished(self) -> Sequence[RunRecord]:
        """Runs that wait or run, in the order they were accepted."""
        return [record for record in self._runs.values() if not record.state.is_over]

    def waiting_count(self, tenant: str) -> int:
        """How many of a tenant's runs wait or run."""
        return sum(record.tenant == tenant for record in self.unfinished())

    def close(self) -> None:
        """Nothing to let go of."""
