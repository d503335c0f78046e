"""What a driven kernel leaves behind, and what must hold while it runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from oracle.runs import drive, repeats_of, run_to
from simulator.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from oracle.cases import Case
    from simulator.kernel import GroupSpec

COUNTS = ("waiting", "running", "kv_used")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The ledger and the queues of a finished run."""

    rows: NDArray[np.void]
    queues: NDArray[np.void]
    groups: NDArray[np.void]


def account_of(groups: Sequence[GroupSpec], case: Case) -> Account:
    """Drives a case through groups, looking at the state before every command."""
    kernel = Kernel(groups, repeats_of(case))
    drive(kernel, case, check=assert_state_holds)
    assert_state_holds(kernel)
    return account(kernel)


def account(kernel: Kernel) -> Account:
    """What a kernel says now."""
    return Account(
        rows=kernel.ledger(),
        queues=np.array(kernel.queues),
        groups=np.array(kernel.groups),
    )


def assert_state_holds(kernel: Kernel) -> None:
    """Counts are never negative, limits never passed, and groups are the sums of their queues."""
    queues, groups = kernel.queues, kernel.groups
    for name in COUNTS:
        assert (queues[name] >= 0).all(), name
        sums = np.bincount(queues["group"], queues[name], len(groups))
        np.testing.assert_array_equal(groups[name], sums, name)
    assert (queues["running"] <= queues["capacity"]).all()
    batching = queues[queues["kind"] == 0]
    assert (batching["kv_used"] + batching["cached"] <= batching["kv_room"]).all()
    assert (batching["cached"] >= 0).all()
    assert not (batching["cached"] % 16).any()
    assert (queues["preparing"] >= 0).all()
    inside = queues["preparing"] + queues["waiting"] + queues["running"]
    assert (inside <= queues["outstanding"]).all()
    limited = queues[queues["queue_limit"] >= 0]
    places = limited["capacity"] + limited["queue_limit"]
    assert (inside[queues["queue_limit"] >= 0] <= places).all()


@dataclass(slots=True)
class CountArea:
    """Integrates a group's counter over time by looking at it just before every event."""

    kernel: Kernel
    group: int = 0
    now_s: float = 0.0
    areas: dict[str, float] = field(default_factory=dict)

    def look_through(self, instants: Sequence[float]) -> None:
        """Looks before each of the instants."""
        for at_s in instants:
            self.look_until(at_s)

    def look_until(self, at_s: float) -> None:
        """Brings the kernel to just before `at_s`, where nothing has changed since the last look."""
        run_to(self.kernel, math.nextafter(at_s, -math.inf))
        for name in ("outstanding", "waiting", "running"):
            self.count(name, float(self.kernel.groups[name][self.group]), at_s)
        mine = self.kernel.queues["group"] == self.group
        self.count("preparing", float(self.kernel.queues["preparing"][mine].sum()), at_s)
        self.now_s = at_s

    def count(self, name: str, height: float, at_s: float) -> None:
        """Adds what lies under a count since the last look."""
        self.areas[name] = self.areas.get(name, 0.0) + height * (at_s - self.now_s)
