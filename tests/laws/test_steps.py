"""What a cascade and a hedge did, step by step, is what became of their requests."""

from __future__ import annotations

from collections import defaultdict

import pytest

from oracle.accountant.records import records_of, rows_of
from simulator import load_scenario, simulate
from world_cases import CHAT, plain

TALK = {**CHAT, "arrivals": {"pattern": "steady", "rate": 1.0}}


def run(**router: object):
    """A small run under a policy, its requests by number, and its steps by request."""
    result = simulate(load_scenario(plain(duration="90s", router=router, workload={"streams": [TALK]})))
    steps = defaultdict(list)
    for row in rows_of(result.steps):
        steps[row["request"]].append(row)
    return records_of(result), steps


def test_a_verified_answer_is_shown_whole() -> None:
    """What a verifier accepted is delivered at once, when the verdict is in; the rest token by token."""
    records, steps = run(policy="cascade", parameters={"cost_usd": 0.0002})
    verified = {row["request"] for row in records.requests if row["verified"]}
    assert 10 < len(verified) < len(records.requests)
    for request, row in records.asked.items():
        kinds = [step["step"] for step in steps[request]]
        if row["state"] != "completed":
            continue
        assert row["verified"] == (kinds[-1] == "finish"), kinds
        if row["verified"]:
            assert row["ttft_s"] == pytest.approx(row["e2e_s"])
            assert len({attempt["target"] for attempt in records.tries[request]}) == len(
                records.tries[request]
            )
        elif row["output_token_count"] > 1:
            assert row["ttft_s"] < row["e2e_s"]


def test_a_hedge_waits_for_the_first_token_and_a_cascade_for_the_end() -> None:
    """Waits of a hedge are for a first token, those of a cascade are not."""
    _records, hedges = run(policy="hedge", parameters={"after_s": 0.2})
    _records, cascades = run(policy="cascade")
    names = [{step["step"] for rows in steps.values() for step in rows} for steps in (hedges, cascades)]
    waits = [{name for name in kinds if name.startswith("wait")} for kinds in names]
    assert waits[0] == {"wait_first_token"}
    assert "wait_first_token" not in waits[1]
