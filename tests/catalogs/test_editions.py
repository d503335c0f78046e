"""Editions: the article's figures as stated, and every disagreement with the measured ones found."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalogs import load_catalog
from catalogs.differences import ABSENT, CatalogDifference, differences

API_PRICES = {
    "openai/gpt-4": ("2023-03", 30, 60),
    "openai/gpt-4-turbo": ("2023-11", 10, 30),
    "anthropic/claude-3-opus": ("2024-03", 15, 75),
    "openai/gpt-4o": ("2024-05", "2.5", 10),
    "anthropic/claude-3.5-sonnet": ("2024-06", 3, 15),
    "openai/gpt-4o-mini": ("2026", "0.15", "0.6"),
}
"""Month, USD per million input tokens, output tokens."""

CHIPS = {
    "b200": (30_000, 35_000, 1000),
    "h100": (15_000, 27_500, 700),
    "a100": (8_000, 12_500, 400),
    "gaudi3": (12_000, 13_500, 600),
    "ascend-910c": (15_000, 10_000, 600),
}
"""Tokens per second on a 70B model, the middle of the price range in USD, W."""

REGIONS = {
    "us-virginia": (12.5, 35, "0.06", 0.45),
    "us-texas": (12.5, 35, "0.06", 0.45),
    "eu-nordics": (4.2, 12, "0.08", 0.72),
    "eu-netherlands": (4.2, 12, "0.08", 0.72),
    "china": (8.8, 25, "0.05", 0.35),
    "singapore": (1.2, 2.5, "0.12", 0.05),
    "india": (2.1, 8, "0.07", 0.40),
    "japan": (2.8, 7, "0.14", 0.22),
    "middle-east": (1.5, 6, "0.04", 0.15),
    "indonesia": (0.6, 3, "0.08", 0.30),
    "australia": (1.1, 4, "0.09", 0.55),
    "brazil": (0.8, 3, "0.06", 0.85),
}
"""GW now, GW in 2030, USD per kWh, renewable share."""


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], CatalogDifference]:
    """Every disagreement of the shipped editions, by entry and figure."""
    both = differences(load_catalog(), load_catalog("thesis"))
    return {(difference.name, difference.path): difference for difference in both}


@pytest.mark.parametrize("name", API_PRICES)
def test_thesis_states_its_api_prices(name: str) -> None:
    """Each price of the article stands alone, in its month, and names the article."""
    month, paid_in, paid_out = API_PRICES[name]
    (price,) = load_catalog("thesis").offer(name).prices
    assert price.valid_from.isoformat().startswith(month)
    assert (price.input_usd_per_mtok, price.output_usd_per_mtok) == (Decimal(paid_in), Decimal(paid_out))
    assert "Thesis" in price.source


@pytest.mark.parametrize("name", CHIPS)
def test_thesis_states_its_chips(name: str) -> None:
    """Tokens per second, price and power are the article's."""
    chip = load_catalog("thesis").accelerator(name)
    assert (chip.tokens_per_s_70b, chip.purchase_usd, chip.tdp_w) == CHIPS[name]


@pytest.mark.parametrize("name", REGIONS)
def test_thesis_states_its_regions(name: str) -> None:
    """Gigawatts now and in 2030, electricity and renewable share are the article's."""
    now, later, electricity, renewable = REGIONS[name]
    region = load_catalog("thesis").region(name)
    assert (region.ai_power_gw, region.ai_power_gw_2030) == (now, later)
    assert region.electricity_usd_per_kwh == Decimal(electricity)
    assert region.renewable_ratio == renewable


@pytest.mark.parametrize(
    ("name", "path", "measured", "stated"),
    [
        ("openai/gpt-4o", "prices.0.input_usd_per_mtok", "5", "2.5"),
        ("openai/gpt-4o", "prices.0.output_usd_per_mtok", "15", "10"),
        ("openai/gpt-4o-mini", "prices.0.valid_from", "2024-07-18", "2026-01-01"),
        ("h100", "tokens_per_s_70b", 3902.0, 15_000.0),
        ("b200", "tokens_per_s_70b", 12_864.0, 30_000.0),
        ("a100", "tokens_per_s_70b", ABSENT, 8_000.0),
        ("gaudi3", "tdp_w", 900.0, 600.0),
        ("us-virginia", "renewable_ratio", 0.227, 0.45),
        ("us-virginia", "ai_power_gw", ABSENT, 12.5),
    ],
)
def test_diff_finds_what_the_article_says_otherwise(
    found: dict[tuple[str, str], CatalogDifference], name: str, path: str, measured: object, stated: object
) -> None:
    """The known contradictions are listed with both values and both sources."""
    difference = found[name, path]
    assert (difference.first, difference.second) == (measured, stated)
    assert "Thesis" in difference.second_source
    assert (difference.first_source == ABSENT) == (measured == ABSENT)


def test_every_figure_of_the_article_that_differs_names_it(
    found: dict[tuple[str, str], CatalogDifference],
) -> None:
    """An edition changes nothing behind its own name."""
    stated = [difference for difference in found.values() if difference.second != ABSENT]
    assert stated
    assert all("Thesis" in difference.second_source for difference in stated)


def test_an_edition_does_not_differ_from_itself() -> None:
    """The same facts have no differences."""
    assert not list(differences(load_catalog(), load_catalog()))


def test_diff_is_the_same_from_the_other_side(found: dict[tuple[str, str], CatalogDifference]) -> None:
    """Swapping the editions swaps the values and keeps the figures."""
    back = {(d.name, d.path): d for d in differences(load_catalog("thesis"), load_catalog())}
    assert back.keys() == found.keys()
    assert all((back[key].second, back[key].first) == (d.first, d.second) for key, d in found.items())
