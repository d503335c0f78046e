"""Streams state how urgent they are; queues and batches keep to it."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import InvalidScenarioError, simulate
from world_cases import CHAT, SMALL, scenario

ENDPOINT = {
    "name": "box",
    "tier": "dedicated",
    "model": "llama-3.1-8b",
    "region": "us-virginia",
    "endpoint": {"servers": 2, "service_time": "500ms"},
}
CRAMPED = {**SMALL, "engine": {"max_sequences": 4, "kv_room_tokens": 6000}}


def mean_ttft_s(deployment: dict[str, object], **priority: int) -> dict[str, float]:
    """Mean time to first token by stream, of two alike streams at more than the deployment's pace."""
    arrivals = {"pattern": "steady", "rate": 2.5}
    streams = [
        {**CHAT, "name": name, "arrivals": arrivals, "priority": value} for name, value in priority.items()
    ]
    world = scenario(workload={"streams": streams}, fleet=[deployment], router={"policy": "round_robin"})
    requests = simulate(world).requests
    return {name: float(np.nanmean(requests["ttft_s"][requests["stream"] == name])) for name in priority}


@pytest.mark.parametrize("deployment", [ENDPOINT, CRAMPED], ids=["servers", "batching"])
def test_the_urgent_stream_waits_less_where_there_is_a_queue(deployment: dict[str, object]) -> None:
    """The lower number is served first, whichever stream has it; with equal numbers nobody is."""
    apart = mean_ttft_s(deployment, live=-1, batch=3)
    swapped = mean_ttft_s(deployment, live=3, batch=-1)
    alike = mean_ttft_s(deployment, live=0, batch=0)
    assert apart["live"] < 0.5 * apart["batch"]
    assert swapped["batch"] < 0.5 * swapped["live"]
    assert alike["live"] == pytest.approx(alike["batch"], rel=0.35)


def test_requests_show_their_priority() -> None:
    """The request table says how urgent each request was."""
    world = scenario(workload={"streams": [{**CHAT, "priority": 7}]})
    assert set(simulate(world).requests["priority"]) == {7}


def test_a_priority_out_of_range_is_refused() -> None:
    """A number that the ledger could not hold is an error that names the key."""
    with pytest.raises(InvalidScenarioError, match="priority"):
        scenario(workload={"streams": [{**CHAT, "priority": 40_000}]})
