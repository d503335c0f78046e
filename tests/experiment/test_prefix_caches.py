"""Prompts that repeat others are computed once, where the engine keeps a prefix cache."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator import InvalidScenarioError, RunResult, simulate
from world_cases import CHAT, SMALL, scenario

if TYPE_CHECKING:
    from pathlib import Path

TALK = {
    **CHAT,
    "arrivals": {"pattern": "steady", "rate": 1.0},
    "session": {"turns": 6, "think_time": "4s"},
}


def talked(*, stream: dict[str, object] = TALK, **deployment: object) -> RunResult:
    """A run of conversations on four replicas."""
    small = {**SMALL, "replicas": 4, **deployment}
    return simulate(scenario(workload={"streams": [stream]}, fleet=[small], router={"policy": "round_robin"}))


def cached(result: RunResult) -> int:
    """Cached prompt tokens in the report."""
    return result.report.plain["tokens"]["cached_input"]


def played(tmp_path: Path, rows: list[tuple[int, int, list[int]]], **engine: object) -> RunResult:
    """A run of a recording with block hashes: (second, prompt tokens, hashes) by row."""
    lines = [
        json.dumps({"timestamp": 1_000 * at, "input_length": p, "output_length": 8, "hash_ids": ids})
        for at, p, ids in rows
    ]
    file = tmp_path / "trace.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="ascii")
    arrivals = {"pattern": "trace", "file": str(file), "format": "mooncake"}
    small = {**SMALL, "engine": engine}
    return simulate(
        scenario(
            workload={"streams": [{**CHAT, "arrivals": arrivals}]},
            fleet=[small],
            router={"policy": "round_robin"},
        )
    )


SHARED = [(0, 1_500, [7, 8, 9]), (10, 1_200, [7, 8, 10]), (20, 1_500, [7, 8, 9]), (30, 600, [11, 12])]


def test_the_first_prefill_pays_for_a_shared_prefix(tmp_path: Path) -> None:
    """Later prompts find whole blocks of 16 up to where they part; the last token is computed."""
    result = played(tmp_path, SHARED)
    assert result.attempts["cached_token_count"].tolist() == [0, 1_024, 1_024 + 464, 0]
    assert cached(result) == 2_512


def test_a_found_prefix_saves_its_prefill(tmp_path: Path) -> None:
    """With the cache the first token comes sooner and less energy is drawn, by the same answer."""
    with_cache, without = played(tmp_path, SHARED), played(tmp_path, SHARED, prefix_cache=False)
    assert cached(without) == 0
    faster = with_cache.requests["ttft_s"] < without.requests["ttft_s"]
    assert faster.tolist() == [False, True, True, False]
    assert (with_cache.attempts["energy_j"] <= without.attempts["energy_j"] * (1.0 + 1e-12)).all()
    np.testing.assert_array_equal(
        with_cache.requests["output_token_count"], without.requests["output_token_count"]
    )


def test_a_turn_finds_its_conversation_on_the_replica_that_had_it() -> None:
    """Sticky balancing finds nearly all history, random balancing about a quarter; TTFT follows."""
    sticky, scattered = talked(balancing="session_affinity"), talked(balancing="random")
    assert cached(sticky) > 2.0 * cached(scattered) > 0
    later = sticky.requests["turn"] > 0
    assert np.nanmean(sticky.requests["ttft_s"][later]) < np.nanmean(
        scattered.requests["ttft_s"][scattered.requests["turn"] > 0]
    )


def test_conversations_stay_on_their_replica() -> None:
    """With session_affinity every conversation has one replica, and all replicas have some."""
    attempts = talked(balancing="session_affinity").attempts
    requests = talked(balancing="session_affinity").requests
    session = dict(zip(requests["request"].tolist(), requests["session"].tolist(), strict=True))
    homes: dict[int, set[int]] = {}
    for request, replica in zip(attempts["request"].tolist(), attempts["replica"].tolist(), strict=True):
        homes.setdefault(session[request], set()).add(replica)
    assert all(len(places) == 1 for places in homes.values())
    assert set().union(*homes.values()) == {0, 1, 2, 3}


def test_a_turn_never_finds_more_than_was_said_before() -> None:
    """Cached tokens are at most the history in the prompt; opening turns and plain prompts find none."""
    result = talked(balancing="session_affinity")
    attempts, requests = result.attempts, result.requests
    opening = requests["request"][requests["turn"] == 0]
    found = dict(zip(attempts["request"].tolist(), attempts["cached_token_count"].tolist(), strict=True))
    assert not any(found[request] for request in opening.tolist())
    assert (attempts["cached_token_count"] < attempts["input_token_count"]).all()
    plain = {**TALK, "session": {**TALK["session"], "history": False}}
    assert cached(talked(stream=plain, balancing="session_affinity")) == 0


def test_a_small_cache_forgets() -> None:
    """With little KV room conversations are evicted before their next turn."""
    large = cached(talked(balancing="session_affinity"))
    small = cached(talked(balancing="session_affinity", engine={"kv_room_tokens": 9_000}))
    assert small < 0.8 * large


def test_engines_without_a_cache_and_odd_blocks_are_what_they_say(tmp_path: Path) -> None:
    """`prefix_cache: false` finds nothing; a block that is no multiple of 16 is refused."""
    assert cached(talked(balancing="session_affinity", engine={"prefix_cache": False})) == 0
    arrivals = {"pattern": "trace", "file": str(tmp_path / "none"), "prefix_block_tokens": 100}
    with pytest.raises(InvalidScenarioError, match="prefix_block_tokens"):
        scenario(workload={"streams": [{**CHAT, "arrivals": arrivals}]})
