"""The service's metrics put together: its own, and those of the runs it publishes."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from wayfare.metrics.calls import CallMetrics
from wayfare.metrics.endpoint import MetricsServer
from wayfare.metrics.page import Page
from wayfare.metrics.publisher import FAILED, TAKEN, Publisher
from wayfare.metrics.vllm import with_vllm
from wayfare.storage.store import RunState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wayfare.metrics.sinks import RunSamples, SampleSink
    from wayfare.storage.store import RunListener, RunRecord, RunStore

PUBLISHED = 8
PATIENCE_S = 2.0
PAGE, PUSH = "page", "remote_write"
MARKS = {PUSH: "remote-write.pending"}
"""Files that say that a run is still to be handed to an outlet; the page needs none, it is made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Where metrics are served, how many runs are published at once, and to whom they are pushed."""

    address: str
    published: int = PUBLISHED
    remote_write: str = ""
    vllm: bool = False

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The address in its parts."""
        host, _colon, port = self.address.rpartition(":")
        return host.strip("[]"), int(port)


class RunStateCounter:
    """Listens to runs and counts them by the state they are in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Every state is there, none has runs."""
        gauge = Gauge(
            "wayfare_runs", "Runs since the service started, by state.", ("state",), registry=registry
        )
        self._states: dict[str, RunState] = {}
        self._tally: Tally[RunState] = Tally()
        for state in RunState:
            gauge.labels(state.value).set_function(partial(self._tally.__getitem__, state))

    def run_changed(self, record: RunRecord) -> None:
        """Moves a run to the state it is in; what is over is only counted."""
        before = self._states.pop(record.run_id, None)
        if before is not None:
            self._tally[before] -= 1
        self._tally[record.state] += 1
        if not record.state.is_over:
            self._states[record.run_id] = record.state


class ServiceMetrics:
    """What a server needs to be watched: listeners of runs, an interceptor of calls, a page."""

    def __init__(self, settings: MetricsSettings, runs: Path) -> None:
        """Watches; the page is not yet served.

        Raises:
            WrongAddressError: the remote-write URL is none.
        """
        disable_created_metrics()  # type: ignore[no-untyped-call]  # ships no types
        self._settings, self._runs = settings, runs
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._page = Page(settings.published, runs)
        self._outcomes = Counter(
            "wayfare_published_runs",
            "Runs handed to an outlet.",
            ("outlet", "outcome"),
            registry=self._registry,
        )
        self._behind = Gauge(
            "wayfare_published_runs_waiting",
            "Runs that an outlet has not taken yet.",
            ("outlet",),
            registry=self._registry,
        )
        self._shown = self._publisher(PAGE, self._page, runs)
        self._publishers = (self._shown, *self._pushed(runs))
        self.listeners: tuple[RunListener, ...] = (RunStateCounter(self._registry), *self._publishers)
        self.interceptor = CallMetrics(self._registry)
        self._endpoint: MetricsServer | None = None

    def _publisher(self, outlet: str, sink: SampleSink, runs: Path) -> Publisher:
        """A publisher to a sink, its outcomes counted."""
        for outcome in (TAKEN, FAILED):
            self._outcomes.labels(outlet, outcome)
        made = Publisher(
            runs,
            sink,
            self._view,
            lambda outcome: self._outcomes.labels(outlet, outcome).inc(),
            MARKS.get(outlet, ""),
        )
        self._behind.labels(outlet).set_function(lambda: made.waiting_count)
        return made

    def _pushed(self, runs: Path) -> Iterator[Publisher]:
        """A publisher to the receiver, where one is named; nothing waits for it."""
        if self._settings.remote_write:
            from wayfare.metrics.remote_write.client import RemoteWriter

            yield self._publisher(PUSH, RemoteWriter(url=self._settings.remote_write), runs)

    def _view(self, samples: RunSamples) -> RunSamples:
        """The samples, with vLLM's names as well where that was asked for."""
        return with_vllm(samples) if self._settings.vllm else samples

    def open(self, store: RunStore) -> int:
        """Serves the page, earlier runs included; the port.

        Raises:
            OSError: the address is not available.
        """
        self._endpoint = MetricsServer(*self._settings.host_and_port, self.text)
        self._shown.restore(store, self._settings.published)
        for pushed in self._publishers[1:]:
            pushed.resume(store)
        return int(self._endpoint.server_address[1])

    def text(self) -> str:
        """The whole page."""
        self._page.keep(lambda run: (self._runs / run).is_dir())
        return generate_latest(self._registry).decode() + self._page.text()

    def close(self) -> None:
        """Serves and publishes no more."""
        for publisher in self._publishers:
            publisher.stop(PATIENCE_S)
        if self._endpoint is not None:
            self._endpoint.stop()
