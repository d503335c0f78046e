"""A small client of Prometheus' remote write: batches, patience where it helps, honest errors."""

from __future__ import annotations

import base64
import http.client
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import cramjam

from simulator.observer import SilentObserver
from wayfare import installed_version
from wayfare.metrics.errors import PushRejectedError, WrongAddressError
from wayfare.metrics.remote_write.wire import batches

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from simulator.observer import Observer
    from wayfare.metrics.sinks import RunSamples

BATCH = 50_000
TIMEOUT_S = 30.0
TRIES = 6
FIRST_WAIT_S, MOST_WAIT_S = 0.5, 15.0
UNREACHED, OK, TOO_MANY, SERVER_ERRORS = 0, 200, 429, 500
MOST_TEXT = 400
USELESS = ("out of order", "out of bounds", "too old sample", "too far in the future", "duplicate sample")
"""What a receiver says when no repetition will help; Prometheus 2.42 says so with a 500."""
OLD = (
    "start Prometheus with `storage.tsdb.out_of_order_time_window` wide enough to reach back to the run's "
    "epoch (e.g. 10y)"
)
TAKEN = "another run of this name holds other values at these instants: give --run another name"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverResponse:
    """What a receiver answered: status 0 where it could not be reached."""

    status: int
    text: str
    retry_after_s: float = 0.0

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may be taken later."""
        if self.status and any(phrase in self.text for phrase in USELESS):
            return False
        return self.status in (UNREACHED, TOO_MANY) or self.status >= SERVER_ERRORS


@dataclass(slots=True, kw_only=True)
class RemoteWriter:
    """A sink that sends runs to a receiver; one connection, kept open.

    `token` is sent as a bearer token. `sleep` waits between tries.
    """

    url: str
    token: str = field(default="", repr=False)
    observer: Observer = field(default_factory=SilentObserver)
    sleep: Callable[[float], None] = time.sleep
    batch: int = BATCH
    _connection: http.client.HTTPConnection | None = None

    def __post_init__(self) -> None:
        """Refuses what is no address.

        Raises:
            WrongAddressError: the URL is not of the form http(s)://host[:port]/path.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = f"remote-write URL {self.url!r} is not http(s)://host[:port]/path"
            raise WrongAddressError(message)

    def take(self, samples: RunSamples) -> None:
        """Sends all samples of a run.

        Raises:
            NotTakenError: says how many were taken before, and what the receiver said.
        """
        sent = 0
        self.observer.begin(float(samples.count), "samples")
        try:
            for count, message in batches(samples, self.batch):
                self._deliver(bytes(cramjam.snappy.compress_raw(message)), sent)
                sent += count
                self.observer.advance(float(sent), sent)
        finally:
            self.observer.end()
            self._hang_up()

    def _deliver(self, body: bytes, sent: int) -> None:
        """Sends one batch until it is taken, or until that is hopeless."""
        wait_s = FIRST_WAIT_S
        for tries in range(1, TRIES + 1):
            answer = self._post(body)
            if OK <= answer.status < OK + 100:
                return
            if not answer.is_retryable or tries == TRIES:
                text = push_error(answer, self._place(), sent, tries)
                raise PushRejectedError(text, is_retryable=answer.is_retryable)
            self.sleep(min(max(wait_s, answer.retry_after_s), MOST_WAIT_S))
            wait_s *= 2.0

    def _post(self, body: bytes) -> ReceiverResponse:
        """One try."""
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            self._connection = self._connection or connection_to(parts)
            self._connection.request("POST", path, body, self._headers(parts))
            response = self._connection.getresponse()
            text = response.read().decode(errors="replace").strip()[:MOST_TEXT]
        except (OSError, http.client.HTTPException) as error:
            self._hang_up()
            return ReceiverResponse(status=UNREACHED, text=str(error) or type(error).__name__)
        return ReceiverResponse(
            status=response.status, text=text, retry_after_s=seconds(response.getheader("Retry-After"))
        )

    def _headers(self, parts: SplitResult) -> dict[str, str]:
        """The protocol's headers, and who we are."""
        headers = {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "User-Agent": f"wayfare/{installed_version()}",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return headers

    def _place(self) -> str:
        """The receiver's address without what is secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def _hang_up(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connection_to(parts: SplitResult) -> http.client.HTTPConnection:
    """A connection, not yet open."""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)


def seconds(text: str | None) -> float:
    """What a `Retry-After` header asks for; dates are not understood and ask for nothing."""
    return float(text) if text is not None and text.isdecimal() else 0.0


def push_error(answer: ReceiverResponse, place: str, sent: int, tries: int) -> str:
    """What went wrong, and what can be done about it."""
    said = (
        f"answered {answer.status}: {answer.text}" if answer.status else f"cannot be reached: {answer.text}"
    )
    after = f" (tried {tries} times)" if tries > 1 else ""
    advice = ""
    if "duplicate sample" in answer.text:
        advice = f"; {TAKEN}"
    elif any(phrase in answer.text for phrase in USELESS):
        advice = f"; {OLD}"
    elif answer.status == http.HTTPStatus.NOT_FOUND:
        advice = "; start Prometheus with --web.enable-remote-write-receiver; its path is /api/v1/write"
    return f"{place} {said}{after}; {sent:,} samples were taken before{advice}"
