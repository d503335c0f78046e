"""Where simulated time lies on the wall clock: always in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import MS_PER_S
from wayfare.metrics.errors import FutureEpochError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wayfare.metrics.recording import MetricsRecording

YEAR_OF_WEEKS = timedelta(weeks=52)
"""Moves an instant and leaves its weekday and its hour."""


def epoch_of(recording: MetricsRecording, now: datetime) -> datetime:
    """The instant of simulated second 0: the stated epoch, or the start, moved back by as many
    times 52 weeks as bring the run's end to `now` or before.

    Raises:
        FutureEpochError: the stated epoch is too late for that.
    """
    length = timedelta(seconds=float(recording.t_s[-1]))
    if recording.epoch is None:
        ahead = recording.start + length - now
        return recording.start - max(ceil(ahead / YEAR_OF_WEEKS), 0) * YEAR_OF_WEEKS
    if recording.epoch + length > now:
        message = (
            f"telemetry.epoch {recording.epoch.isoformat()} puts the run's end at "
            f"{(recording.epoch + length).isoformat()}, ahead of the clock; Prometheus takes the past only"
        )
        raise FutureEpochError(message)
    return recording.epoch


def timestamps_ms(recording: MetricsRecording) -> NDArray[np.int64]:
    """Milliseconds since 1970 of every step.

    Raises:
        FutureEpochError: see `epoch_of`.
    """
    epoch_s = epoch_of(recording, datetime.now(UTC)).timestamp()
    return np.rint((epoch_s + recording.t_s) * MS_PER_S).astype(np.int64)
