"""What owning a machine costs by the month: capital, space, upkeep. Formulas: docs/methodology/accounting.md.

Electricity is not among it: the simulated meter bills that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.units import MONTHS_PER_YEAR, SECONDS_PER_MONTH, WATTS_PER_KW

if TYPE_CHECKING:
    from catalogs.catalog import Catalog
    from catalogs.records import Accelerator, Device
    from simulator.settings.fleet import Pricing

ASSUMED = (
    "network_ratio",
    "residual_ratio",
    "wacc_ratio",
    "colocation_usd_per_kw_month",
    "maintenance_ratio_per_year",
    "staff_usd_per_host_year",
    "software_usd_per_chip_year",
)
"""What a scenario may say under `pricing`, and the catalog assumes otherwise."""
IN_A_DATA_CENTRE = ("network_ratio", "colocation_usd_per_kw_month")
"""What machines at the edge do without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedMachine:
    """A machine of so many chips, its price and what keeping it costs.

    `server_usd` is host and chips; the network on top is `network_ratio` of it. `wacc_ratio` is what
    capital costs a year, `residual_ratio` the share of the purchase that the machine is worth at the end.
    """

    server_usd: float
    chip_count: int
    nameplate_kw: float
    lifetime_years: float
    network_ratio: float
    residual_ratio: float
    wacc_ratio: float
    colocation_usd_per_kw_month: float
    maintenance_ratio_per_year: float
    staff_usd_per_host_year: float
    software_usd_per_chip_year: float

    @property
    def purchase_usd(self) -> float:
        """P = server x (1 + network)."""
        return self.server_usd * (1.0 + self.network_ratio)

    @property
    def capital_usd_per_month(self) -> float:
        """The annuity of the purchase less what is left of it."""
        return annuity_usd_per_month(
            self.purchase_usd, self.residual_ratio, self.wacc_ratio, self.lifetime_years
        )

    @property
    def upkeep_usd_per_month(self) -> float:
        """Space by nameplate power, maintenance by the purchase, staff and software."""
        maintenance = self.maintenance_ratio_per_year * self.purchase_usd
        software = self.software_usd_per_chip_year * self.chip_count
        yearly = maintenance + software + self.staff_usd_per_host_year
        return self.colocation_usd_per_kw_month * self.nameplate_kw + yearly / MONTHS_PER_YEAR

    @property
    def usd_per_chip_second(self) -> float:
        """All of it, by chip and second of a month of 30.4375 days."""
        monthly = self.capital_usd_per_month + self.upkeep_usd_per_month
        return monthly / self.chip_count / SECONDS_PER_MONTH


def annuity_usd_per_month(
    purchase_usd: float, residual_ratio: float, wacc_ratio: float, lifetime_years: float
) -> float:
    """(P - S / (1 + i)^N) i / (1 - (1 + i)^-N), i = (1 + WACC)^(1/12) - 1; (P - S) / N without interest."""
    months = MONTHS_PER_YEAR * lifetime_years
    residual_usd = residual_ratio * purchase_usd
    if wacc_ratio == 0.0:
        return (purchase_usd - residual_usd) / months
    yearly = math.log1p(wacc_ratio)
    monthly, lost = math.expm1(yearly / MONTHS_PER_YEAR), -math.expm1(-yearly * lifetime_years)
    return (purchase_usd - residual_usd * (1.0 - lost)) * monthly / lost


def owned_host(
    catalog: Catalog, pricing: Pricing | None, accelerator: Accelerator, *, edge: bool
) -> OwnedMachine:
    """A whole host with its chips: the scenario's figures before the catalog's."""
    chips = accelerator.chips_per_host
    chip_usd = accelerator.purchase_usd if pricing is None else pricing.purchase_usd_per_chip
    chip_usd = accelerator.purchase_usd if chip_usd is None else chip_usd
    host_usd = None if pricing is None else pricing.host_purchase_usd
    host_usd = accelerator.host_purchase_usd if host_usd is None else host_usd
    return OwnedMachine(
        server_usd=float(chips * (chip_usd or 0) + host_usd),
        chip_count=chips,
        nameplate_kw=nameplate_kw(accelerator),
        lifetime_years=lifetime_years(pricing, accelerator),
        **assumed(catalog, pricing, edge=edge),
    )


def owned_device(catalog: Catalog, device: Device) -> OwnedMachine:
    """A shared edge machine that the operator owns."""
    return OwnedMachine(
        server_usd=float(device.purchase_usd or 0),
        chip_count=1,
        nameplate_kw=device.active_w / WATTS_PER_KW,
        lifetime_years=device.lifetime_years,
        **assumed(catalog, None, edge=True),
    )


def assumed(catalog: Catalog, pricing: Pricing | None, *, edge: bool) -> dict[str, float]:
    """Each assumption by name: the scenario's, else the catalog's; at the edge no network and space."""
    said = {name: getattr(pricing, name, None) for name in ASSUMED}
    usual = {name: 0.0 if edge and name in IN_A_DATA_CENTRE else catalog.assumption(name) for name in ASSUMED}
    return {name: usual[name] if value is None else float(value) for name, value in said.items()}


def lifetime_years(pricing: Pricing | None, accelerator: Accelerator) -> float:
    """Years of use, over which money and embodied carbon are spread alike."""
    return (pricing.lifetime_years if pricing else None) or accelerator.lifetime_years


def nameplate_kw(accelerator: Accelerator) -> float:
    """What a host with its chips draws at most, kW: known, or TDP and host watts of its chips."""
    watts = accelerator.chips_per_host * (accelerator.tdp_w + accelerator.host_w)
    return accelerator.host_nameplate_kw or watts / WATTS_PER_KW
