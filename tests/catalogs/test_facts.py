"""The shipped facts: where each comes from, and that they agree with one another and with sense."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from catalogs import load_catalog
from catalogs.differences import figures

LADDERS = [
    ["llama-3.2-1b", "llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b"],
    ["gemma-2-2b", "gemma-2-9b"],
    ["qwen3-4b", "qwen3-8b", "qwen3-32b", "qwen3-235b-a22b"],
    ["gpt-oss-20b", "gpt-oss-120b"],
    ["gpt-4o-mini", "gpt-4o", "gpt-6-luna", "gpt-6.1-sol"],
    ["gpt-4", "gpt-4-turbo", "gpt-4o"],
    ["claude-haiku-4.5", "claude-haiku-5.5", "claude-sonnet-5.5", "claude-opus-5.5"],
    ["claude-3-opus", "claude-3.5-sonnet", "claude-opus-4.5", "claude-opus-5.5"],
    ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-4-argon"],
    ["llama-3.1-8b", "gpt-4o-mini", "claude-3.5-sonnet", "deepseek-r1", "gpt-6.1-sol"],
]
"""Models from weaker to stronger."""

BENCHMARKS = {"program_execution", "competition_math", "exam_questions"}
"""Tasks that are a benchmark's questions, where models that were not asked them have no success ratio."""


@pytest.mark.parametrize("ladder", LADDERS, ids="-".join)
def test_stronger_models_answer_no_worse(ladder: list[str]) -> None:
    """On every task a stronger model is right at least as often."""
    catalog = load_catalog()
    for weaker, stronger in pairwise(catalog.model(name) for name in ladder):
        for task in set(weaker.success) & set(stronger.success):
            assert weaker.success[task] <= stronger.success[task], (weaker.name, stronger.name, task)


def test_every_model_is_rated_on_every_task_that_is_not_a_benchmark() -> None:
    """Tasks that benchmarks stand for have the measured models' success alone; none is certain."""
    catalog = load_catalog()
    usual = set(catalog.tasks) - BENCHMARKS
    for model in catalog.models.values():
        assert usual <= set(model.success) <= set(catalog.tasks)
        assert all(0 < ratio < 1 for ratio in model.success.values())


def test_abilities_are_sourced_or_marked_as_estimates() -> None:
    """A measured ability names its benchmark, a curve's value says estimate."""
    for model in load_catalog().models.values():
        for task in model.success:
            origin = model.origin_of(f"success.{task}")
            benchmark = task in BENCHMARKS or any(name in origin.source for name in ("aider", "ZeroEval"))
            assert origin.estimate != benchmark, (model.name, task)


def test_figures_inside_an_entry_keep_their_own_source() -> None:
    """A speed or price shows where it was measured, not where the device or offer is described."""
    catalog = load_catalog()
    speed = catalog.device("macbook-m1").origin_of("speeds.llama-3.1-8b.decode_tokens_per_s")
    assert "GPU-Benchmarks-on-LLM-Inference" in speed.source
    scaled = catalog.device("galaxy-s24").origin_of("speeds.llama-3.2-1b.decode_tokens_per_s")
    assert scaled.estimate
    price = catalog.offer("google/gemini-4-argon").origin_of("prices.1.output_usd_per_mtok")
    assert "announced" in price.source
    assert catalog.device("macbook-m1").origin_of("memory_gb").source == catalog.device("macbook-m1").source


def test_the_nearest_source_wins() -> None:
    """A figure named deeper than its part keeps its own source; its neighbours keep the part's."""
    model = load_catalog().model("gpt-4o")
    assert "aider" in model.origin_of("success.code_agent_step").source
    assert "MMLU-Pro" in model.origin_of("success.rag_answer").source
    assert model.origin_of("success.code").source == model.origin_of("success").source


def test_guesses_are_marked() -> None:
    """No figure whose source says that none was seen passes for measured."""
    for _kind, entry in load_catalog().entries():
        for path in figures(entry):
            origin = entry.origin_of(path)
            unseen = any(word in origin.source for word in ("no source", "no measurement", "guess"))
            assert origin.estimate or not unseen, (entry.name, path, origin.source)


def test_round_trips_are_known_and_nearly_the_same_both_ways() -> None:
    """Every pair of regions has a round trip; the two directions agree within 5 ms."""
    regions = load_catalog().regions
    for here in regions.values():
        assert set(here.rtt_ms) == set(regions)
        for name, there in regions.items():
            assert abs(here.rtt_ms[name] - there.rtt_ms[here.name]) <= 5


def test_regions_have_real_clocks() -> None:
    """Every time zone is in the IANA database."""
    for region in load_catalog().regions.values():
        assert ZoneInfo(region.time_zone).key == region.time_zone


def test_long_prompts_cost_more_where_providers_say_so() -> None:
    """Haiku 5.5 over 100,000 tokens costs five times as much, GPT-6 over 272,000 twice."""
    catalog = load_catalog()
    haiku = catalog.offer("anthropic/claude-haiku-5.5").prices[-1]
    assert (haiku.long_prompt_tokens, haiku.long_input_factor, haiku.long_output_factor) == (100_000, 5, 5)
    sol = catalog.offer("openai/gpt-6.1-sol").prices[-1]
    assert (sol.long_prompt_tokens, sol.long_input_factor, sol.long_output_factor) == (272_000, 2, 1.5)


def test_announced_rises_stand_beside_todays_price() -> None:
    """A price of the future is a row of its own, twice today's."""
    today, later = load_catalog().offer("google/gemini-3.8-flash").prices
    assert today.valid_from < later.valid_from
    assert later.input_usd_per_mtok == 2 * today.input_usd_per_mtok


def test_batch_is_half_price_and_cached_input_is_cheaper() -> None:
    """The two discounts hold wherever a provider sells them."""
    for offer in load_catalog().offers.values():
        for price in offer.prices:
            if price.batch_input_usd_per_mtok is not None:
                assert 2 * price.batch_input_usd_per_mtok == price.input_usd_per_mtok
            if price.cached_input_usd_per_mtok is not None:
                assert price.cached_input_usd_per_mtok < price.input_usd_per_mtok


def test_devices_hold_the_models_they_are_said_to_run() -> None:
    """Weights fit the part of memory that a model may use."""
    for device in load_catalog().devices.values():
        for name, speed in device.speeds.items():
            assert speed.weight_gb < device.memory_gb * device.usable_memory_ratio, (device.name, name)
            assert (speed.sustained_decode_tokens_per_s or 0) <= speed.decode_tokens_per_s


def test_chips_draw_between_idle_and_their_limit() -> None:
    """Idle is below the running floor, the floor below the thermal limit."""
    for chip in load_catalog().accelerators.values():
        assert chip.idle_w < chip.floor_w < chip.tdp_w, chip.name


def test_chips_stay_where_they_may_be_sold() -> None:
    """Export control and single-provider chips limit their regions."""
    catalog = load_catalog()
    for name in ("b200", "h100", "h200", "a100"):
        assert "china" in catalog.accelerator(name).banned_regions
    assert catalog.accelerator("ascend-910c").regions == ("china",)
    assert "china" not in (catalog.accelerator("trainium2").regions or ())
