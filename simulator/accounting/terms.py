"""On what terms a target serves: what it is paid, what it draws, where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.signals import ConstantSignal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from router.views.fleet import Tier
    from simulator.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRates:
    """API prices as float columns by the window they hold in, USD per token.

    Window j holds from `from_s[j]` on. Prompts longer than `long_prompt_tokens` pay
    `long_input_factor` and `long_output_factor` times the price, cached and written tokens too.
    """

    from_s: NDArray[np.float64]
    input_usd: NDArray[np.float64]
    cached_input_usd: NDArray[np.float64]
    cache_write_usd: NDArray[np.float64]
    output_usd: NDArray[np.float64]
    long_prompt_tokens: NDArray[np.float64]
    long_input_factor: NDArray[np.float64]
    long_output_factor: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What one provisioned unit takes: input tokens per second, an answer token as so many."""

    tokens_per_s_per_unit: float
    output_weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingTerms:
    """One target's terms. Powers are watts per queue (replica, server or device), before PUE.

    `capacity_usd_per_s` is the rent or amortisation of one queue; `meter_usd_per_kwh` is 0 where
    the operator does not pay the electricity meter. `user_side` marks the users' own devices:
    their energy and grams stand apart and cost the operator nothing. `api_wh_per_*_token` is
    the catalog's estimate of what a provider's hardware draws, PUE included. Litres are per kWh of a
    target's energy as reported, PUE included: all of them, and those on site. `battery_wh` is a
    device's full charge, None where it has none or it is unknown. Dollars of capacity and embodied grams
    that are unknown are nan, and so is every sum that they are part of.
    """

    target: str
    deployment: str
    tier: Tier
    model: str
    region: str
    queue_count: int
    rates: TokenRates | None = None
    provisioned: Provisioned | None = None
    usd_per_request: float = 0.0
    capacity_usd_per_s: float = 0.0
    meter_usd_per_kwh: Signal = field(default_factory=lambda: ConstantSignal(0.0))
    egress_usd_per_token: float = 0.0
    idle_w: float = 0.0
    pue: float = 1.0
    intensity_gco2e_per_kwh: Signal = field(default_factory=lambda: ConstantSignal(0.0))
    water_l_per_kwh: float = 0.0
    water_site_l_per_kwh: float = 0.0
    embodied_gco2e_per_s: float = 0.0
    api_wh_per_input_token: float = 0.0
    api_wh_per_output_token: float = 0.0
    user_side: bool = False
    battery_wh: float | None = None

    @property
    def held(self) -> bool:
        """Whether the operator holds the capacity, used or not: neither APIs nor users' devices."""
        return self.rates is None and not self.user_side
