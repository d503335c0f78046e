"""Token buckets give what a provider states: a rate in the long run, a burst at once."""

from __future__ import annotations

import numpy as np
import pytest

from oracle.replications import Demand, generator, poisson_s, serve
from simulator.kernel import GroupSpec, Kernel, RateLimits, ServersSpec
from simulator.kernel.codes import Reason

HORIZON_S = 600.0
ENDLESS = ServersSpec(servers=100_000)


def accepted(limits: RateLimits, demand: Demand) -> np.ndarray:
    """Rows of the attempts a limited provider lets in."""
    rows = serve(Kernel([GroupSpec(queues=ENDLESS, limits=limits)]), demand)
    refused = rows["reason"] == Reason.RATE_LIMIT
    assert (refused == (rows["reason"] != Reason.NONE)).all()
    return rows[~refused]


def flood(rate_per_s: float, prompt: int = 1, output: int = 1) -> Demand:
    """Evenly spaced attempts over the horizon."""
    count = int(HORIZON_S * rate_per_s)
    return Demand(
        ready_s=np.arange(1, count + 1) / rate_per_s,
        prompt=np.full(count, prompt),
        output=np.full(count, output),
    )


def test_under_a_flood_the_accepted_rate_is_the_limit() -> None:
    """Three times the limit goes in; the burst and then exactly the limit comes through."""
    limits = RateLimits(requests_per_s=4.0, burst_s=10.0)
    count = len(accepted(limits, flood(12.0)))
    assert count == pytest.approx(4.0 * (HORIZON_S + 10.0), abs=1.0)


@pytest.mark.parametrize(
    ("limits", "used"),
    [
        (RateLimits(input_tokens_per_s=300.0, burst_s=5.0), "prompt"),
        (RateLimits(output_tokens_per_s=80.0, burst_s=5.0), "output"),
    ],
    ids=["input", "output"],
)
def test_token_limits_hold_for_tokens(limits: RateLimits, used: str) -> None:
    """Limits on input and output tokens let that many tokens through, however many requests."""
    rows = accepted(limits, flood(6.0, prompt=150, output=40))
    rate_per_s = min(limits.input_tokens_per_s, limits.output_tokens_per_s)
    tokens = rows[used].astype(int).sum() if used == "prompt" else 40 * len(rows)
    assert tokens == pytest.approx(rate_per_s * (HORIZON_S + 5.0), rel=0.01)


def test_a_full_bucket_lets_its_burst_through_at_once() -> None:
    """At the first instant as many requests pass as the bucket holds, and not one more."""
    at_once = Demand(ready_s=np.full(200, 7.0))
    assert len(accepted(RateLimits(requests_per_s=1.5, burst_s=60.0), at_once)) == 90


def test_no_window_holds_more_than_burst_and_rate() -> None:
    """In every window of t seconds at most rate times (burst + t) requests come through."""
    limits = RateLimits(requests_per_s=5.0, burst_s=3.0)
    demand = Demand(ready_s=poisson_s(generator(71, 0), 40.0, 10_000))
    ready_s = accepted(limits, demand)["ready_s"]
    ahead = 5.0 * ready_s - np.arange(len(ready_s))
    lowest_later = np.minimum.accumulate(ahead[::-1])[::-1]
    assert (ahead - lowest_later <= 5.0 * 3.0 - 1.0 + 1e-6).all()


def test_under_the_limit_nobody_is_refused() -> None:
    """Half the limit, evenly spaced, passes whole."""
    demand = flood(2.0, prompt=100, output=20)
    limits = RateLimits(requests_per_s=4.0, input_tokens_per_s=400.0, output_tokens_per_s=80.0, burst_s=1.0)
    assert len(accepted(limits, demand)) == len(demand.ready_s)


def test_poisson_overload_keeps_the_bucket_empty() -> None:
    """Under random overload too the accepted rate is the limit, within the standard error."""
    rates = []
    for replication in range(20):
        demand = Demand(ready_s=poisson_s(generator(72, replication), 9.0, 9_000))
        rows = accepted(RateLimits(requests_per_s=3.0, burst_s=2.0), demand)
        rates.append((len(rows) - 6.0) / demand.ready_s[-1])
    assert np.ptp(rates) < 0.02
    assert np.mean(rates) == pytest.approx(3.0, rel=2e-3)
