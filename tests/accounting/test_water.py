"""Water: on site by IT energy, where the electricity is made by all of it."""

from __future__ import annotations

import pytest

from simulator import simulate
from world_cases import FRONTIER, SMALL, scenario, with_stream

THOUSAND = {"pattern": "steady", "rate": "10/s", "process": "deterministic"}
BOX = {
    "name": "box",
    "model": "llama-3.1-8b",
    "region": "us-virginia",
    "endpoint": {"servers": 40, "service_time": "1s", "power_w": 1_080.0},
}


def figures(fleet: dict[str, object], **changes: object) -> tuple[dict[str, float], dict[str, float], float]:
    """Watt-hours, litres and grams of a run of a thousand requests of 0.30 Wh each on one deployment."""
    grid = {"carbon_intensity": {"us-virginia": 384.4}}
    world = scenario(
        fleet=[fleet],
        router={"policy": "round_robin"},
        signals=grid,
        duration="100s",
        drain="10min",
        **with_stream(arrivals=THOUSAND, **changes),
    )
    fields = simulate(world).report.plain
    return fields["energy_wh"], fields["water_l"], fields["emissions_gco2e"]["total"]


def test_a_thousand_requests_in_virginia_evaporate_a_litre_mostly_at_power_stations() -> None:
    """0.30 kWh of IT energy at a PUE of 1.15: 0.036 l on site, 1.081 l at the source, 132.6 g."""
    energy, water, grams = figures({**BOX, "tier": "dedicated"})
    requests = energy["total"] / 1.15 / 0.30
    assert requests == pytest.approx(1_000.0, rel=0.02)
    thousandth = 1_000.0 / requests
    assert water["site"] * thousandth == pytest.approx(0.036)
    assert water["source"] * thousandth == pytest.approx(1.08054)
    assert water["total"] * thousandth == pytest.approx(1.11654)
    assert grams * thousandth == pytest.approx(132.618)


@pytest.mark.parametrize(("tier", "pue", "site"), [("on_prem", 1.63, 0.12), ("edge", 1.0, 0.0)])
def test_site_water_follows_it_energy_and_source_water_all_of_it(tier: str, pue: float, site: float) -> None:
    """A higher PUE takes more water at the source, no more on site; edge machines take none there."""
    energy, water, _grams = figures({**BOX, "tier": tier})
    kwh = energy["total"] / 1_000.0
    assert water["site"] == pytest.approx(kwh / pue * site)
    assert water["source"] == pytest.approx(kwh * 3.132)
    assert water["total"] == pytest.approx(water["site"] + water["source"])


def test_an_apis_estimate_is_divided_by_the_pue_it_includes() -> None:
    """The catalog's watt-hours of an API carry a PUE of 1.2, whatever the region's is."""
    energy, water, _grams = figures(FRONTIER)
    kwh = energy["api_estimate"] / 1_000.0
    assert energy["total"] == energy["api_estimate"] > 0.0
    assert water["site"] == pytest.approx(kwh / 1.2 * 0.12)
    assert water["source"] == pytest.approx(kwh * 3.132)


def test_idle_energy_takes_water_too() -> None:
    """Watt-hours that nobody used evaporate as much as used ones."""
    energy, water, _grams = figures(SMALL, input_tokens=200, output_tokens=20)
    assert energy["idle"] > 0.0
    assert water["total"] == pytest.approx(energy["total"] / 1_000.0 * (0.12 / 1.15 + 3.132))
