"""Loading: overlays and overrides, every fault at once, and digests that stand for the facts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import InvalidCatalogError, load_catalog
from catalogs.loading import ROOT, merged, overlaid

if TYPE_CHECKING:
    from pathlib import Path

QUICK = settings(deadline=None, derandomize=True, database=None)
PLAIN = st.recursive(
    st.integers(),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=10,
)
MAPS = st.dictionaries(st.sampled_from("abcd"), PLAIN, max_size=4)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the shipped files to break."""
    folder = tmp_path / "catalogs"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


def changed(root: Path, file: str, before: str, after: str) -> None:
    """Replaces the first such text of a file."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_every_fault_of_a_broken_catalog_is_listed_at_once(root: Path) -> None:
    """Faults of values, keys, names and files stand together, each with its file and path."""
    changed(root, "prices/openai.yaml", "  provider: openai\n", "  provider: openai\n  colour: red\n")
    changed(root, "accelerators/accelerators.yaml", "  tdp_w: 1000\n", "  tdp_w: -1\n")
    changed(root, "regions/regions.yaml", "  pue: 1.15\n", "  pue: .nan\n")
    changed(root, "models/meta.yaml", "  developer: Meta\n", "")
    changed(root, "prices/groq.yaml", "  model: llama-3.1-8b\n", "  model: llama-9\n")
    changed(root, "tasks/tasks.yaml", "  title: Support chat\n", "  title: a\n  title: b\n")
    with pytest.raises(InvalidCatalogError) as caught:
        overlaid("measured", {}, root=root)
    faults = {(fault.file.rpartition("/")[2], fault.path) for fault in caught.value.problems}
    assert {
        ("openai.yaml", "openai/gpt-4.colour"),
        ("accelerators.yaml", "b200.tdp_w"),
        ("regions.yaml", "us-virginia.pue"),
        ("meta.yaml", "llama-3.2-1b.developer"),
        ("groq.yaml", "groq/llama-3.1-8b.model"),
        ("tasks.yaml", ""),
    } <= faults


def test_an_entry_with_faults_is_still_a_known_name(root: Path) -> None:
    """One wrong figure of a model makes one fault, not one for each offer and device that names it."""
    changed(root, "models/meta.yaml", "  verbosity: 0.9\n", "  verbosity: 0\n")
    with pytest.raises(InvalidCatalogError) as caught:
        overlaid("measured", {}, root=root)
    assert [fault.path for fault in caught.value.problems] == ["llama-3.2-1b.verbosity"]


def test_a_name_given_in_two_files_is_a_fault(root: Path) -> None:
    """Neither silently wins."""
    shutil.copy(root / "serving_profiles" / "edge.yaml", root / "serving_profiles" / "second.yaml")
    with pytest.raises(InvalidCatalogError, match=r"second.yaml: vllm-jetson: also given in .*edge.yaml"):
        overlaid("measured", {}, root=root)


def test_a_pair_of_regions_without_a_round_trip_is_a_fault(root: Path) -> None:
    """Silence about a distance is not 0 ms."""
    changed(root, "regions/regions.yaml", "    indonesia: 219\n", "")
    changed(root, "regions/regions.yaml", "    eu-nordics: 219\n", "")
    with pytest.raises(InvalidCatalogError, match=r"eu-nordics.rtt_ms.indonesia: missing; give milliseconds"):
        overlaid("measured", {}, root=root)


def test_prices_out_of_order_or_twice_a_day_are_faults() -> None:
    """A history has one price a day, in order."""
    price = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 2, "source": "me", "retrieved": "2026-01-01"}
    rows = [{"valid_from": "2026-01-01", **price}] * 2
    with pytest.raises(InvalidCatalogError, match="prices must ascend by valid_from, each date once"):
        load_catalog(overrides={"offers": {"openai/gpt-4o": {"prices": rows}}})


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    """One figure of one chip changes; its neighbours, its other figures and the shipped catalog stay."""
    own = load_catalog(overrides={"accelerators": {"a100": {"rent_usd_per_hour": {"neocloud": 1.1}}}})
    shipped = load_catalog()
    rents = shipped.accelerator("a100").rent_usd_per_hour
    assert own.accelerator("a100").rent_usd_per_hour == {**rents, "neocloud": Decimal("1.1")}
    assert "neocloud" not in rents
    assert own.accelerator("h100") == shipped.accelerator("h100")


@pytest.mark.parametrize("listed", [True, False])
def test_a_price_of_ones_own_needs_a_price_and_nothing_else(listed: bool) -> None:
    """Two figures replace the list price at all times; the source is the scenario."""
    row = {"input_usd_per_mtok": 2, "output_usd_per_mtok": 8}
    own = load_catalog(overrides={"offers": {"openai/gpt-4o": {"prices": [row] if listed else row}}})
    offer = own.offer("openai/gpt-4o")
    for at in (datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)):
        assert offer.price_at(at).input_usd_per_mtok == 2
    assert offer.origin_of("prices.0.input_usd_per_mtok").source == "the scenario's own"


def test_a_price_of_ones_own_says_what_it_lacks() -> None:
    """A row without an answer's price is a fault at its path, and the only one."""
    with pytest.raises(InvalidCatalogError) as caught:
        load_catalog(overrides={"offers": {"openai/gpt-4o": {"prices": [{"input_usd_per_mtok": 2}]}}})
    assert [fault.path for fault in caught.value.problems] == ["openai/gpt-4o.prices.0.output_usd_per_mtok"]


def test_overrides_of_an_entry_nobody_ships_must_be_whole() -> None:
    """A new name needs all its figures and a source; all that are missing are listed."""
    with pytest.raises(InvalidCatalogError) as caught:
        load_catalog(overrides={"devices": {"my-phone": {"memory_gb": 8}}})
    paths = {fault.path for fault in caught.value.problems}
    assert {"my-phone.source", "my-phone.kind", "my-phone.speeds"} <= paths
    assert {fault.file for fault in caught.value.problems} == {"overrides"}


def test_the_shipped_catalog_is_read_once() -> None:
    """Asking again gives the same object."""
    assert load_catalog() is load_catalog("measured")
    assert load_catalog("thesis").digest != load_catalog().digest


@QUICK
@given(st.just(1.27) | st.floats(1, 3, allow_nan=False))
def test_the_digest_follows_the_figures(pue: float) -> None:
    """Two catalogs have the same digest exactly when the figure is the same."""
    base = load_catalog()
    region = base.region("japan")
    other = base.regions | {"japan": region.model_copy(update={"pue": pue})}
    changed_catalog = replace(base, regions=other)
    assert (changed_catalog.digest == base.digest) == (pue == region.pue)


@QUICK
@given(MAPS, MAPS)
def test_laying_over_keeps_all_that_is_not_said_again(
    base: dict[str, object], over: dict[str, object]
) -> None:
    """The result says what the overlay says, and else what the base says."""
    result = merged(base, over)
    assert set(result) == set(base) | set(over)
    assert merged(result, over) == result
    assert all(result[key] == base[key] for key in base.keys() - over.keys())


@QUICK
@given(MAPS)
def test_laying_nothing_over_changes_nothing(base: dict[str, object]) -> None:
    """An empty overlay is the same entry."""
    assert merged(base, {}) == base
