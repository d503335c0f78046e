"""Switching costs what the target of the turn before had cached: laws, and two turns by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oracle.accountant.comparing import disagreements
from oracle.accountant.report import Accountant
from simulator import load_scenario, simulate
from spend_logs import log_scenario, spend_row, written_log

STICKY = "static:target=sol"


def chat(*turns: tuple[float, int, str], **changes: object) -> list[dict[str, object]]:
    """One session: instants, prompts and the groups that served them."""
    return [
        spend_row(n, at_s, prompt_tokens=prompt, group=group, session_id="chat", **changes)
        for n, (at_s, prompt, group) in enumerate(turns)
    ]


def regret_of(folder: Path, rows: list[dict[str, object]], policy: str = "recorded", *settings: str):
    """A run of the rows, and its regret, which the accountant has found as well."""
    scenario = load_scenario(log_scenario(folder, written_log(folder, rows)), overrides=settings)
    result = simulate(scenario, policy)
    found = Accountant(scenario, result).figures()
    assert list(disagreements(scenario, found, result.report.to_dict())) == []
    return result, result.report.cache_regret


def prices(result, target: str) -> tuple[float, float]:
    """Dollars for a fresh and for a cached token at a target, when the run began."""
    term = next(term for term in result.settlement.run.terms if term.deployment == target)
    return term.rates.input_usd.item(0), term.rates.cached_input_usd.item(0)


def test_two_turns_on_two_models_cost_what_a_hand_computes(tmp_path: Path) -> None:
    """The first prompt, in whole steps of 128 (OpenAI), at fresh price there less cached price here."""
    result, found = regret_of(tmp_path, chat((0.0, 2_000, "frontier"), (60.0, 2_500, "quick")))
    (_fresh, read), (paid, _read) = prices(result, "sol"), prices(result, "luna")
    assert (found.sessions, found.switches, found.switches_per_session, found.tokens) == (1, 1, 1.0, 1_920)
    assert found.usd == pytest.approx(1_920 * (paid - read))
    assert read > 0.0


def test_the_price_of_what_was_paid_counts_explicit_writes(tmp_path: Path) -> None:
    """At Anthropic the missed tokens are written into the cache: the write price is what they cost."""
    result, found = regret_of(tmp_path, chat((0.0, 6_000, "frontier"), (60.0, 8_000, "haiku")))
    _fresh, read = prices(result, "sol")
    write = result.settlement.run.terms[2].rates.cache_write_usd.item(0)
    assert found.tokens == 5_888
    assert found.usd == pytest.approx(5_888 * (write - read))


def test_who_never_switches_regrets_nothing(tmp_path: Path) -> None:
    """One target for all: no switch, no tokens; the turns are found in its cache."""
    rows = chat((0.0, 2_000, "frontier"), (60.0, 2_500, "quick"), (120.0, 3_000, "haiku"))
    result, found = regret_of(tmp_path, rows, STICKY)
    assert (found.switches, found.tokens, found.usd) == (0, 0, 0.0)
    assert result.report.tokens.cached_input == 1_920 + 2_432


def test_a_lapsed_prefix_is_no_regret(tmp_path: Path) -> None:
    """Past the lifetime staying would have found nothing: a switch without tokens."""
    life_s = lifetime_s(tmp_path)
    for late_s, tokens in ((life_s - 60.0, 1_920), (life_s + 60.0, 0)):
        turns = chat((0.0, 2_000, "frontier"), (late_s, 2_500, "quick"))
        _result, found = regret_of(tmp_path, turns, "recorded", f"duration={life_s + 600.0:g}s")
        assert (found.switches, found.tokens) == (1, tokens)


def lifetime_s(folder: Path) -> float:
    """The lifetime of the first model's prefixes in the catalog."""
    scenario = load_scenario(log_scenario(folder, written_log(folder)))
    offer = scenario.catalog.offer("openai/gpt-6.1-sol")
    return float(scenario.catalog.providers[offer.provider].prefix_cache.lifetime_s)


def test_who_returns_in_time_finds_the_old_prefix(tmp_path: Path) -> None:
    """The first target holds the first turn, as long as it was then; the rest of the second is missed."""
    rows = chat((0.0, 2_000, "frontier"), (60.0, 2_500, "quick"), (120.0, 3_000, "frontier"))
    result, found = regret_of(tmp_path, rows)
    assert result.attempts["cached_token_count"].tolist() == [0, 0, 1_920]
    assert (found.switches, found.tokens) == (2, 1_920 + 2_432 - 1_920)


def test_a_prompt_that_began_anew_repeats_nothing(tmp_path: Path) -> None:
    """A turn that is shorter than the one before it is neither cached nor regretted."""
    for groups in (("frontier", "frontier"), ("frontier", "quick")):
        rows = chat((0.0, 4_000, groups[0]), (60.0, 2_500, groups[1]))
        result, found = regret_of(tmp_path, rows)
        assert (result.report.tokens.cached_input, found.tokens) == (0, 0)


def test_sessions_that_carry_nothing_have_no_figures(tmp_path: Path) -> None:
    """With `history: false`, or without sessions, there is no block."""
    rows = chat((0.0, 2_000, "frontier"), (60.0, 2_500, "quick"))
    off = "workload.streams.gateway.arrivals.history=false"
    assert regret_of(tmp_path, rows, "recorded", off)[1] is None
    assert regret_of(tmp_path, [{**row, "session_id": ""} for row in rows])[1] is None


@pytest.mark.parametrize("policy", ["round_robin", "random_mix", "recorded", "cheapest_capable"])
def test_no_more_is_missed_than_was_asked(tmp_path: Path, policy: str) -> None:
    """Regretted and cached tokens together never exceed the prompts'; the accountant agrees."""
    result, found = regret_of(tmp_path, None, policy)
    tokens = result.report.tokens
    assert 0 <= found.tokens <= tokens.input - tokens.cached_input
    assert found.sessions == 12


def test_the_digest_leaves_the_regret_out(tmp_path: Path) -> None:
    """The same report without it has the same digest, and its JSON says so."""
    from dataclasses import replace

    result, _found = regret_of(tmp_path, None)
    report = result.report
    assert replace(report, cache_regret=None).digest == report.digest
    assert json.loads(json.dumps(report.to_dict()))["cache_regret"]["sessions"] == 12
