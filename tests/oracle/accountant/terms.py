"""On what terms each deployment serves, from the scenario and the catalog's raw facts.

Written from DESIGN ("Accounting"), docs/methodology/accounting.md, api.md and edge.md.
"""

from __future__ import annotations

from datetime import UTC, timedelta

from oracle.accountant import ownership, signals

YEAR_S = 365.25 * 86_400.0
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENTERPRISE_PUE = 1.63
RENTS = ("on_demand", "neocloud", "hyperscaler", "reserved_1y", "spot")
"""The first that the catalog knows is the rent of who names none."""


class Terms:
    """One deployment: `unit` costs and watts are those of one queue (rank, server, device, unit)."""

    def __init__(self, scenario, deployment):
        self.scenario, self.deployment = scenario, deployment
        self.start, self.catalog = scenario.start, scenario.catalog
        self.model = self.catalog.model(deployment.model)
        self.region = self.catalog.region(deployment.region)
        self.carbon = signals.carbon(scenario, deployment.region)
        self.pue = self._pue()
        self.offer = self.catalog.offer(deployment.api.offer) if deployment.api else None
        self.throughput = self._throughput()
        self.user_side = bool(deployment.device and deployment.device.per_user)
        self.by_token = bool(deployment.api) and self.throughput is None
        self.held = not (self.by_token or self.user_side)
        self.units = self._units()
        self.unit_usd_per_s = self._unit_usd_per_s()
        self.tariff = signals.tariff(scenario, deployment.region) if self._pays_meter() else signals.Flat(0.0)
        self.idle_w = self._idle_w()

    def _pue(self):
        """1 at the edge, an enterprise's on premises, else the region's."""
        if self.deployment.tier == "edge":
            return 1.0
        return ENTERPRISE_PUE if self.deployment.tier == "on_prem" else self.region.pue

    def _throughput(self):
        """Provisioned throughput: the scenario's own, else the offer's; None on other plans."""
        api = self.deployment.api
        if api is None or api.plan != "provisioned":
            return None
        return api.throughput or self.offer.throughput

    def _units(self):
        """Queues, servers or units of a replica that are each paid for."""
        if self.deployment.hardware:
            return self.deployment.hardware.attention_data_parallel
        if self.throughput is not None:
            return self.deployment.api.units
        return self.deployment.endpoint.servers if self.deployment.endpoint else 1

    @property
    def owned(self):
        """Own chips: said so, or on premises and at the edge where no rent is named."""
        pricing = self.deployment.pricing
        silent = pricing is None or not (pricing.owned or pricing.rent or pricing.usd_per_chip_hour)
        return self.deployment.tier in ("on_prem", "edge") if silent else pricing.owned

    def _pays_meter(self):
        """The operator pays electricity for what it owns, and of endpoints that draw power."""
        if self.deployment.hardware:
            return self.owned
        if self.deployment.endpoint:
            return self.deployment.endpoint.power_w > 0.0
        return bool(self.deployment.device) and not self.user_side

    @property
    def chip(self):
        """The accelerator, None where there is none."""
        hardware = self.deployment.hardware
        return self.catalog.accelerator(hardware.accelerator) if hardware else None

    @property
    def device(self):
        """The edge machine, None where there is none."""
        settings = self.deployment.device
        return self.catalog.device(settings.device) if settings else None

    def _unit_usd_per_s(self):
        """Rent or amortisation of one unit."""
        if self.chip is not None:
            return self.deployment.hardware.tensor_parallel * self._chip_usd_per_s()
        if self.throughput is not None:
            return float(self.throughput.usd_per_unit_hour) / 3_600.0
        if self.deployment.endpoint:
            return self.deployment.endpoint.usd_per_server_hour / 3_600.0
        if self.device is None or self.user_side:
            return 0.0
        return ownership.device_usd_per_s(self)

    def _chip_usd_per_s(self):
        """The rent of the run's first day per chip-hour, or what owners pay."""
        pricing, chip = self.deployment.pricing, self.chip
        if self.owned:
            return ownership.chip_usd_per_s(self)
        if pricing is not None and pricing.usd_per_chip_hour is not None:
            return float(pricing.usd_per_chip_hour) / 3_600.0
        kind = pricing.rent if pricing and pricing.rent else None
        known = (*RENTS, *chip.rent_usd_per_hour)
        kind = kind or next(rent for rent in known if rent in chip.rent_usd_per_hour)
        day = self.start.astimezone(UTC).date()
        earlier = [row for row in chip.rents_before if day < row.until and kind in row.usd_per_hour]
        rents = earlier[0].usd_per_hour if earlier else chip.rent_usd_per_hour
        return float(rents[kind]) / 3_600.0

    def _idle_w(self):
        """Watts of one unit without work, before PUE."""
        if self.chip is not None:
            return self.deployment.hardware.tensor_parallel * (self.chip.idle_w + self.chip.host_w)
        if self.deployment.endpoint:
            return self.deployment.endpoint.idle_w
        return 0.0 if self.device is None or self.user_side else self.device.idle_w

    def embodied_gco2e_per_s(self):
        """Grams of making one unit, by second of its lifetime."""
        if self.chip is not None:
            chips = self.deployment.hardware.tensor_parallel
            made_kg = self.chip.embodied_kgco2e + self.chip.host_embodied_kgco2e / self.chip.chips_per_host
            return chips * made_kg * 1_000.0 / (ownership.life_years(self) * YEAR_S)
        if self.device is None:
            return 0.0
        return self.device.embodied_kgco2e * 1_000.0 / (self.device.lifetime_years * YEAR_S)

    def water_site_l_per_kwh(self):
        """Litres on site by reported kWh: WUE is by kWh of the machines, less the PUE the kWh carry."""
        if self.deployment.tier == "edge":
            return 0.0
        return self.region.wue_l_per_kwh / (self.model.api_pue if self.deployment.api else self.pue)

    def water_source_l_per_kwh(self):
        """Litres where the electricity is made, by reported kWh."""
        return self.region.wue_source_l_per_kwh

    def egress_usd_per_token(self):
        """What own capacity pays to send a token of an answer; APIs and edge machines do not."""
        if self.deployment.api or self.deployment.tier == "edge":
            return 0.0
        network = self.scenario.settings.network
        return network.bytes_per_output_token * network.egress_usd_per_gb / 1e9

    # -- what an API's tokens cost ------------------------------------------------------------

    def price_row(self, t_s):
        """The offer's row of an instant's day in UTC; before the first, the first."""
        day = (self.start + timedelta(seconds=t_s)).astimezone(UTC).date()
        rows = [row for row in self.offer.prices if row.valid_from <= day]
        return rows[-1] if rows else self.offer.prices[0]

    def rates(self, t_s):
        """USD per million tokens at an instant: input, cached input, cache write, output."""
        row, plan = self.price_row(t_s), self.deployment.api.plan
        if plan == "batch" and row.batch_input_usd_per_mtok is not None:
            return self.batch_rates(row)
        now = next((part for part in row.daily if in_hours(part, self.start, t_s)), row)
        cached, write = now.cached_input_usd_per_mtok, row.cache_write_usd_per_mtok
        given = now.input_usd_per_mtok
        four = (given, given if cached is None else cached, given if write is None else write)
        return (*map(float, four), float(now.output_usd_per_mtok))

    def batch_rates(self, row):
        """Batch prices of a row; prefixes by the provider's rule: not cached, as usual, or both discounts."""
        given, usual = float(row.batch_input_usd_per_mtok), float(row.input_usd_per_mtok)
        answer, write = row.batch_output_usd_per_mtok, row.cache_write_usd_per_mtok
        provider = self.catalog.providers[self.offer.provider]
        rule = self.offer.batch_prefix_cache or provider.batch.prefix_cache
        cached = kept = given
        if rule == "batch_price" and usual:
            cached = given if row.cached_input_usd_per_mtok is None else self.stacked(row, given / usual)
            kept = given if write is None else float(write) * given / usual
        elif rule != "none" and row.cached_input_usd_per_mtok is not None:
            cached = min(float(row.cached_input_usd_per_mtok), given)
        if row.batch_cached_input_usd_per_mtok is not None:
            cached = float(row.batch_cached_input_usd_per_mtok)
        return given, cached, kept, float(row.output_usd_per_mtok if answer is None else answer)

    def stacked(self, row, discount):
        """The cached price with the batch's discount on top."""
        return float(row.cached_input_usd_per_mtok) * discount

    def sells_cached(self, t_s):
        """Whether the row of an instant's day has a price for cached prefixes, on the plan."""
        row = self.price_row(t_s)
        if self.deployment.api.plan != "batch":
            return row.cached_input_usd_per_mtok is not None
        if row.batch_cached_input_usd_per_mtok is not None:
            return True
        rule = self.offer.batch_prefix_cache or self.catalog.providers[self.offer.provider].batch.prefix_cache
        return rule != "none" and None not in (row.cached_input_usd_per_mtok, row.batch_input_usd_per_mtok)

    def length_factor(self, attempt):
        """What a long prompt's tokens are multiplied by."""
        row = self.price_row(attempt["admitted_s"])
        is_long = row.long_prompt_tokens is not None and attempt["input_token_count"] > row.long_prompt_tokens
        return row.long_input_factor if is_long else 1.0

    def token_usd(self, attempt):
        """What an API bills an attempt, long prompts by factor."""
        row = self.price_row(attempt["admitted_s"])
        fresh, cached, write, answer = self.rates(attempt["admitted_s"])
        prompt, held = attempt["input_token_count"], attempt["cached_token_count"]
        kept = attempt["cache_write_token_count"]
        is_long = row.long_prompt_tokens is not None and prompt > row.long_prompt_tokens
        given_usd = ((prompt - held - kept) * fresh + held * cached + kept * write) / 1e6
        answer_usd = attempt["output_token_count"] * answer / 1e6
        if is_long:
            return given_usd * row.long_input_factor + answer_usd * row.long_output_factor
        return given_usd + answer_usd


def in_hours(part, start, t_s):
    """Whether an instant lies in a daily price's hours (UTC), which may pass midnight into the next day."""
    now = (start + timedelta(seconds=t_s)).astimezone(UTC)
    minute = now.hour * 60 + now.minute
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (part.from_utc, part.to_utc))
    today, before = (WEEK[(now.weekday() - back) % 7] in part.weekdays for back in (0, 1))
    if begin < end:
        return today and begin <= minute < end
    return (today and minute >= begin) or (before and minute < end)
