"""What owners pay by second: docs/methodology/accounting.md, "owner's cost" and "capital"."""

from __future__ import annotations

MONTH_S = 30.4375 * 86_400.0
AT_THE_EDGE = ("network_ratio", "colocation_usd_per_kw_month")
"""What stands at the edge needs no network and no space."""


def annuity_usd(purchase_usd, residual_usd, wacc_ratio, years):
    """A month's rate at whose interest all rates and what is left are worth the purchase."""
    months = 12.0 * years
    if not wacc_ratio:
        return (purchase_usd - residual_usd) / months
    interest = (1.0 + wacc_ratio) ** (1.0 / 12.0) - 1.0
    left = residual_usd / (1.0 + interest) ** months
    return (purchase_usd - left) * interest / (1.0 - (1.0 + interest) ** -months)


def owned_usd_per_s(terms, server_usd, chips, nameplate_kw, years):
    """Capital, space, maintenance, staff and software of a machine, by chip and second."""
    pricing = terms.deployment.pricing

    def assumed(name):
        """The scenario's figure, else the catalog's; at the edge nothing where none is needed."""
        said = getattr(pricing, name, None) if pricing else None
        if said is not None:
            return float(said)
        return (
            0.0 if terms.deployment.tier == "edge" and name in AT_THE_EDGE else terms.catalog.assumption(name)
        )

    purchase_usd = server_usd * (1.0 + assumed("network_ratio"))
    residual_usd = purchase_usd * assumed("residual_ratio")
    capital_usd = annuity_usd(purchase_usd, residual_usd, assumed("wacc_ratio"), years)
    yearly_usd = purchase_usd * assumed("maintenance_ratio_per_year")
    yearly_usd += assumed("staff_usd_per_host_year") + chips * assumed("software_usd_per_chip_year")
    space_usd = assumed("colocation_usd_per_kw_month") * nameplate_kw
    return (capital_usd + space_usd + yearly_usd / 12.0) / chips / MONTH_S


def life_years(terms):
    """Years over which a chip's money and carbon are spread."""
    pricing = terms.deployment.pricing
    return (pricing.lifetime_years if pricing else None) or terms.chip.lifetime_years


def chip_usd_per_s(terms):
    """An owned chip with its share of the host."""
    chip, pricing = terms.chip, terms.deployment.pricing
    given = pricing.purchase_usd_per_chip if pricing else None
    host = pricing.host_purchase_usd if pricing else None
    server_usd = chip.chips_per_host * float(chip.purchase_usd if given is None else given)
    server_usd += float(chip.host_purchase_usd if host is None else host)
    drawn_kw = chip.chips_per_host * (chip.tdp_w + chip.host_w) / 1_000.0
    kw = chip.host_nameplate_kw or drawn_kw
    return owned_usd_per_s(terms, server_usd, chip.chips_per_host, kw, life_years(terms))


def device_usd_per_s(terms):
    """A shared machine at the edge."""
    device = terms.device
    kw = device.active_w / 1_000.0
    return owned_usd_per_s(terms, float(device.purchase_usd), 1, kw, device.lifetime_years)
