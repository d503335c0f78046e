"""What an experiment finds, and how figures are said."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MB = 1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: what, how much, and what it is held to; `holds` is None where nothing is."""

    what: str
    found: str
    target: str = ""
    holds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An experiment: its title, what was done, its figures."""

    title: str
    done: str
    rows: Sequence[Row] = field(default_factory=tuple)


def below(what: str, value: float, most: float, unit: str) -> Row:
    """A figure that is to be below a target."""
    return Row(what=what, found=said(value, unit), target=f"< {most:g} {unit}", holds=value < most)


def exactly(what: str, value: int, expected: int) -> Row:
    """A count that is to be exactly so."""
    return Row(what=what, found=f"{value:,}", target=f"{expected:,}", holds=value == expected)


def plain(what: str, value: float, unit: str) -> Row:
    """A figure that is held to nothing."""
    return Row(what=what, found=said(value, unit))


def said(value: float, unit: str) -> str:
    """A figure with three digits that count, and its unit."""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"  # noqa: PLR2004  (three digits)


def quantile(values: Iterable[float], ratio: float) -> float:
    """The nearest-rank quantile."""
    ordered = sorted(values)
    return ordered[min(int(ratio * len(ordered)), len(ordered) - 1)]


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def pss_mb(processes: Iterable[int]) -> float:
    """Proportional set size of processes, megabytes; those that are gone have none."""
    return sum(map(of_process_kb, processes)) / MB


def of_process_kb(process: int) -> float:
    """Proportional set size of one process, kilobytes."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
