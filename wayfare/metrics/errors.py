"""What can be wrong with recordings, and with those who take samples."""

from __future__ import annotations


class MetricsError(Exception):
    """Anything about simulated metrics; the message is shown to the user."""


class NoRecordingError(MetricsError, ValueError):
    """A folder without a recording that this version can read."""


class FutureEpochError(MetricsError, ValueError):
    """An epoch from which the run would reach beyond the clock."""


class TooManySeriesError(MetricsError, ValueError):
    """A run with more series than a page may have of one."""


class WrongAddressError(MetricsError, ValueError):
    """An address that samples cannot be sent to."""


class PushRejectedError(MetricsError, OSError):
    """A receiver that did not take the samples; whether it may take the same ones later."""

    def __init__(self, text: str, *, is_retryable: bool = False) -> None:
        """Keeps both."""
        super().__init__(text)
        self.is_retryable = is_retryable
