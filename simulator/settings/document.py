"""The scenario file: its top-level keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.quantities import (
    Duration,
    Instant,
    Name,
    NonNegative,
    Pace,
    Part,
    Positive,
    Ratio,
    Span,
)
from simulator.settings.faults import FaultSettings
from simulator.settings.fleet import Deployment
from simulator.settings.router import RouterSettings
from simulator.settings.signals import SignalSettings
from simulator.settings.streams import WorkloadSettings

DEFAULT_START = datetime(2026, 11, 2, tzinfo=UTC)
LAST_MILE_S = {"edge": 0.005, "on_prem": 0.005, "dedicated": 0.015, "cloud": 0.015}
STEPS_PER_RUN = 288
"""Telemetry steps of a run that states none: five minutes of a day."""


class CatalogSettings(Part):
    """Which facts: an edition, and figures of one's own over it (kind, name, partial entry)."""

    edition: str = "measured"
    overrides: dict[str, dict[str, dict[str, object]]] = Field(default_factory=dict)


class LastMile(Part):
    """Round-trip seconds between users and the network of their region, by tier of the target."""

    edge: Duration = LAST_MILE_S["edge"]
    on_prem: Duration = LAST_MILE_S["on_prem"]
    dedicated: Duration = LAST_MILE_S["dedicated"]
    cloud: Duration = LAST_MILE_S["cloud"]


class Network(Part):
    """The way between users and targets. `egress_usd_per_gb` is what own capacity pays to answer."""

    last_mile: LastMile = LastMile()
    egress_usd_per_gb: NonNegative = 0.0
    bytes_per_output_token: Positive = 200.0


class FeedbackSettings(Part):
    """What routers hear of answers: of a share of the requests, some time after, whether they were right."""

    ratio: Ratio = 0.1
    delay: Duration = 600.0


class QualitySettings(Part):
    """How sharply ability decides, and how well the router can guess.

    `discrimination` of the item-response curve; `difficulty_noise` the standard deviation of the
    router's estimate of difficulty, logits; `router_auc` the ROC area of the router's score;
    `feedback` what it hears of the answers, nothing where left out;
    `outcomes` a table of recorded answers that replaces the curve. The keys after it say how it is read;
    without a table they must be left out.
    """

    discrimination: Positive = 1.7
    difficulty_noise: NonNegative = 0.8
    router_auc: Annotated[float, Field(ge=0.5, lt=1)] = 0.75
    feedback: FeedbackSettings | None = None
    outcomes: str | None = None
    outcome_models: dict[str, str] = Field(default_factory=dict)
    coverage: Literal["common", "per_model"] = "common"
    right_from: Annotated[float, Field(gt=0, le=1)] | None = None
    score: str | None = None
    score_scale: Literal["none", "rank"] = "none"


class TelemetrySettings(Part):
    """The step of timeline and metrics, the past instant of simulated time 0, a service's pace.

    With a `pace` a service shows the run as it would unfold, that many times faster; else at once.
    """

    step: Span | None = None
    epoch: Instant | None = None
    pace: Pace | None = None


class ScenarioSettings(Part):
    """A scenario as written, every default filled in."""

    name: Name
    description: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    start: Instant = DEFAULT_START
    duration: Span
    warmup: Duration = 0.0
    drain: Duration = 3_600.0
    catalog: CatalogSettings = CatalogSettings()
    workload: WorkloadSettings
    network: Network = Network()
    signals: SignalSettings = SignalSettings()
    fleet: Annotated[tuple[Deployment, ...], Field(min_length=1)]
    router: RouterSettings = RouterSettings()
    faults: tuple[FaultSettings, ...] = ()
    quality: QualitySettings = QualitySettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @model_validator(mode="after")
    def _warm_before_the_end(self) -> ScenarioSettings:
        """Something is left of the run after the warm-up."""
        if self.warmup >= self.duration:
            message = f"warmup {self.warmup:g}s leaves nothing of the duration {self.duration:g}s"
            raise ValueError(message)
        return self

    @property
    def telemetry_step_s(self) -> float:
        """Seconds between two samples."""
        return self.telemetry.step or self.duration / STEPS_PER_RUN
