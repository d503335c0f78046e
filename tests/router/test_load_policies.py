"""Policies that go by weights, limits, latencies, usage and pressure, against their rules computed apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_choices import TARGETS
from policy_runs import PolicyRun, stated
from router import InvalidPolicyParameterError, PolicyFailedError, Reject, make_policy
from router.testing.samples import sample_targets

NAMES = [target.name for target in TARGETS]


def shares(run: PolicyRun, count: int = 6_000) -> dict[str, float]:
    """The share of each target that is sent to."""
    return {name: sent / count for name, sent in Counter(run.send() for _ in range(count)).items()}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (0.25, 0.25, 0.25, 0.25)),
        ({"tokens_per_minute": (None, 30.0, None, 10.0)}, (0, 0.75, 0, 0.25)),
        ({"tokens_per_minute": (9, 9, 9, 9), "requests_per_minute": (4, None, 1, None)}, (0.8, 0, 0.2, 0)),
        ({"requests_per_minute": (1, 1, 1, 1), "weight": (0.0, 3.0, 1.0, None)}, (0, 0.75, 0.25, 0)),
        ({"weight": (0.0, 0.0, 0.0, 0.0), "requests_per_minute": (2, 2, 0, 0)}, (0.5, 0.5, 0, 0)),
    ],
)
def test_shuffle_goes_by_the_first_fact_that_any_candidate_states(facts, expected) -> None:
    """Weights before requests before tokens a minute, equal shares without any; who states none gets none."""
    found = shares(PolicyRun("weighted_shuffle", targets=stated(**facts)))
    wanted = {name: share for name, share in zip(NAMES, expected, strict=True) if share}
    assert found == {name: pytest.approx(share, abs=0.025) for name, share in wanted.items()}


def test_shuffle_leaves_a_missing_candidate_s_share_to_the_others() -> None:
    """Shares are those of the candidates at hand; a fact that none of them states does not count."""
    run = PolicyRun("weighted_shuffle", targets=stated(weight=(1.0, 2.0, None, None)))
    run.fleet.candidates = (0, 3)
    assert shares(run, 300) == {"small": 1.0}
    run.fleet.candidates = (2, 3)
    assert shares(run) == {"large": pytest.approx(0.5, abs=0.025), "frontier": pytest.approx(0.5, abs=0.025)}


def test_shuffle_draws_once_a_decision() -> None:
    """The same draws give the same targets: bisecting the running shares by hand."""
    run = PolicyRun("weighted_shuffle", targets=stated(weight=(1.0, 2.0, 3.0, 4.0)), seed=9)
    draws = np.random.default_rng(9).random(200)
    by_hand = [NAMES[sum(draw * 10.0 >= edge for edge in (1.0, 3.0, 6.0))] for draw in draws]
    assert [run.send() for _ in draws] == by_hand


def test_fastest_by_seconds_per_token_is_sent_to_after_all_were_tried() -> None:
    """A target without samples comes first; then the least mean of its own attempts, waiting apart."""
    run = PolicyRun("lowest_latency")
    tried = []
    for took_s in (4.0, 2.0, 3.0, 5.0):
        tried.append(run.send())
        run.hear(tried[-1], took_s=took_s, waited_s=100.0 if took_s == 2.0 else 0.0)
    assert sorted(tried) == sorted(NAMES)
    assert {run.send() for _ in range(20)} == {tried[1]}


@settings(deadline=None, max_examples=60)
@given(
    samples=st.lists(
        st.tuples(st.sampled_from(NAMES), st.integers(1, 900), st.integers(0, 50), st.booleans()), max_size=60
    ),
    size=st.integers(1, 12),
    buffer=st.sampled_from([0.0, 0.5, 3.0]),
)
def test_latencies_are_the_mean_of_the_latest_samples(samples, size, buffer) -> None:
    """Only targets within the buffer of the best mean of the last samples are chosen, timeouts 1,000 s."""
    run = PolicyRun("lowest_latency", {"max_latency_list_size": size, "lowest_latency_buffer": buffer})
    run.send()
    kept: dict[str, list[float]] = defaultdict(list)
    for name, took, tokens, timed_out in samples:
        run.hear(name, took_s=float(took), output=tokens, reason="timed_out" if timed_out else "")
        kept[name].append(1000.0 if timed_out else took / max(tokens, 1))
        run.hear(name, took_s=0.0, reason="server_error")
    means = {name: sum(kept[name][-size:]) / max(len(kept[name][-size:]), 1) for name in NAMES}
    limit = min(means.values()) * (1.0 + buffer) * (1.0 + 1e-12)
    assert all(means[run.send(900.0)] <= limit for _ in range(10))


def test_every_target_within_the_buffer_is_drawn() -> None:
    """Of means 1.0, 1.4, 1.6 and 9 the first two are within half of the best, equally often."""
    run = PolicyRun("lowest_latency", {"lowest_latency_buffer": 0.5})
    run.send()
    for name, took_s in zip(NAMES, (1.0, 1.4, 1.6, 9.0), strict=True):
        run.hear(name, took_s=took_s, output=1)
    assert shares(run, 4_000) == {
        "small": pytest.approx(0.5, abs=0.03),
        "medium": pytest.approx(0.5, abs=0.03),
    }


def test_first_tokens_count_from_sending_by_mean_or_percentile() -> None:
    """A mean of 2 s loses to one of 1.9 s; at the 50th percentile it wins with 1 s."""
    for percentile, best in ((None, "medium"), (50.0, "small"), (100.0, "medium")):
        run = PolicyRun("lowest_latency", {"measure": "ttft", "ttft_percentile": percentile})
        run.send()
        for first_s in (1.0, 4.0, 1.0):
            run.hear("small", first_s=first_s, waited_s=7.0, took_s=50.0)
            run.hear("medium", first_s=1.9, took_s=90.0)
            run.hear("large", first_s=30.0, took_s=40.0)
            run.hear("frontier", first_s=30.0, took_s=40.0)
        assert run.send(60.0) == best


def test_samples_are_forgotten_after_their_time() -> None:
    """Up to ttl_s after the latest sample of any target they count, from then on none does."""
    run = PolicyRun("lowest_latency", {"ttl_s": 60.0})
    run.send()
    for name, started_s in zip(NAMES, (0.0, 5.0, 5.0, 20.0), strict=True):
        run.hear(name, started_s=started_s, took_s=1.0 if name == "large" else 2.0)
    assert {run.send(81.9) for _ in range(50)} == {"large"}
    assert {run.send(82.0) for _ in range(200)} == set(NAMES)


def test_usage_goes_by_tokens_of_the_clock_minute() -> None:
    """Prompt and answer tokens count in the minute an attempt completes in; the next minute begins at 0."""
    run = PolicyRun("usage_based")
    run.send(30.0)
    for name, tokens in zip(NAMES, (300, 100, 200, 400), strict=True):
        run.hear(name, started_s=30.0, took_s=10.0, prompt=50, output=tokens - 50)
    assert {run.send(59.9) for _ in range(30)} == {"medium"}
    run.hear("medium", started_s=30.0, took_s=29.0, prompt=100, output=1)
    assert {run.send(59.9) for _ in range(30)} == {"large"}
    run.hear("large", started_s=30.0, took_s=29.5, reason="server_error", prompt=10**6)
    assert {run.send(59.9) for _ in range(30)} == {"large"}
    assert {run.send(60.0) for _ in range(200)} == set(NAMES)


def test_usage_keeps_requests_and_tokens_within_the_limits() -> None:
    """Each target takes as many requests and tokens a minute as it states, then requests are rejected."""
    targets = stated(requests_per_minute=(3, 2, None, None), tokens_per_minute=(None, None, 250.0, 100.0))
    run = PolicyRun("usage_based", targets=targets)
    sent: Counter[str] = Counter()
    for _ in range(12):
        name = run.send(1.0, prompt=100)
        sent[name] += 1
        if name:
            run.hear(name, started_s=1.0, took_s=1.0, prompt=100, output=0)
    assert sent == {"small": 3, "medium": 2, "large": 2, "frontier": 1, "": 4}
    refused = run.decide(2.0, prompt=100)
    assert isinstance(refused, Reject)
    assert refused.reason == "rate limited"
    assert run.send(60.0, prompt=100)


def test_requests_count_before_they_are_answered() -> None:
    """A burst within one instant is held to the limit although nothing has completed."""
    run = PolicyRun("usage_based", {"rpm": dict.fromkeys(NAMES, 2)})
    assert Counter(run.send(5.0) for _ in range(20)) == {**dict.fromkeys(NAMES, 2), "": 12}


def test_stated_limits_replace_the_fleet_s_and_are_shared_by_replicas() -> None:
    """A deployment's limit is divided among its replicas; a target's own name goes before it."""
    targets = sample_targets((4, 0, 0, 0))
    run = PolicyRun("usage_based", {"rpm": {"small": 8, "small/3": 5}}, targets)
    assert Counter(run.send(5.0) for _ in range(20)) == {
        "small/0": 2, "small/1": 2, "small/2": 2, "small/3": 5, "": 9,
    }  # fmt: skip
    with pytest.raises(PolicyFailedError, match="unknown target 'tiny'"):
        PolicyRun("usage_based", {"tpm": {"tiny": 5}}).decide()


def spilled(run: PolicyRun, *loads: int) -> str:
    """Where the next request goes under these loads."""
    run.load(*loads)
    return run.send()


def test_spill_over_fills_one_level_after_the_other() -> None:
    """Below the threshold the first level serves, at it the next; with all full the last one."""
    run = PolicyRun("spill_over", {"order": ["large", "edge", "frontier"], "spill_threshold": 3})
    assert spilled(run, 9, 0, 2, 9) == "large"
    assert spilled(run, 2, 0, 3, 9) == "small"
    assert spilled(run, 3, 0, 3, 1) == "frontier"
    assert spilled(run, 3, 0, 3, 3) == "frontier"
    assert run.decide().reason == "all levels full: last"
    run.fleet.candidates = (1,)
    assert (run.send(), run.decide().reason) == ("medium", "outside the order")
    run.fleet.candidates = (0, 1)
    assert (run.send(), run.decide().reason) == ("small", "all levels full: last")


def test_pressure_is_a_level_s_per_replica() -> None:
    """Six attempts on a level of three targets are two each; the emptiest of them takes the next."""
    targets = sample_targets((3, 0, 0, 1))
    run = PolicyRun("spill_over", {"spill_threshold": 2.0}, targets)
    assert spilled(run, 3, 0, 2, 0) == "small/1"
    assert spilled(run, 4, 0, 2, 0) == "frontier"


def test_a_full_cache_spills_over_by_its_share() -> None:
    """The specimen fleet's cache is an eighth full for each attempt that runs."""
    run = PolicyRun("spill_over", {"measure": "kv_usage", "spill_threshold": 0.5})
    assert spilled(run, 3, 0, 0, 0) == "small"
    assert spilled(run, 4, 0, 0, 0) == "medium"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 6))
def test_hysteresis_holds_between_the_thresholds(loads, back) -> None:
    """Spilling begins at 6 and ends at the return threshold, whatever comes between."""
    parameters = {"order": ["small", "frontier"], "spill_threshold": 6, "return_threshold": back}
    run = PolicyRun("spill_over", parameters)
    spills = False
    for load in loads:
        spills = load >= 6 or (spills and load > back)
        assert spilled(run, load, 0, 0, 0) == ("frontier" if spills else "small")


@pytest.mark.parametrize(
    ("name", "parameters", "wrong"),
    [
        ("lowest_latency", {"ttft_percentile": 50.0}, "goes with measure: ttft"),
        ("lowest_latency", {"measure": "ttft", "ttft_percentile": 0.0}, "not above 0, up to 100"),
        ("lowest_latency", {"max_latency_list_size": 0}, "not a finite number >= 1"),
        ("lowest_latency", {"lowest_latency_buffer": -0.1}, "not a finite number >= 0"),
        ("lowest_latency", {"ttl_s": inf}, "not a finite number >= 0"),
        ("usage_based", {"rpm": {"small": 0}}, "not finite limits > 0"),
        ("usage_based", {"tpm": {"small": inf}}, "not finite limits > 0"),
        ("spill_over", {"spill_threshold": 1, "return_threshold": 2}, "is above spill_threshold"),
        ("spill_over", {"spill_threshold": -1}, "not a finite number >= 0"),
        ("spill_over", {"return_threshold": nan}, "is not a number"),
        ("spill_over", {"order": ["edge", "edge"]}, "named twice"),
    ],
)
def test_impossible_parameters_are_refused(name, parameters, wrong) -> None:
    """What cannot be meant is named with what is allowed."""
    with pytest.raises(InvalidPolicyParameterError, match=wrong):
        make_policy(name, parameters)
