"""API price plans: hours of the day, cached prefixes, batches and provisioned units, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator import InvalidScenarioError, simulate
from world_cases import FRONTIER, scenario, with_stream

MOONCAKE = Path(__file__).parents[3] / "shared/data/traces/mooncake_conversation.jsonl.gz"
ONE_A_MINUTE = {"pattern": "steady", "rate": "1/min", "process": "deterministic"}
TALK = {"turns": {"fixed": 4}, "think_time": "20s"}
UNITS = {"offer": "openai/gpt-4o", "plan": "provisioned", "units": 15}


def world(model: str, api: dict[str, object], **changes: object) -> object:
    """One API behind a stream of long prompts."""
    stream = {"arrivals": ONE_A_MINUTE, "input_tokens": 1_000, "output_tokens": 100}
    stream |= changes.pop("stream", {})
    return scenario(
        fleet=[{**FRONTIER, "model": model, "api": api}],
        router={"policy": "round_robin"},
        **with_stream(**stream),
        **changes,
    )


def talk(model: str, offer: str, *, think: str = "20s", **api: object) -> object:
    """Conversations of four turns that carry their history."""
    stream = {"session": {**TALK, "think_time": think}, "max_output_tokens": 1_000}
    return world(model, {"offer": offer, **api}, stream=stream, duration="20min")


@pytest.mark.parametrize(
    ("start", "half"),
    [("2025-03-01T16:29:00Z", "late"), ("2025-03-02T00:29:00Z", "early"), ("2025-09-06T17:00:00Z", "")],
)
def test_hours_of_the_day_have_their_price(start: str, half: str) -> None:
    """DeepSeek's V3 costs half between 16:30 and 00:30 UTC, across midnight, until 2025-09-05."""
    run = simulate(world("deepseek-v3", {"offer": "deepseek/deepseek-v3"}, start=start)).settlement.run
    paid = run.books.whole.api_usd / (run.attempts.prompt * 0.27e-6 + run.attempts.output * 1.1e-6)
    late = run.attempts.admitted_s >= 60.0
    assert late.any()
    assert not late.all()
    np.testing.assert_allclose(paid[late], 0.5 if half == "late" else 1.0)
    np.testing.assert_allclose(paid[~late], 0.5 if half == "early" else 1.0)


def test_repeated_prefixes_cost_the_cached_price_in_the_providers_steps() -> None:
    """OpenAI's cache gives what the turn before asked, from 1,024 tokens on, in steps of 128."""
    result = simulate(talk("gpt-4o", "openai/gpt-4o"))
    run, plan = result.settlement.run, result.settlement.plan
    turn = plan.workload.turn[run.attempts.request]
    cached = run.attempts.cached
    assert (cached[turn <= 1] == 0).all(), "1,000 tokens are too few to be kept"
    assert (cached[turn == 2] > 0).any()
    assert (cached % 128 == 0).all()
    before = np.full(len(plan.workload), -1)
    linked = plan.workload.next_request >= 0
    before[plan.workload.next_request[linked]] = np.flatnonzero(linked)
    rows = turn >= 2
    asked = plan.workload.input_token_count[before[run.attempts.request[rows]]]
    np.testing.assert_array_equal(cached[rows], asked // 128 * 128)
    fresh = run.attempts.prompt - cached
    expected = (fresh * 2.5 + cached * 1.25 + run.attempts.output * 10) / 1e6
    np.testing.assert_allclose(run.books.whole.api_usd, expected)
    assert result.report.plain["tokens"]["cached_input"] == cached.sum()
    assert result.report.plain["tokens"]["cache_write"] == 0


def test_recorded_blocks_are_cached_up_to_where_prompts_part(tmp_path: Path) -> None:
    """A recording's block hashes say what its prompts share; OpenAI keeps it from 1,024 tokens on."""
    rows = [(0, 2_000, [1, 2, 3, 4]), (20, 2_000, [1, 2, 3, 9]), (40, 1_500, [1, 2, 8]), (60, 900, [1, 7])]
    lines = [
        json.dumps({"timestamp": 1_000 * at, "input_length": p, "output_length": 8, "hash_ids": ids})
        for at, p, ids in rows
    ]
    file = tmp_path / "trace.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="ascii")
    arrivals = {"pattern": "trace", "file": str(file), "format": "mooncake"}
    stream = {"arrivals": arrivals, "input_tokens": None, "output_tokens": None}
    run = simulate(world("gpt-4o", {"offer": "openai/gpt-4o"}, stream=stream)).settlement.run
    assert run.attempts.cached.tolist() == [0, 1_536, 1_024, 0]


@pytest.mark.skipif(not MOONCAKE.exists(), reason="the recorded trace is not here")
def test_recorded_conversations_hit_less_than_a_cache_that_forgets_nothing() -> None:
    """Mooncake's trace repeats 37 % of its input; ten minutes of memory find most of that."""
    arrivals = {"pattern": "trace", "file": str(MOONCAKE), "format": "mooncake"}
    stream = {"arrivals": arrivals, "input_tokens": None, "output_tokens": None}
    tokens = simulate(world("gpt-4o", {"offer": "openai/gpt-4o"}, stream=stream, duration="1h")).report.plain[
        "tokens"
    ]
    assert 0.28 < tokens["cached_input"] / tokens["input"] < 0.37


def test_a_prefix_is_forgotten_after_its_lifetime() -> None:
    """Eleven minutes of thought outlast a cache of ten."""
    run = simulate(talk("gpt-4o", "openai/gpt-4o", think="11min")).settlement.run
    assert (run.attempts.cached == 0).all()


def test_explicit_caches_bill_what_they_write() -> None:
    """Anthropic's clients write what is not yet cached at the write price and read the rest."""
    result = simulate(talk("claude-sonnet-5.5", "anthropic/claude-sonnet-5.5"))
    attempts = result.settlement.run.attempts
    long = attempts.prompt >= 1_024
    np.testing.assert_array_equal(attempts.cache_written[long], (attempts.prompt - attempts.cached)[long])
    assert (attempts.cache_written[~long] == 0).all()
    plain = attempts.prompt - attempts.cached - attempts.cache_written
    expected = plain * 2 + attempts.cached * 0.1 + attempts.cache_written * 2.5 + attempts.output * 10
    np.testing.assert_allclose(result.settlement.run.books.whole.api_usd, expected / 1e6)


@pytest.mark.parametrize(
    ("offer", "fewer"), [("anthropic/claude-sonnet-5.5", True), ("openai/gpt-6.1-sol", False)]
)
def test_cached_input_counts_toward_limits_only_where_the_provider_says_so(offer: str, fewer: bool) -> None:
    """The same conversations under the same limit: 429s by what counts."""
    model = offer.split("/")[1]
    limited = talk(model, offer, input_tokens_per_min=6_000.0)
    result = simulate(limited)
    refused = result.report.plain["attempts"]["failures"]["rate_limit"]
    assert (refused == 0) == fewer, refused


def test_batches_cost_half_and_answer_within_their_window() -> None:
    """A deferrable stream gets the batch price; others are kept from batches."""
    api = {"offer": "openai/gpt-4o", "plan": "batch"}
    patient = {"deferrable": True}
    result = simulate(world("gpt-4o", api, stream=patient, drain="24h"))
    run = result.settlement.run
    expected = (run.attempts.prompt * 1.25 + run.attempts.output * 5) / 1e6
    np.testing.assert_allclose(run.books.whole.api_usd, expected)
    assert (run.outcomes.e2e_s <= 24 * 3_600 + 1).all()
    assert np.median(run.outcomes.e2e_s) > 600
    assert result.report.figure("slo.attainment_ratio") == 1.0
    streams = [
        {"name": name, "task": "support_chat", "region": "us-virginia", "arrivals": ONE_A_MINUTE, **rest}
        for name, rest in (("now", {}), ("later", patient))
    ]
    both = scenario(
        fleet=[{**FRONTIER, "model": "gpt-4o", "api": api}],
        router={"policy": "round_robin"},
        workload={"streams": streams},
        drain="24h",
    )
    counts = simulate(both).report.plain["requests"]
    assert counts["rejected"] == counts["completed"] > 0


def test_provisioned_units_cost_their_hours_used_or_not() -> None:
    """Used plus idle dollars are units x price x hours; a call uses (fresh + 4 x output) tokens' worth."""
    result = simulate(world("gpt-4o", UNITS, duration="1h"))
    cost = result.report.plain["cost_usd"]
    assert cost["api"] == 0.0
    assert cost["total"] == pytest.approx(15.0)
    assert cost["capacity_used"] + cost["capacity_idle"] == pytest.approx(15.0)
    attempts = result.settlement.run.attempts
    share = (attempts.prompt + 4 * attempts.output).sum() / (15 * 2_500 * 60)
    assert result.report.plain["utilization"]["overall"] == pytest.approx(share)
    assert cost["capacity_used"] == pytest.approx(15.0 * share)


def test_more_than_the_units_take_is_refused_and_spills_over() -> None:
    """Beyond the units' tokens a minute calls get a 429, and a fallback by the token serves them."""
    units = {**FRONTIER, "name": "units", "model": "gpt-4o", "api": UNITS}
    spill = {**FRONTIER, "name": "spill", "model": "gpt-4o-mini", "api": {"offer": "openai/gpt-4o-mini"}}
    stream = with_stream(arrivals={"pattern": "steady", "rate": "1/s"}, input_tokens=2_000, output_tokens=100)
    router = {
        "policy": "static",
        "parameters": {"target": "units"},
        "resilience": {"fallbacks": {"units": ["spill"]}, "cooldown": "0s"},
    }
    result = simulate(scenario(fleet=[units, spill], router=router, duration="30min", **stream))
    cost, attempts = result.report.plain["cost_usd"], result.report.plain["attempts"]
    assert attempts["failures"]["rate_limit"] == attempts["fallbacks"] > 0
    assert result.report.plain["requests"]["failed"] == 0
    assert cost["api"] > 0.0
    assert cost["capacity_used"] + cost["capacity_idle"] == pytest.approx(7.5)
    assert result.report.plain["utilization"]["units"] > 0.99


def test_a_context_window_believed_too_large_fails_once() -> None:
    """A provider refuses what does not fit the model's true window; nobody tries it there again."""
    fleet = [
        {**FRONTIER, "model": "gpt-4", "context_window_tokens": 100_000, "api": {"offer": "openai/gpt-4"}}
    ]
    stream = with_stream(arrivals=ONE_A_MINUTE, input_tokens=20_000, output_tokens=100)
    router = {"policy": "round_robin", "resilience": {"retries": 3}}
    report = simulate(scenario(fleet=fleet, start="2026-06-01", router=router, **stream)).report
    attempts = report.plain["attempts"]
    assert (
        attempts["failures"]["context_length"] == attempts["total"] == report.plain["requests"]["failed"] > 0
    )
    assert attempts["retries"] == 0


@pytest.mark.parametrize(
    ("api", "key", "said"),
    [
        ({"plan": "batch"}, "api.plan", "deferrable"),
        ({"plan": "batch"}, "api.plan", "drain"),
        ({"plan": "provisioned", "units": 17}, "api.units", "in steps of 5"),
        ({"units": 15}, "api", "go with `plan: provisioned`"),
        ({"plan": "provisioned", "units": 15, "requests_per_min": 5}, "api", "pay_as_you_go"),
    ],
)
def test_plans_that_cannot_be_are_refused(api: dict[str, object], key: str, said: str) -> None:
    """Each impossible plan is named with what is allowed."""
    with pytest.raises(InvalidScenarioError) as caught:
        world("gpt-4o", {"offer": "openai/gpt-4o", **api})
    faults = [fault for fault in caught.value.problems if key in fault.path]
    assert any(said in fault.what for fault in faults), caught.value


def test_calls_hung_up_on_are_counted_as_timeouts() -> None:
    """A client that asks twice and waits a second each time has two timeouts."""
    api = {"offer": "openai/gpt-4o", "ttft": "5s"}
    stream = {"client": {"timeout": "1s", "retries": 1}}
    report = simulate(world("gpt-4o", api, stream=stream)).report
    attempts = report.plain["attempts"]
    assert (
        attempts["failures"]["timeout"] == attempts["total"] == 2 * report.plain["requests"]["timed_out"] > 0
    )


def test_a_router_compares_list_prices_whatever_the_hour() -> None:
    """A run that begins in cheap hours does not take their price for the day's."""
    cheap = world("deepseek-v3", {"offer": "deepseek/deepseek-v3"}, start="2025-03-01T20:00:00Z")
    target = simulate(cheap).settlement.plan.targets[0]
    assert (target.input_price_usd_per_mtok, target.output_price_usd_per_mtok) == (0.27, 1.1)
