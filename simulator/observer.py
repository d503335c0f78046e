"""The one port through which the outside watches a run."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Hears how far a run is; must be quick and must not raise."""

    def begin(self, total_s: float, label: str) -> None:
        """A run of `total_s` simulated seconds begins."""
        ...

    def advance(self, now_s: float, arrived: int) -> None:
        """The run has reached `now_s` and seen `arrived` requests."""
        ...

    def end(self) -> None:
        """The run is over, however it ended."""
        ...


class SilentObserver:
    """Watches without saying anything."""

    def begin(self, total_s: float, label: str) -> None:
        """Says nothing."""

    def advance(self, now_s: float, arrived: int) -> None:
        """Says nothing."""

    def end(self) -> None:
        """Says nothing."""
