"""The progress bar: an observer of runs, shown when a run takes more than two seconds."""

from __future__ import annotations

import sys
import time

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from simulator.observer import Observer, SilentObserver
from wayfare.render.terminal.console import console

PATIENCE_S = 2.0


def observer(*, quiet: bool) -> Observer:
    """A progress bar on stderr, or nothing where that is no terminal."""
    return SilentObserver() if quiet or not sys.stderr.isatty() else ProgressBar()


class ProgressBar:
    """Shows how far a run is, once it has lasted two seconds."""

    def __init__(self) -> None:
        """Nothing begun."""
        self._progress: Progress | None = None
        self._began_s = 0.0
        self._total_s = 1.0
        self._label = ""

    def begin(self, total_s: float, label: str) -> None:
        """Notes the start."""
        self._began_s = time.monotonic()
        self._total_s, self._label = total_s, label

    def advance(self, now_s: float, arrived: int) -> None:
        """Moves the bar; shows it first when the run has lasted long enough."""
        if self._progress is None and time.monotonic() - self._began_s > PATIENCE_S:
            self._progress = bar()
            self._progress.add_task(self._label, total=self._total_s)
            self._progress.start()
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=now_s, arrived=arrived)

    def end(self) -> None:
        """Takes the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def bar() -> Progress:
    """A bar on stderr that leaves nothing behind."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console(sys.stderr), transient=True)
