"""Facts: sourced, dated, checked whole, and told apart by edition."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from catalogs import InvalidCatalogError, UnknownEntryError, editions, load_catalog
from catalogs.differences import differences, figures
from catalogs.loading import overlaid
from catalogs.reader import parse_yaml
from catalogs.units import duration_s, instant, rate_per_s

GOOD_TASK = """
chat:
  title: Chat
  input_tokens: {fixed: 10}
  output_tokens: {fixed: 10}
  max_output_tokens: 100
  source: somebody
  retrieved: 2026-01-01
"""


@pytest.mark.parametrize("edition", editions())
def test_editions_load_and_every_figure_has_a_source(edition: str) -> None:
    """Every figure of every entry names where it comes from."""
    for _kind, entry in load_catalog(edition).entries():
        for path in figures(entry):
            assert entry.origin_of(path).source


def test_catalog_holds_what_the_product_promises() -> None:
    """Models, chips, devices, twelve regions and eleven tasks are there."""
    catalog = load_catalog()
    assert {"gpt-4", "gpt-4o", "claude-3-opus", "deepseek-r1", "llama-3.1-405b", "gemma-2-2b"} <= set(
        catalog.models
    )
    chips = {"b200", "h100", "a100", "gaudi3", "groq-lpu", "trainium2", "tpu-v6e", "ascend-910c"}
    assert chips | {"h200", "mi300x", "l40s", "l4", "jetson-orin"} <= set(catalog.accelerators)
    assert len(catalog.regions) == 12
    assert len(catalog.tasks) == 11
    assert {device.kind for device in catalog.devices.values()} >= {"phone", "laptop", "mini_pc"}


def test_prices_are_dated_and_not_overwritten() -> None:
    """GPT-4o has both its prices, money stays decimal."""
    prices = load_catalog().offer("openai/gpt-4o").prices
    assert [price.input_usd_per_mtok for price in prices] == [Decimal(5), Decimal("2.5")]
    assert [price.output_usd_per_mtok for price in prices] == [Decimal(15), Decimal(10)]


def test_thesis_states_its_own_figures() -> None:
    """The article's prices, chips and regions stand exactly as stated."""
    thesis = load_catalog("thesis")
    assert thesis.offer("openai/gpt-4o").prices[0].input_usd_per_mtok == Decimal("2.5")
    assert thesis.accelerator("h100").tokens_per_s_70b == 15_000
    assert thesis.accelerator("gaudi3").tdp_w == 600
    assert thesis.region("india").renewable_ratio == 0.40


def test_diff_prints_disagreements_with_both_sources() -> None:
    """Gaudi's power and Australia's electricity differ, each with two sources."""
    found = {(d.name, d.path): d for d in differences(load_catalog(), load_catalog("thesis"))}
    watts = found["gaudi3", "tdp_w"]
    assert (watts.first, watts.second) == (900.0, 600.0)
    assert "Thesis" in watts.second_source
    assert "Thesis" not in watts.first_source
    assert ("australia", "electricity_usd_per_kwh") in found
    assert ("h100", "tdp_w") not in found


def test_digest_changes_with_any_figure() -> None:
    """The same facts have the same digest, one changed figure another."""
    base = load_catalog()
    changed = load_catalog(overrides={"regions": {"japan": {"pue": 1.3}}})
    assert overlaid("measured", {}).digest == base.digest
    assert changed.digest != base.digest


def test_unknown_names_come_with_near_ones() -> None:
    """A misspelt name is answered with what was meant and what there is."""
    with pytest.raises(UnknownEntryError, match="did you mean 'llama-3.1-8b'"):
        load_catalog().model("llama-3.1-8")
    with pytest.raises(UnknownEntryError, match="known: 'measured', 'thesis'"):
        load_catalog("rumours")


def test_every_fault_of_every_file_is_listed(tmp_path: Path) -> None:
    """Unknown keys, wrong values, missing figures and broken files stand together."""
    (tmp_path / "tasks").mkdir()
    (tmp_path / "regions").mkdir()
    (tmp_path / "tasks" / "a.yaml").write_text(GOOD_TASK + "  colour: blue\n", encoding="utf-8")
    (tmp_path / "tasks" / "b.yaml").write_text("worse: {title: 3}\n", encoding="utf-8")
    (tmp_path / "regions" / "c.yaml").write_text("- a list\n", encoding="utf-8")
    (tmp_path / "regions" / "d.yaml").write_text("x: [\n", encoding="utf-8")
    with pytest.raises(InvalidCatalogError) as caught:
        overlaid("measured", {}, root=tmp_path)
    text = str(caught.value)
    for expected in (
        "a.yaml: chat.colour",
        "b.yaml: worse.source",
        "b.yaml: worse.title",
        "c.yaml",
        "d.yaml: line",
    ):
        assert expected in text


def test_overrides_of_unknown_kinds_are_faults() -> None:
    """A user's own figures must stand under a kind that exists."""
    with pytest.raises(InvalidCatalogError, match="overrides: planets: must be a map under one of"):
        load_catalog(overrides={"planets": {}})


def test_names_that_entries_use_must_exist() -> None:
    """An offer of a model nobody knows is a fault."""
    with pytest.raises(InvalidCatalogError, match="unknown name 'gpt-0'"):
        load_catalog(overrides={"offers": {"openai/gpt-4o": {"model": "gpt-0"}}})


def test_yaml_means_what_it_says() -> None:
    """YAML 1.2: no surprising truths, no clock numbers, no octal by a leading zero."""
    assert parse_yaml("{a: yes, b: 12:30, c: 010, d: 1e3, e: on}") == {
        "a": "yes",
        "b": "12:30",
        "c": 10,
        "d": 1000.0,
        "e": "on",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2", "line 2, column 1: key 'a' is given twice"),
        ("a: &b [1, *b]", "is inside what it names"),
        ("[" * 50 + "]" * 50, "nested more than 40 deep"),
        ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("? [1, 2]\n: 3", "is no text or number"),
    ],
)
def test_yaml_that_could_harm_is_refused(text: str, expected: str) -> None:
    """Duplicates, bombs, objects and odd keys are faults with their line."""
    with pytest.raises(ValueError, match=expected.replace("(", "\\(")):
        parse_yaml(text)


def test_quantities_are_read_with_their_units() -> None:
    """Durations, rates and instants as people write them."""
    assert duration_s("1h30m") == 5_400
    assert duration_s("250ms") == 0.25
    assert duration_s(90) == 90
    assert rate_per_s("120/min") == 2.0
    assert instant("2026-11-02").isoformat() == "2026-11-02T00:00:00+00:00"
    for parse, bad in (
        (duration_s, "tomorrow"),
        (duration_s, "5 parsecs"),
        (rate_per_s, "fast"),
        (instant, "x"),
    ):
        with pytest.raises(ValueError, match="is no"):
            parse(bad)


@pytest.mark.parametrize(
    ("name", "ours"),
    [("us-east-1", "us-virginia"), ("westeurope", "eu-netherlands"), ("asia-southeast1", "singapore")],
)
def test_a_providers_name_of_a_region_is_translated(name: str, ours: str) -> None:
    """One line says what the place is called here, and nothing else."""
    with pytest.raises(UnknownEntryError) as caught:
        load_catalog().region(name)
    assert caught.value.args[0] == f"unknown region {name!r}; that place is called {ours!r} here"


def test_no_two_regions_have_a_providers_name_in_common() -> None:
    """A provider's region stands for one of ours."""
    names = [name for region in load_catalog().regions.values() for name in region.provider_regions]
    assert len(names) == len(set(names)) > 20


@pytest.mark.parametrize("name", ["gpt-4o", "OpenAI/GPT-4o", "openai/gpt4o"])
def test_a_mistyped_offer_gets_a_suggestion(name: str) -> None:
    """The message names what was probably meant, first, without the list of everything."""
    with pytest.raises(UnknownEntryError) as caught:
        load_catalog().offer(name)
    said = caught.value.args[0]
    assert said.startswith(f"unknown offer {name!r}; did you mean 'openai/gpt-4o'")
    assert "known:" not in said


def test_assumptions_lie_within_the_range_that_was_seen() -> None:
    """What owning costs is assumed between its low and its high, with a unit."""
    economics = load_catalog().economics
    assert len(economics) >= 7
    for entry in economics.values():
        assert entry.low <= entry.value <= entry.high, entry.name
        assert entry.unit
