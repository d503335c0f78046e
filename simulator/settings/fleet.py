"""The fleet part of a scenario: deployments, one back-end each, and what they are paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.views.fleet import Tier
from simulator.quantities import (
    ClockTime,
    Count,
    Duration,
    Name,
    NonNegative,
    Part,
    Positive,
    Ratio,
    Seconds,
    Span,
)
from simulator.settings.engine import EngineSettings, Hardware, QueueLimit

Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Plan = Literal["pay_as_you_go", "batch", "provisioned"]
BACKENDS = ("hardware", "api", "device", "endpoint")
LIMITS = {"requests_per_min", "input_tokens_per_min", "output_tokens_per_min"}
ScalingMetric = Literal["outstanding", "waiting", "utilization", "kv_usage"]
RATIO_METRICS = ("utilization", "kv_usage")
Balancing = Literal["least_outstanding", "round_robin", "random", "session_affinity", "router"]


class ProvisionedThroughput(Part):
    """What a provisioned unit costs by the hour and takes by the minute (replaces the offer's)."""

    usd_per_unit_hour: Money
    input_tokens_per_min_per_unit: Positive
    output_weight: Positive = 1.0
    minimum_units: Count = 1
    unit_step: Count = 1


class Overload(Part):
    """How calls slow down before a provider's places are all taken: from `from_ratio` of them on,
    evenly up to `slowdown` times as long. No provider publishes it: your own estimate.
    """

    from_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.8
    slowdown: Annotated[float, Field(gt=1, allow_inf_nan=False)] = 2.0


class Api(Part):
    """A provider's API. Limits per minute default to the offer's; `failure_ratio` of calls fail.

    `plan`: by the token; in batches at the batch price; or so many provisioned `units`, paid by
    the hour, beyond whose throughput calls get a 429 (spill over by `router.resilience.fallbacks`).
    `utilization_ratio` is what the router takes as planned use of the units. Calls above
    `concurrency` get an overload error; with `overload` they slow down before.
    """

    offer: str
    plan: Plan = "pay_as_you_go"
    units: Count | None = None
    throughput: ProvisionedThroughput | None = None
    utilization_ratio: Annotated[float, Field(gt=0, le=1)] = 0.6
    concurrency: Count = 10_000
    overload: Overload | None = None
    requests_per_min: Positive | None = None
    input_tokens_per_min: Positive | None = None
    output_tokens_per_min: Positive | None = None
    failure_ratio: Ratio = 0.0
    ttft: Seconds | None = None
    output_tokens_per_s: Positive | None = None

    @model_validator(mode="after")
    def _one_plan(self) -> Api:
        """Units go with provisioned throughput, limits of one's own with paying as you go."""
        units = {"units", "throughput", "utilization_ratio"} & self.model_fields_set
        if self.plan != "provisioned" and units:
            message = f"{', '.join(sorted(units))} go with `plan: provisioned`, not with {self.plan!r}"
            raise ValueError(message)
        others = LIMITS & self.model_fields_set
        if self.plan != "pay_as_you_go" and others:
            message = f"{', '.join(sorted(others))} go with `plan: pay_as_you_go`, not with {self.plan!r}"
            raise ValueError(message)
        return self


class Offline(Part):
    """When users' devices cannot answer: a `share` of the time at random, `duration` on average
    each time; and every day between two times of the region's clock.
    """

    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    duration: Span = 1_800.0
    daily: tuple[ClockTime, ClockTime] | None = None

    @model_validator(mode="after")
    def _some_time(self) -> Offline:
        """Some time, and not all of it."""
        if self.daily is not None and self.daily[0] == self.daily[1]:
            message = f"daily {list(self.daily)!r} begins and ends at the same time"
            raise ValueError(message)
        if not self.share and self.daily is None:
            message = "give share, or daily"
            raise ValueError(message)
        return self


class DeviceSettings(Part):
    """Edge machines that run one stream at a time: `per_user` one each, or `count` shared ones.

    A user's own device slows down as it heats (`throttling`) where the catalog knows how fast;
    `sustained` ones are always as slow as a hot one.
    """

    device: str
    per_user: bool = True
    count: Count = 1
    sustained: bool = False
    throttling: bool = True
    offline: Offline | None = None
    queue_limit: QueueLimit | None = None

    @model_validator(mode="after")
    def _own(self) -> DeviceSettings:
        """Only what belongs to a user is now and then off; shared boxes fail by `faults`."""
        if self.offline is not None and not self.per_user:
            message = "offline goes with `per_user: true`; give shared devices `faults`"
            raise ValueError(message)
        return self


class Endpoint(Part):
    """A black box: so many servers, any service time, a price per request or per token."""

    servers: Count
    service_time: Seconds
    first_token_ratio: Ratio = 1.0
    queue_limit: QueueLimit | None = None
    usd_per_request: NonNegative = 0.0
    usd_per_server_hour: NonNegative = 0.0
    power_w: NonNegative = 0.0
    idle_w: NonNegative = 0.0
    failure_ratio: Ratio = 0.0


OWNERS_KNOBS = (
    "purchase_usd_per_chip",
    "lifetime_years",
    "host_purchase_usd",
    "network_ratio",
    "residual_ratio",
    "wacc_ratio",
    "colocation_usd_per_kw_month",
    "maintenance_ratio_per_year",
    "staff_usd_per_host_year",
    "software_usd_per_chip_year",
)
"""What only owners pay."""


class Pricing(Part):
    """What own capacity costs: a kind of `rent` of the catalog, a stated rent, or owning it.

    Owners pay capital, space, upkeep and the metered electricity. The chip's price is
    `purchase_usd_per_chip`, the rest of a server of `chips_per_host` of them `host_purchase_usd`;
    `network_ratio` comes on top. Capital is an annuity at `wacc_ratio` a year over `lifetime_years`, at
    whose end `residual_ratio` of the purchase is left. Space is paid by nameplate power
    (`colocation_usd_per_kw_month`), maintenance as a share of the purchase a year. What is not said
    comes from the catalog. `utilization_ratio` is what the router takes as planned utilisation when
    it compares prices.
    """

    rent: str | None = None
    usd_per_chip_hour: Money | None = None
    owned: bool = False
    purchase_usd_per_chip: Money | None = None
    lifetime_years: Positive | None = None
    host_purchase_usd: Money | None = None
    network_ratio: NonNegative | None = None
    residual_ratio: Ratio | None = None
    wacc_ratio: NonNegative | None = None
    colocation_usd_per_kw_month: NonNegative | None = None
    maintenance_ratio_per_year: NonNegative | None = None
    staff_usd_per_host_year: NonNegative | None = None
    software_usd_per_chip_year: NonNegative | None = None
    utilization_ratio: Annotated[float, Field(gt=0, le=1)] = 0.6

    @model_validator(mode="after")
    def _one_way(self) -> Pricing:
        """Rented in one way, or owned."""
        ways = [self.rent is not None, self.usd_per_chip_hour is not None, self.owned]
        if sum(ways) > 1:
            message = "give one of rent, usd_per_chip_hour, owned"
            raise ValueError(message)
        given = [name for name in OWNERS_KNOBS if getattr(self, name) is not None]
        if given and not self.owned:
            message = f"{', '.join(given)}: only with `owned: true`"
            raise ValueError(message)
        return self


class Autoscaling(Part):
    """Replicas that follow the work, so that each has about `target` of the `metric`.

    `outstanding` and `waiting` are attempts per replica, `utilization` is the busy share of the last
    interval, `kv_usage` the share of the KV cache in use, both at most 1.
    `cold_start` is computed from the weights and `load_gb_per_s` where it is left out. With
    `scale_to_zero` no replica is kept when nothing was outstanding for `scale_in_delay`.
    """

    min: Count = 1
    max: Count
    metric: ScalingMetric = "outstanding"
    target: Positive
    interval: Span = 30.0
    cold_start: Duration | None = None
    load_gb_per_s: Positive | None = None
    scale_in_delay: Duration = 300.0
    scale_to_zero: bool = False

    @model_validator(mode="after")
    def _bounds(self) -> Autoscaling:
        """The bounds leave something between them."""
        if self.max < self.min:
            message = f"max {self.max} lies below min {self.min}"
            raise ValueError(message)
        if self.cold_start is not None and self.load_gb_per_s is not None:
            message = "give cold_start, or load_gb_per_s from which it is computed"
            raise ValueError(message)
        if self.metric in RATIO_METRICS and self.target > 1.0:
            message = f"target {self.target:g} of {self.metric!r} is a share; allowed: above 0, up to 1"
            raise ValueError(message)
        return self


class Deployment(Part):
    """A model on one back-end, in one region and tier.

    `balancing: router` makes every replica a target of its own; otherwise the deployment is one
    target that spreads requests over its replicas itself; `session_affinity` keeps each
    conversation on one of them and spreads the rest as `least_outstanding`.
    """

    name: Name
    tier: Tier
    model: str
    region: str
    hardware: Hardware | None = None
    api: Api | None = None
    device: DeviceSettings | None = None
    endpoint: Endpoint | None = None
    replicas: Annotated[int, Field(ge=1, le=100_000)] = 1
    autoscaling: Autoscaling | None = None
    balancing: Balancing = "least_outstanding"
    engine: EngineSettings = EngineSettings()
    pricing: Pricing | None = None
    context_window_tokens: Count | None = None
    weight: NonNegative | None = None

    @model_validator(mode="after")
    def _one_backend(self) -> Deployment:
        """Exactly one back-end; replicas, engine and pricing only where they mean something."""
        given = [name for name in BACKENDS if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"give exactly one of {', '.join(BACKENDS)}; found: {', '.join(given) or 'none'}"
            raise ValueError(message)
        hardware_only = {"replicas", "autoscaling", "balancing", "engine", "pricing"} & self.model_fields_set
        if self.hardware is None and hardware_only:
            message = f"{', '.join(sorted(hardware_only))} go with `hardware`, not with `{given[0]}`"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_count(self) -> Deployment:
        """Replicas are counted in one way, and scaled behind one door."""
        if self.autoscaling is None:
            return self
        if "replicas" in self.model_fields_set:
            message = "give replicas, or autoscaling with min and max"
            raise ValueError(message)
        if self.balancing == "router":
            message = "autoscaling needs a deployment that balances itself; balancing: router does not"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _both_pools(self) -> Deployment:
        """A split leaves replicas that decode, of a fixed number behind one door."""
        if self.engine.split is None:
            return self
        if self.autoscaling is not None:
            message = "engine.split needs a fixed number of replicas; give replicas, without autoscaling"
            raise ValueError(message)
        if self.balancing == "router":
            message = "engine.split needs a deployment that balances itself; balancing: router does not"
            raise ValueError(message)
        count = self.engine.split.prefill_replicas
        if count >= self.replicas:
            message = f"engine.split: prefill_replicas {count} of {self.replicas} leave none to decode"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_cache_format(self) -> Deployment:
        """The KV cache's format is given to the engine or to the hardware."""
        twice = self.hardware is not None and "kv_precision" in self.hardware.model_fields_set
        if twice and self.engine.kv_cache_dtype is not None:
            message = "hardware.kv_precision and engine.kv_cache_dtype are the same format; give one of them"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _ranks_stay(self) -> Deployment:
        """Attention ranks start and stop together, which autoscaling does not simulate."""
        if self.autoscaling is not None and self.hardware and self.hardware.attention_data_parallel > 1:
            message = "autoscaling goes with attention_data_parallel: 1; give replicas"
            raise ValueError(message)
        return self

    @property
    def most_replicas(self) -> int:
        """Replicas that there can be at once."""
        return self.replicas if self.autoscaling is None else self.autoscaling.max

    @property
    def backend(self) -> str:
        """Which back-end serves."""
        return next(name for name in BACKENDS if getattr(self, name) is not None)
