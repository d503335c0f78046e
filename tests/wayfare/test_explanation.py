"""`explain`: each attempt with its reason, the verifier's verdicts, a step policy's steps, fitting words."""

from __future__ import annotations

import re

import pytest

from simulator import simulate
from wayfare.render.terminal.attempt_lines import cause
from wayfare.render.terminal.explanation import explanation
from wayfare.results.writing import read_parquet, write_result
from world_cases import FRONTIER, PHONE, SMALL, scenario, with_stream

STEP_POLICY = '''
from router.steps import Await, AttemptKind, Cancel, EventKind, Follow, Start


class Patient:
    """Gives the first target 20 ms for its first token, then the second one a chance."""

    def steps(self, request, fleet, rng):
        first = yield Start(fleet.candidates[0])
        event = yield Await((first,), EventKind.FIRST_TOKEN, until_s=request.now_s + 0.02)
        if event.kind == EventKind.TIMER:
            second = yield Start(fleet.candidates[1], AttemptKind.HEDGE)
            event = yield Await((first, second), EventKind.FIRST_TOKEN)
            yield Cancel(second if event.handle == first else first)
        yield Follow(event.handle)
'''


@pytest.fixture
def told(tmp_path):
    """Runs a world under a policy; its folder, and the story of the first request that a condition names."""

    def of(policy: str, condition: str, **changes: object) -> str:
        world = scenario(duration="90s", **changes)
        write_result(world, simulate(world, policy), tmp_path)
        found = read_parquet(tmp_path / "attempts.parquet", f"{condition} ORDER BY request LIMIT 1")
        return explanation(tmp_path, found[0]["request"])

    return of


def test_a_cascade_tells_what_was_accepted_and_rejected(told):
    """A rejected stage is followed by the verdict and the escalation that it is the reason of."""
    story = told("cascade", "kind = 'escalation'")
    assert re.search(
        r"attempt 1 completed.*the verifier judges attempt 1.*"
        r"the verifier rejects the answer of attempt 1.*"
        r"attempt 2 \(escalation: the verifier rejected attempt 1\) to frontier",
        story,
        re.DOTALL,
    )
    accepted = told("cascade", "NOT wasted AND kind = 'first'")
    assert "the verifier accepts the answer of attempt 1" in accepted
    assert "the router takes the answer of attempt 1" in accepted


def test_a_step_policys_steps_are_told(told, tmp_path):
    """Waits, the second attempt's reason and who was given up stand in order of time."""
    path = tmp_path / "patient.py"
    path.write_text(STEP_POLICY, encoding="utf-8")
    story = told(f"{path}:Patient", "kind = 'hedge'")
    assert "decides step by step" in story
    limit = re.search(r"waits for the first token of attempt 1 until (t=[\d.]+ s)", story)[1]
    assert f"(hedge: no first token by {limit})" in story
    assert "waits for the first token of any attempt" in story
    assert re.search(r"the router cancels attempt [12]", story)
    times = [float(text.replace(",", "")) for text in re.findall(r"^t=([\d.,]+) s", story, re.MULTILINE)]
    assert times == sorted(times)


def test_retries_say_what_failed(told):
    """A second try names the failure of the first."""
    flaky = {**FRONTIER, "api": {**FRONTIER["api"], "failure_ratio": 0.4}}
    story = told(
        "always_strongest",
        "kind = 'retry'",
        fleet=[SMALL, flaky],
        router={"policy": "always_strongest", "resilience": {"retries": 2}},
    )
    assert re.search(r"attempt 2 \(retry: attempt 1 failed: server_error\) to frontier", story)


@pytest.mark.parametrize("word", ["replica", "steps", "batch", "KV", "queue"])
def test_an_api_is_not_told_in_words_of_chips(told, word):
    """No replicas, steps, batches, caches of keys or own queues for what a provider serves."""
    story = told("always_strongest", "state = 'completed'")
    assert "a provider's API" in story
    assert "estimated at the provider" in story
    assert not re.search(rf"\b{word}\b", story)


def test_a_device_tells_of_heat_and_battery(told):
    """On the user's own device: how much slower than cold, what share of a charge, whose energy."""
    story = told(
        "round_robin",
        "back_end = 'device' AND state = 'completed'",
        fleet=[PHONE, SMALL],
        **with_stream(devices=1),
    )
    assert "the user's own device" in story
    assert re.search(
        r"the device: \d\.\d\d times as long as on a cold device, [<\d.]+ % of a full battery", story
    )
    assert "from the user's battery or socket" in story


def test_what_a_request_paid_is_the_sum_of_its_attempts(told, tmp_path):
    """The last line's dollars and joules are those of the attempts, the router's share named apart."""
    story = told("cascade", "kind = 'escalation'")
    number = int(re.search(r"Request (\d+)", story)[1])
    (request,) = read_parquet(tmp_path / "requests.parquet", "request = ?", number)
    attempts = read_parquet(tmp_path / "attempts.parquet", "request = ?", number)
    joules = sum(row["energy_wh"] for row in attempts) * 3_600
    assert f"{joules:,.0f} J (" in story.splitlines()[-1]
    shown = float(re.search(r"In all 2 attempt\(s\): \$([\d.]+)", story)[1])
    assert shown == pytest.approx(request["cost_usd"], rel=5e-3)


def test_causes_name_the_attempt_within_the_request():
    """Attempts are counted within the request, whatever their numbers in the run."""
    attempts = [
        {"attempt": 70, "kind": "first", "state": "completed", "failure_reason": "", "started_s": 1.0},
        {"attempt": 91, "kind": "escalation", "state": "completed", "failure_reason": "", "started_s": 3.0},
    ]
    verdict = {"step": "rejected", "attempt": 70, "at_s": 3.0}
    assert cause(attempts, [verdict]) == ": the verifier rejected attempt 1"
    assert cause(attempts, [{**verdict, "at_s": 3.5}]) == ": attempt 1 completed"
    assert cause(attempts[:1], []) == ""
