"""Runs that wait for a slot: tenants take turns, each in the order of its own runs."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from wayfare.storage.store import RunRecord


class FairQueue:
    """A fair queue; every operation takes the same time however many runs wait."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._tenants: OrderedDict[str, OrderedDict[str, RunRecord]] = OrderedDict()

    def __len__(self) -> int:
        """How many runs wait."""
        return sum(map(len, self._tenants.values()))

    def __bool__(self) -> bool:
        """Whether a run waits."""
        return bool(self._tenants)

    def add(self, record: RunRecord) -> None:
        """Lets a run wait behind its tenant's others."""
        self._tenants.setdefault(record.tenant, OrderedDict())[record.run_id] = record

    def take(self, may_run: Callable[[str], bool] = lambda _tenant: True) -> RunRecord | None:
        """The next run of a tenant that may run one; its turn comes again after the others'."""
        tenant = next((name for name in self._tenants if may_run(name)), None)
        if tenant is None:
            return None
        runs = self._tenants.pop(tenant)
        _run_id, record = runs.popitem(last=False)
        if runs:
            self._tenants[tenant] = runs
        return record

    def put_back(self, record: RunRecord) -> None:
        """Lets a run wait before its tenant's others: it had its turn and could not run."""
        self.add(record)
        self._tenants[record.tenant].move_to_end(record.run_id, last=False)

    def drop(self, record: RunRecord) -> None:
        """Takes a run out; nothing where it does not wait."""
        runs = self._tenants.get(record.tenant, OrderedDict())
        runs.pop(record.run_id, None)
        if not runs:
            self._tenants.pop(record.tenant, None)
