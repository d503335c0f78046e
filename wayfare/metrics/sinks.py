"""The one way out: a run's stamped series go to a sink, whatever becomes of them there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wayfare.metrics.recording import bounds
from wayfare.metrics.time_axis import timestamps_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wayfare.metrics.families import Label, MetricFamily, SeriesKey
    from wayfare.metrics.recording import MetricsRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSamples:
    """A run's families, and the instants of the steps; all series are of the run and the policy.

    Whoever shows the run as it unfolds begins at `shown_from_s` (since 1970) and lets `pace_ratio`
    simulated seconds pass in each; None shows it as it ended.
    """

    run: str
    policy: str
    t_ms: NDArray[np.int64]
    families: Sequence[MetricFamily]
    pace_ratio: float | None = None
    shown_from_s: float = 0.0

    def labels(self, row: SeriesKey) -> tuple[Label, ...]:
        """All labels of a series."""
        return (("run", self.run), ("policy", self.policy), *row.labels)

    @property
    def count(self) -> int:
        """Number of samples."""
        return sum(int(np.count_nonzero(~np.isnan(family.values))) for family in self.families)

    @property
    def series_count(self) -> int:
        """Number of series."""
        return sum(family.values.shape[0] * family.values.shape[1] for family in self.families)

    def told(self) -> str:
        """What these samples are, in a line."""
        first, last = (
            datetime.fromtimestamp(t_ms / 1e3, UTC).isoformat() for t_ms in self.t_ms[[0, -1]].tolist()
        )
        return f"{self.count:,} samples of run {self.run!r} ({self.policy}), {first} to {last}"


class SampleSink(Protocol):
    """Takes runs, one after the other, whole."""

    def take(self, samples: RunSamples) -> None:
        """Takes a run's samples; raises where they cannot be taken, with a message for the caller."""
        ...


def stamped(recording: MetricsRecording, run: str, shown_from_s: float = 0.0) -> RunSamples:
    """A recording on the wall clock's axis, under a name.

    Raises:
        FutureEpochError: its epoch lies too late.
    """
    t_ms = timestamps_ms(recording)
    return RunSamples(
        run=run,
        policy=recording.policy,
        t_ms=t_ms,
        families=(*recording.families, *bounds(t_ms)),
        pace_ratio=recording.pace_ratio,
        shown_from_s=shown_from_s,
    )
