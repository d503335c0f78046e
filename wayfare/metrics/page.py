"""Published runs as part of a page that is scraped: at once, or replayed at a pace."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, replace
from math import isnan
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import MS_PER_S
from wayfare.metrics.text import series_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wayfare.metrics.families import MetricFamily, SeriesKey
    from wayfare.metrics.sinks import RunSamples


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRun:
    """A published run; `names` are its series as text, by family and in order of the values."""

    samples: RunSamples
    names: dict[str, list[str]]

    def step(self, now_s: float) -> int:
        """The last step that is shown at a time of the wall clock."""
        samples = self.samples
        if samples.pace_ratio is None:
            return len(samples.t_ms) - 1
        reached_ms = (now_s - samples.shown_from_s) * samples.pace_ratio * MS_PER_S
        found = np.searchsorted(samples.t_ms - samples.t_ms[0], reached_ms, side="right")
        return max(int(found) - 1, 0)

    def lines(self, family: MetricFamily, step: int) -> str:
        """The run's samples of a family at a step; what is nan has no line."""
        values = family.values[:, :, step].ravel().tolist()
        known = zip(self.names[family.name], values, strict=True)
        return "".join([f"{name} {value!r}\n" for name, value in known if not isnan(value)])


class Page:
    """A sink whose runs can be scraped; the newest `most` of them, older ones make room.

    Runs without a pace are there as they ended; one with a pace is replayed from the instant it
    was published: its counters grow with the wall clock, that many times faster; meanwhile its
    steps lie in a file without a name in `spool`. May be used from several threads.
    """

    def __init__(self, most: int, spool: Path, clock: Callable[[], float] = time.time) -> None:
        """Shows nothing."""
        self._most, self._spool, self._clock = most, spool, clock
        self._runs: dict[str, PublishedRun] = {}
        self._lock = threading.Lock()

    def take(self, samples: RunSamples) -> None:
        """Shows a run, in the place of an older one of its name.

        Raises:
            OSError: the steps of a paced run find no place on the disk.
        """
        kept = ended(samples) if samples.pace_ratio is None else on_disk(samples, self._spool)
        names = {
            family.name: [series_text(row.name, samples.labels(row)) for row in rows(family)]
            for family in kept.families
        }
        with self._lock:
            self._runs.pop(samples.run, None)
            self._runs[samples.run] = PublishedRun(samples=kept, names=names)
            for name in list(self._runs)[: -self._most]:
                del self._runs[name]

    def keep(self, exists: Callable[[str], bool]) -> None:
        """Drops the runs that no longer exist."""
        with self._lock:
            self._runs = {name: shown for name, shown in self._runs.items() if exists(name)}

    @property
    def runs(self) -> tuple[str, ...]:
        """The names of what is shown, oldest first."""
        with self._lock:
            return tuple(self._runs)

    def text(self) -> str:
        """Every shown run as it stands now, in Prometheus' text format, families together."""
        with self._lock:
            shown = list(self._runs.values())
        now_s = self._clock()
        steps = [run.step(now_s) for run in shown]
        parts: dict[str, list[str]] = {}
        for run, step in zip(shown, steps, strict=True):
            for family in run.samples.families:
                part = parts.setdefault(family.name, [head_of(family)])
                part.append(run.lines(family, step))
        return "".join(text for part in parts.values() for text in part)


def rows(family: MetricFamily) -> Iterator[SeriesKey]:
    """Every series of a family, in order of its values."""
    for key in range(len(family.keys)):
        yield from family.rows_of(key)


def head_of(family: MetricFamily) -> str:
    """What stands above a family."""
    return f"# HELP {family.name} {family.text}\n# TYPE {family.name} {family.kind}\n"


def ended(samples: RunSamples) -> RunSamples:
    """The samples of the last step alone."""
    families = [replace(family, values=family.values[:, :, -1:].copy()) for family in samples.families]
    return replace(samples, t_ms=samples.t_ms[-1:], families=families)


def on_disk(samples: RunSamples, spool: Path) -> RunSamples:
    """The same samples in a mapped file, a step after the other: memory holds what is looked at.

    Everything is written before it is mapped: a full disk is an `OSError`, not a signal.
    """
    families = []
    with TemporaryFile(dir=spool) as file:
        for family in samples.families:
            by_step = np.ascontiguousarray(np.moveaxis(family.values, 2, 0))
            begin = file.tell()
            file.write(by_step.data)
            file.flush()
            held = np.memmap(file, np.float64, "r", offset=begin, shape=by_step.shape)
            file.seek(0, os.SEEK_END)
            families.append(replace(family, values=np.moveaxis(held, 0, 2)))
    return replace(samples, families=families)
