"""What owned capacity costs: capital as an annuity, space, upkeep; and what making it emitted."""

from __future__ import annotations

import pytest

from catalogs import load_catalog
from simulator import InvalidScenarioError, simulate
from simulator.fleet.capacity import chip_usd_per_s, embodied_gco2e_per_s
from simulator.fleet.ownership import annuity_usd_per_month, owned_device
from simulator.fleet.site import electricity_usd_per_kwh
from simulator.signals import ConstantSignal
from world_cases import scenario

HOURS_PER_MONTH = 730.5
HOUR_S = 3_600.0
BOX = {
    "name": "box",
    "tier": "on_prem",
    "model": "llama-3.1-8b",
    "hardware": {"accelerator": "h100"},
    "region": "us-virginia",
}
PURCHASE_USD = 310_000 * 1.06


def usd_per_chip_hour(accelerator: str = "h100", tier: str = "on_prem", **pricing: object) -> float:
    """What a chip of an owned host costs by the hour, electricity apart."""
    owned = {"owned": True, **pricing}
    hardware = {"accelerator": accelerator}
    if accelerator.startswith("jetson"):
        hardware["precision"] = "int4"
    world = scenario(fleet=[{**BOX, "tier": tier, "hardware": hardware, "pricing": owned}])
    return chip_usd_per_s(world, world.fleet[0], world.catalog.accelerator(accelerator)) * HOUR_S


@pytest.mark.parametrize(
    ("years", "monthly", "hourly"),
    [(3, 9_349, 1.600), (4, 7_419, 1.270), (5, 6_268, 1.073), (6, 5_507, 0.9423)],
)
def test_capital_is_an_annuity_of_the_purchase_less_what_is_left(
    years: float, monthly: float, hourly: float
) -> None:
    """A server of 310,000 with network at 10 % a year, 15 % left at the end of life."""
    found = annuity_usd_per_month(PURCHASE_USD, 0.15, 0.10, years)
    assert found == pytest.approx(monthly, abs=0.5)
    assert found / 8 / HOURS_PER_MONTH == pytest.approx(hourly, rel=5e-4)


def test_without_interest_capital_is_a_straight_line() -> None:
    """(P - S) / N: 5,819 a month; a rate close to none comes close to it."""
    assert annuity_usd_per_month(PURCHASE_USD, 0.15, 0.0, 4) == pytest.approx(5_819, abs=0.5)
    assert annuity_usd_per_month(PURCHASE_USD, 0.15, 1e-9, 4) == pytest.approx(5_818.96, rel=1e-6)


def test_an_h100_of_ones_own_costs_what_a_server_costs() -> None:
    """Capital, space and maintenance are 1.844 $/h; with W2's electricity 1.913, with its staff 2.555."""
    bare = usd_per_chip_hour()
    power = 6.12 * 1.25 * HOURS_PER_MONTH * 0.0725 / 8 / HOURS_PER_MONTH
    assert bare == pytest.approx((7_419.0 + 1_988.5 + 1_369.2) / 8 / HOURS_PER_MONTH, rel=1e-4)
    assert bare + power == pytest.approx(1.913, rel=5e-4)
    assert usd_per_chip_hour(staff_usd_per_host_year=45_000) + power == pytest.approx(2.555, rel=5e-4)


@pytest.mark.parametrize(
    ("knob", "value", "monthly"),
    [
        ("purchase_usd_per_chip", 0, None),
        ("host_purchase_usd", 0, None),
        ("network_ratio", 0, None),
        ("residual_ratio", 0, None),
        ("wacc_ratio", 0, -1_600),
        ("lifetime_years", 3, 1_930),
        ("colocation_usd_per_kw_month", 0, -1_988.5),
        ("maintenance_ratio_per_year", 0, -1_369.2),
        ("software_usd_per_chip_year", 4_500, 3_000),
    ],
)
def test_each_knob_changes_the_price_by_its_part(knob: str, value: float, monthly: float | None) -> None:
    """What a scenario says goes before what the catalog assumes."""
    base, changed = usd_per_chip_hour(), usd_per_chip_hour(**{knob: value})
    by_part = {
        "purchase_usd_per_chip": 90 / 310,
        "host_purchase_usd": 220 / 310,
        "network_ratio": 1 / 1.06,
    }
    space = 194.95 * 10.2 / 8 / HOURS_PER_MONTH
    if knob in by_part:
        assert changed - space == pytest.approx((base - space) * by_part[knob])
    elif knob == "residual_ratio":
        factor = (base - space) * 8 * HOURS_PER_MONTH - PURCHASE_USD * 0.05 / 12
        bare = annuity_usd_per_month(PURCHASE_USD, 0.0, 0.10, 4)
        assert (changed - base) * 8 * HOURS_PER_MONTH == pytest.approx(bare - factor)
    else:
        assert (changed - base) * 8 * HOURS_PER_MONTH == pytest.approx(monthly, abs=1.0)


@pytest.mark.parametrize("knob", ["wacc_ratio", "network_ratio", "purchase_usd_per_chip"])
def test_what_only_owners_pay_goes_with_owned(knob: str) -> None:
    """Also a nought of it is refused where chips are rented."""
    fleet = [{**BOX, "tier": "dedicated", "pricing": {"rent": "neocloud", knob: 0}}]
    with pytest.raises(InvalidScenarioError, match=f"{knob}: only with `owned: true`"):
        scenario(fleet=fleet)


def test_boxes_at_the_edge_pay_for_no_rack() -> None:
    """A Jetson costs its annuity and maintenance; it stands in no data centre and needs no network."""
    found = usd_per_chip_hour("jetson-orin", tier="edge") * HOURS_PER_MONTH
    expected = annuity_usd_per_month(1_999, 0.15, 0.10, 5) + 0.05 * 1_999 / 12
    assert found == pytest.approx(expected)


def test_shared_devices_cost_what_owned_boxes_cost() -> None:
    """A Mac mini that users share is capital and maintenance too."""
    catalog = load_catalog()
    found = (
        owned_device(catalog, catalog.device("mac-mini-m4")).usd_per_chip_second * HOUR_S * HOURS_PER_MONTH
    )
    assert found == pytest.approx(annuity_usd_per_month(599, 0.15, 0.10, 3) + 0.05 * 599 / 12)


def test_electricity_is_billed_by_the_meter_and_not_twice() -> None:
    """Capacity used and idle is the bare rate of the held hours; energy is kWh x tariff beside it."""
    fields = simulate(scenario(fleet=[{**BOX, "pricing": {"owned": True}}], router={"policy": "round_robin"}))
    cost, energy = fields.report.plain["cost_usd"], fields.report.plain["energy_wh"]
    assert cost["energy"] == pytest.approx(energy["total"] / 1_000.0 * 0.13)
    held = usd_per_chip_hour() * 180.0 / HOUR_S
    assert cost["capacity_used"] + cost["capacity_idle"] >= held * 0.9999


def embodied_kg(accelerator: str, **pricing: object) -> float:
    """Kilograms by chip over four years."""
    fleet = [
        {
            **BOX,
            "hardware": {"accelerator": accelerator, "precision": "fp8"},
            "pricing": {"owned": True, **pricing},
        }
    ]
    world = scenario(fleet=fleet)
    rate = embodied_gco2e_per_s(world.fleet[0], world.catalog.accelerator(accelerator))
    return rate * 4 * 365.25 * 86_400 / 1_000.0


def test_a_chip_emitted_its_own_making_and_its_share_of_the_host() -> None:
    """An H100: 273 + 5,700 / 8 kg, 15.61 g for a thousand requests at one in two seconds."""
    assert embodied_kg("h100") == pytest.approx(985.5)
    assert embodied_kg("l4") == pytest.approx(47 + 2_736 / 8)
    grams_per_s = embodied_kg("h100") * 1_000.0 / (4 * 365.25 * 86_400)
    assert grams_per_s * 1_000 / 0.5 == pytest.approx(15.61, rel=5e-4)


def test_embodied_carbon_and_money_have_the_same_life() -> None:
    """A machine that is kept for six years spreads both over six."""
    assert embodied_kg("h100", lifetime_years=6) == pytest.approx(985.5 * 4 / 6)


def test_no_chip_has_another_chips_figure() -> None:
    """Chips differ in what making them emitted; those without a source follow the stated rule."""
    chips = [chip for chip in load_catalog().accelerators.values() if chip.chips_per_host > 1]
    figures = [chip.embodied_kgco2e for chip in chips]
    assert len(set(figures)) == len(figures)
    for chip in chips:
        if chip.origin_of("embodied_kgco2e").source.startswith("no source seen"):
            rule = 273 * (0.38 * chip.memory_gb / 85.5 + 0.62 * chip.tdp_w / 700)
            assert chip.embodied_kgco2e == pytest.approx(rule, abs=0.5), chip.name
            assert chip.origin_of("embodied_kgco2e").estimate


def rent(start: str) -> float:
    """USD an hour of an H100 reserved for a year."""
    world = scenario(start=start, fleet=[{**BOX, "tier": "dedicated", "pricing": {"rent": "reserved_1y"}}])
    return chip_usd_per_s(world, world.fleet[0], world.catalog.accelerator("h100")) * HOUR_S


def test_a_rent_is_that_of_the_runs_first_day() -> None:
    """A year's reservation cost 1.70 until March 2026 and 2.35 from then on, by the day in UTC."""
    assert rent("2026-02-28T23:00:00Z") == pytest.approx(1.70)
    assert rent("2026-02-28T20:00:00-07:00") == pytest.approx(2.35)


def test_electricity_has_the_price_of_its_day() -> None:
    """Virginia's tariff before February 2026, after it, and across its first midnight."""
    before, after = (
        electricity_usd_per_kwh(scenario(start=day, fleet=[BOX]), "us-virginia")
        for day in ("2026-01-05", "2026-11-02")
    )
    assert (before, after) == (ConstantSignal(0.0909), ConstantSignal(0.13))
    across = electricity_usd_per_kwh(
        scenario(start="2026-01-31T23:00:00Z", duration="2h", fleet=[BOX]), "us-virginia"
    )
    assert across.at([0.0, 3_599.0, 3_600.0]).tolist() == [0.0909, 0.0909, 0.13]


def test_a_price_of_ones_own_holds_at_all_times() -> None:
    """Laying a price over the catalog's does away with its history, too."""
    own = {"overrides": {"regions": {"us-virginia": {"electricity_usd_per_kwh": 0.2}}}}
    world = scenario(start="2026-01-05", catalog=own, fleet=[BOX])
    assert electricity_usd_per_kwh(world, "us-virginia") == ConstantSignal(0.2)
