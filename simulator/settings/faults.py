"""The faults of a scenario: what goes wrong, where, when and for how long, in virtual time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.quantities import Count, Duration, Part, Ratio, Span

PLACES = ("deployment", "replica", "region", "provider")

SlowFactor = Annotated[float, Field(gt=1, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
SomeRatio = Annotated[float, Field(gt=0, le=1)]


class FaultTarget(Part):
    """What a fault affects; a bare text is a deployment, or with `/i` one of its replicas."""

    deployment: str | None = None
    replica: str | None = None
    region: str | None = None
    provider: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        """A bare text names a deployment or a replica."""
        if not isinstance(value, str):
            return value
        return {"replica" if "/" in value else "deployment": value}

    @model_validator(mode="after")
    def _one_place(self) -> FaultTarget:
        """Exactly one place."""
        given = [name for name in PLACES if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"give exactly one of {', '.join(PLACES)}; found: {', '.join(given) or 'none'}"
            raise ValueError(message)
        return self

    @property
    def place(self) -> str:
        """Which kind of place it is."""
        return next(name for name in PLACES if getattr(self, name) is not None)

    @property
    def name(self) -> str:
        """The place's name."""
        return str(getattr(self, self.place))

    @property
    def label(self) -> str:
        """The place in words."""
        return self.name if self.place in ("deployment", "replica") else f"{self.place} {self.name}"


class Window(Part):
    """From `at` on, for `duration`."""

    at: Duration
    duration: Span


class Outage(Window):
    """Everything there fails and is refused."""

    kind: Literal["outage"]
    target: FaultTarget


class BrownOut(Window):
    """Work takes `factor` times as long, and `failure_ratio` of the attempts fail."""

    kind: Literal["brown_out"]
    target: FaultTarget
    factor: Factor = 2.0
    failure_ratio: Ratio = 0.0


class SlowReplica(Window):
    """Work takes `factor` times as long."""

    kind: Literal["slow_replica"]
    target: FaultTarget
    factor: SlowFactor


class ErrorRate(Window):
    """`failure_ratio` of the attempts fail with a server error."""

    kind: Literal["error_rate"]
    target: FaultTarget
    failure_ratio: SomeRatio


class RateLimitStorm(Window):
    """The provider's rate limits shrink to `factor` of what they are."""

    kind: Literal["rate_limit_storm"]
    target: FaultTarget
    factor: Fraction


class Partition(Window):
    """Requests between two regions do not get through: they fail after `timeout`."""

    kind: Literal["partition"]
    between: tuple[str, str]
    timeout: Duration = 5.0


class SpotLoss(Window):
    """Rented replicas are announced at `at` and taken away after `notice`; back after `duration`.

    `replicas` of each deployment, those of the lowest numbers; all where it is left out.
    """

    kind: Literal["spot_loss"]
    target: FaultTarget
    notice: Duration = 120.0
    replicas: Count | None = None


class Maintenance(Window):
    """No new work from `at` on; down after `notice`, for `duration`."""

    kind: Literal["maintenance"]
    target: FaultTarget
    notice: Duration = 0.0


class RandomOutage(Part):
    """Every replica fails by itself: exponential times between failures and to repair."""

    kind: Literal["random_outage"]
    target: FaultTarget
    mtbf: Span
    mttr: Span


PlacedFault = Outage | BrownOut | SlowReplica | ErrorRate | RateLimitStorm | SpotLoss | Maintenance
TimedFault = PlacedFault | Partition
FaultSettings = Annotated[TimedFault | RandomOutage, Field(discriminator="kind")]
