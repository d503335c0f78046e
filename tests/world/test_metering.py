"""What an API counts of a call: prefixes it holds, tokens toward its limits, windows it refuses beyond."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.kernel.codes import Reason
from simulator.world.plan import Metering
from simulator.world.requests.metering import ApiPrefixCache, Meter, meter_of

REFUSED = int(Reason.CONTEXT_LENGTH)


def plan(*, repeats: bool = True) -> SimpleNamespace:
    """Two turns of session 4, one request that repeats nothing, two with recorded blocks, one longer."""
    workload = SimpleNamespace(
        session=np.array([4, 4, 5, 6, 7, 4]),
        history_token_count=np.array([0, 1550, -1, -1, -1, 1650]),
        input_token_count=np.array([1000, 1550, 1000, 700, 700, 3000]),
        window_output_token_count=np.array([100, 100, 200, 100, 100, 100]),
        prefix_offset=np.array([0, 0, 0, 0, 3, 5, 5]),
        prefix_block=np.array([71, 72, 73, 71, 75]),
        prefix_tokens=np.array([256, 200, 244, 256, 444]),
    )
    return SimpleNamespace(workload=workload, repeats_prefix=np.array([False, repeats]))


def test_a_conversation_is_held_for_its_lifetime() -> None:
    """Up to and including the last instant; a request without history neither finds nor leaves anything."""
    held = ApiPrefixCache(plan(), 300.0)
    assert held.tokens(1, 0.0) == 0
    held.keep(0, 10.0)
    assert [held.tokens(1, now_s) for now_s in (10.0, 310.0, 310.001)] == [1000, 1000, 0]
    held.keep(1, 20.0)
    assert held.tokens(5, 320.0) == 1550
    held.keep(2, 10.0)
    assert held.tokens(2, 10.0) == 0


def test_recorded_blocks_are_found_up_to_the_first_that_is_not_held() -> None:
    """Another request with the same first block finds that; the same request finds all of its own."""
    held = ApiPrefixCache(plan(), 60.0)
    held.keep(3, 5.0)
    assert held.tokens(3, 65.0) == 700
    assert held.tokens(4, 65.0) == 256
    assert held.tokens(3, 65.1) == 0
    held.keep(4, 50.0)
    assert held.tokens(3, 66.0) == 256
    assert held.tokens(4, 110.0) == 700


def test_a_conversation_is_found_beside_blocks() -> None:
    """The longer of both counts."""
    held = ApiPrefixCache(plan(), 60.0)
    held.keep(3, 0.0)
    held.keep(0, 0.0)
    assert held.tokens(1, 1.0) == 1000


@pytest.mark.parametrize(
    ("minimum", "step", "cached"),
    [(0, 1, 1000), (1000, 1, 1000), (1001, 1, 0), (0, 128, 896), (896, 128, 896), (897, 128, 0)],
)
def test_caches_count_whole_steps_from_their_minimum_on(minimum: int, step: int, cached: int) -> None:
    """Of 1,000 tokens held."""
    meter = Meter(Metering(minimum_tokens=minimum, step_tokens=step, lifetime_s=300.0), plan())
    meter.answered(0, 0.0)
    assert meter.cached_tokens(1, 1.0) == cached


def test_no_more_is_cached_than_the_prompt_holds() -> None:
    """A later turn with a shorter prompt than what is held."""
    meter = Meter(Metering(lifetime_s=300.0), plan())
    meter.answered(5, 0.0)
    assert meter.cached_tokens(1, 1.0) == 1550


def test_nothing_is_cached_in_the_spans_without_a_cache() -> None:
    """From the beginning of a span up to its end, which is not part of it."""
    spans = ((10.0, 20.0), (30.0, 40.0))
    meter = Meter(Metering(lifetime_s=300.0, uncached_s=spans), plan())
    meter.answered(0, 0.0)
    found = [meter.cached_tokens(1, now_s) for now_s in (9.9, 10.0, 19.9, 20.0, 35.0, 40.0)]
    assert found == [1000, 0, 0, 1000, 0, 1000]


def test_without_a_lifetime_nothing_is_cached() -> None:
    """However often the same is asked."""
    meter = Meter(Metering(output_weight=1.0), plan())
    meter.answered(0, 0.0)
    assert meter.cached_tokens(1, 0.0) == 0
    assert meter.count(1, 10, 0.0) == (1560, 0, 0)


def test_prefixes_are_kept_when_answered_or_when_sent() -> None:
    """Batches find what was sent before; elsewhere only an answer leaves its prompt behind."""
    late = Meter(Metering(lifetime_s=300.0), plan())
    late.count(0, 50, 0.0)
    assert late.count(1, 50, 1.0) == (1550, 0, 0)
    late.answered(0, 1.0)
    assert late.count(1, 50, 2.0) == (1550, 1000, 0)
    early = Meter(Metering(lifetime_s=300.0, kept_when_sent=True), plan())
    early.answered(5, 0.0)
    assert early.count(0, 50, 0.0) == (1000, 0, 0)
    assert early.count(1, 50, 1.0) == (1550, 1000, 0)


def test_a_refused_batch_leaves_nothing_in_the_cache() -> None:
    """Its prompt was never read."""
    meter = Meter(Metering(lifetime_s=300.0, kept_when_sent=True, window_tokens=1099), plan())
    assert meter.count(0, 50, 0.0) == (1000, 0, REFUSED)
    assert meter.cached_tokens(1, 1.0) == 0


@pytest.mark.parametrize(
    ("counts_cached", "weight", "counted"),
    [(True, 0.0, 1550), (False, 0.0, 550), (True, 4.0, 1590), (False, 0.26, 553)],
)
def test_limits_count_prompts_and_weighted_answers(
    counts_cached: bool,
    weight: float,
    counted: int,
) -> None:
    """1,550 tokens of which 1,000 are cached, and an answer of 10, rounded to whole tokens."""
    rules = Metering(counts_cached=counts_cached, output_weight=weight, lifetime_s=9.0)
    meter = Meter(rules, plan())
    meter.answered(0, 0.0)
    assert meter.count(1, 10, 0.0) == (counted, 1000, 0)


@pytest.mark.parametrize(("window", "refusal"), [(0, 0), (1199, REFUSED), (1200, 0), (1, REFUSED)])
def test_prompts_with_their_longest_answer_must_fit_the_true_window(window: int, refusal: int) -> None:
    """1,000 tokens and up to 200 of an answer; 0 is no window of its own."""
    assert Meter(Metering(window_tokens=window), plan()).refusal(2) == refusal


@pytest.mark.parametrize(
    ("rules", "repeats", "counts"),
    [
        (None, True, False),
        (Metering(), True, False),
        (Metering(lifetime_s=0.5), True, True),
        (Metering(lifetime_s=0.5), False, False),
        (Metering(output_weight=0.5), False, True),
        (Metering(window_tokens=1), False, True),
    ],
)
def test_a_meter_is_there_only_for_what_it_counts(
    rules: Metering | None,
    repeats: bool,
    counts: bool,
) -> None:
    """A cache where something repeats, weighted answers, or a window; fresh for every run."""
    target = SimpleNamespace(metering=rules)
    made = meter_of(target, plan(repeats=repeats))
    assert (made is not None) is counts
    if made is not None:
        assert made is not meter_of(target, plan(repeats=repeats))
        assert made.refusal(0) == (REFUSED if rules and rules.window_tokens else 0)
