"""APIs at their limits: 429 with retry-after, overload, slower calls; all counted, none billed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from router.steps import AttemptKind
from simulator import InvalidScenarioError, simulate
from simulator.kernel.codes import Ending, Reason
from world_cases import FRONTIER, scenario, with_stream

OFFER = FRONTIER["api"]
EVEN = {"pattern": "steady", "rate": 2.0, "process": "deterministic"}
STATIC = {"policy": "static", "parameters": {"target": "frontier"}}


def run(api: dict[str, Any], resilience: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Two calls a second at one API, for three minutes."""
    fleet = [{**FRONTIER, "api": {**OFFER, "ttft": "500ms", "output_tokens_per_s": 50, **api}}]
    router = {**STATIC, "resilience": resilience} if resilience else STATIC
    stream = with_stream(**{"arrivals": EVEN, "input_tokens": 200, "output_tokens": 100, **changes})
    return simulate(scenario(fleet=fleet, router=router, **stream))


def failed(result: Any, reason: Reason) -> np.ndarray:
    """Which attempts failed for a reason."""
    attempts = result.settlement.run.attempts
    return (attempts.ending == Ending.FAILED) & (attempts.reason == reason)


@pytest.mark.parametrize(
    "limit",
    [{"requests_per_min": 60}, {"input_tokens_per_min": 12_000}, {"output_tokens_per_min": 6_000}],
    ids=["requests", "input tokens", "output tokens"],
)
def test_above_a_limit_calls_get_a_429_counted_and_free(limit: dict[str, Any]) -> None:
    """Half of the calls of a flood twice the limit are refused; only answers are on the bill."""
    result = run(limit)
    refused = failed(result, Reason.RATE_LIMIT)
    fields = result.report.plain
    assert fields["attempts"]["failures"]["rate_limit"] == refused.sum() == fields["requests"]["failed"]
    assert refused.sum() > 60
    books = result.settlement.run.books.whole
    assert (books.cost_usd[refused] == 0.0).all()
    assert (books.estimate_wh[refused] == 0.0).all()
    assert fields["cost_usd"]["api"] == pytest.approx(books.api_usd[~refused].sum())
    assert fields["cost_usd"]["wasted"] == 0.0


def test_retries_come_when_the_provider_said() -> None:
    """Who is refused waits exactly until the bucket holds a call again, as a replayed bucket says."""
    result = run(
        {"requests_per_min": 60}, {"retries": 5, "retry_after_max": "300s", "jitter": 0, "cooldown": 0}
    )
    attempts = result.settlement.run.attempts
    order = np.argsort(attempts.ready_s, kind="stable")
    hints, level, before_s = {}, 60.0, 0.0
    for number in order.tolist():
        level = min(60.0, level + attempts.ready_s[number] - before_s)
        before_s = attempts.ready_s[number]
        if level >= 1.0 - 1e-6:
            level -= 1.0
        else:
            hints[number] = 1.0 - level
    refused = failed(result, Reason.RATE_LIMIT)
    assert sorted(hints) == np.flatnonzero(refused).tolist()
    retried = np.flatnonzero(attempts.kind == AttemptKind.RETRY)
    assert result.report.plain["attempts"]["retries"] == len(retried) > 50
    for number in retried.tolist():
        earlier = max(np.flatnonzero(attempts.request[:number] == attempts.request[number]))
        told_s = attempts.ready_s[earlier] + attempts.return_s[earlier]
        assert attempts.submitted_s[number] == pytest.approx(told_s + hints[earlier], abs=1e-6)


def test_above_its_concurrency_a_provider_is_overloaded() -> None:
    """Calls that find all places taken fail as overloaded at once, and cost nothing."""
    result = run({"concurrency": 3})
    refused = failed(result, Reason.OVERLOADED)
    attempts = result.settlement.run.attempts
    assert result.report.plain["attempts"]["failures"]["overloaded"] == refused.sum() > 20
    assert set(result.attempts["failure_reason"][refused]) == {"overloaded"}
    assert (result.settlement.run.books.whole.cost_usd[refused] == 0.0).all()
    began, ended = attempts.admitted_s[~refused], attempts.finish_s[~refused]
    running = [((began <= at_s) & (ended > at_s)).sum() for at_s in began]
    assert max(running) == 3


def test_calls_slow_down_as_the_places_fill() -> None:
    """Up to the stated share calls keep their pace; above it they take longer, at most `slowdown` times."""
    api = {"concurrency": 10, "overload": {"from_ratio": 0.2, "slowdown": 3}}
    attempts = run(api).settlement.run.attempts
    done = attempts.completed
    plain_s = 0.5 + (attempts.output[done] - 1) / 50.0
    factor = attempts.busy_s[done] / plain_s
    began, ended = attempts.admitted_s[done], attempts.finish_s[done]
    running = np.array([((began < at_s) & (ended > at_s)).sum() for at_s in began])
    expected = 1.0 + 2.0 * np.maximum(running / 10 - 0.2, 0.0) / 0.8
    np.testing.assert_allclose(factor[:40], expected[:40], rtol=1e-9)
    assert factor.min() == pytest.approx(1.0)
    assert 1.5 < factor.max() <= 3.0


def test_an_overload_without_meaning_is_refused() -> None:
    """A slowdown that speeds up, and one that begins when all is taken."""
    for overload, said in (({"slowdown": 1}, "greater than 1"), ({"from_ratio": 1}, "less than 1")):
        with pytest.raises(InvalidScenarioError, match=said):
            scenario(fleet=[{**FRONTIER, "api": {**OFFER, "overload": overload}}])
