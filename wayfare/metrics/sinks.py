"""The one way out: a run's stamped series go to a sink, whatever becomes of them there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wayfare.metrics.time_axis import timestamps_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wayfare.metrics.families import Family, Label, Row
    from wayfare.metrics.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSamples:
    """A run's families with the labels that all their series have, and the instants of the steps."""

    common: tuple[Label, ...]
    t_ms: NDArray[np.int64]
    families: Sequence[Family]

    def labels(self, row: Row) -> tuple[Label, ...]:
        """All labels of a series."""
        return (*self.common, *row.labels)

    @property
    def count(self) -> int:
        """Number of samples."""
        return sum(int(np.count_nonzero(~np.isnan(family.values))) for family in self.families)

    def told(self) -> str:
        """What these samples are, in a line."""
        names = dict(self.common)
        first, last = (
            datetime.fromtimestamp(t_ms / 1e3, UTC).isoformat() for t_ms in self.t_ms[[0, -1]].tolist()
        )
        return f"{self.count:,} samples of run {names['run']!r} ({names['policy']}), {first} to {last}"


class SampleSink(Protocol):
    """Takes runs, one after the other, whole."""

    def take(self, samples: RunSamples) -> None:
        """Takes a run's samples; raises where they cannot be taken, in words for whoever asked."""
        ...


def stamped(recording: Recording, run: str) -> RunSamples:
    """A recording on the wall clock's axis, under a name.

    Raises:
        FutureEpochError: its epoch lies too late.
    """
    common = (("run", run), ("policy", recording.policy))
    return RunSamples(common=common, t_ms=timestamps_ms(recording), families=recording.families)
