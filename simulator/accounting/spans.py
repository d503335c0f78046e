"""What attempts took of their machines before, within and after the billed window.

A share of a span is a difference of two readings of running meters: those at the window's edges
(`Kernel.readings`) and the final ones of the ledger. Rules: docs/invariants.md, "Windows".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.attempts import work_began_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts

    Column = NDArray[np.float64]
    Rows = NDArray[np.void]

METERS = ("busy_s", "energy_j", "wasted_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributedWork:
    """By attempt, of one span: attributed seconds and joules, and the seconds of them that only
    computed something again; the work lies between `from_s` and `to_s`.
    """

    busy_s: Column
    energy_j: Column
    wasted_s: Column
    from_s: Column
    to_s: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkBySpan:
    """The work of all attempts: before the billed window, within it, and after it (the drain)."""

    before: AttributedWork
    window: AttributedWork
    after: AttributedWork


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReadings:
    """The billed window, and what was read at both of its ends of the attempts alive then.

    `busy_s` is each target's busy time between them, queue-seconds.
    """

    from_s: float
    to_s: float
    read_from: Rows
    read_to: Rows
    busy_s: Column


def spans_of(attempts: Attempts, edges: WindowReadings) -> WorkBySpan:
    """The attempts' work cut at the window's edges; the three parts add up to all of it."""
    final = {name: getattr(attempts, name) for name in METERS}
    by_end = readings(attempts, edges.read_to, edges.to_s, final)
    by_begin = readings(attempts, edges.read_from, edges.from_s, by_end)
    nothing = {name: np.zeros(len(attempts)) for name in METERS}
    return WorkBySpan(
        before=work(attempts, nothing, by_begin, -np.inf, edges.from_s),
        window=work(attempts, by_begin, by_end, edges.from_s, edges.to_s),
        after=work(attempts, by_end, final, edges.to_s, np.inf),
    )


def readings(attempts: Attempts, alive: Rows, at_s: float, later: dict[str, Column]) -> dict[str, Column]:
    """The meters of all attempts at one instant; none is above its `later` reading."""
    ended = attempts.left_s <= at_s
    found = {}
    for name in METERS:
        column = np.where(ended, getattr(attempts, name), 0.0)
        column[alive["number"]] = alive[name]
        found[name] = later[name] - still_to_come(later[name] - column, attempts.target)
    return found


def still_to_come(rises: Column, target: NDArray[np.int32]) -> Column:
    """What attempts' meters rise by after an instant, none below 0, each target's sum as it is.

    A step under way is read in equal parts but paid by cause: who ends with it may have been read
    too high, by less than a step; the others of its target make up for it.
    """
    if not (rises < 0.0).any():
        return rises
    risen = np.maximum(rises, 0.0)
    owed = np.bincount(target, weights=rises)
    there = np.bincount(target, weights=risen)
    ratio = np.divide(owed, there, out=np.zeros_like(owed), where=there > 0.0)
    return np.asarray(risen * np.clip(ratio, 0.0, 1.0)[target])


def work(
    attempts: Attempts, begin: dict[str, Column], end: dict[str, Column], from_s: float, to_s: float
) -> AttributedWork:
    """The work between two readings, at instants `from_s` and `to_s`."""
    return AttributedWork(
        **{name: end[name] - begin[name] for name in METERS},
        from_s=np.clip(work_began_s(attempts), from_s, to_s),
        to_s=np.clip(attempts.left_s, from_s, to_s),
    )
