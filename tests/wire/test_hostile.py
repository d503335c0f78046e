"""Hostile callers: no crash, no leak across tenants, no accepted run lost."""

from contextlib import ExitStack

import pytest

from hostile import Attacker, attack
from serving import SHORT, TOKENS, Service, named_run, written_tokens
from simulator import shipped_scenarios
from wayfare.client import OVER, Client

COUNT = 300


@pytest.mark.slow
def test_hostile_calls_change_nothing(tmp_path):
    """After hundreds of hostile calls the service answers, another tenant's run is what it was, and
    every run that was accepted is still known.
    """  # fmt: skip
    traces = shipped_scenarios()["azure-replay"].parent / "traces"
    with ExitStack() as stack:
        service = stack.enter_context(Service(tmp_path / "store", "--tokens", str(written_tokens(tmp_path))))
        red, blue = (stack.enter_context(Client(service.address, token=token)) for token in TOKENS.values())
        trace = blue.upload((traces / "azure-shaped-sample.csv.gz").read_bytes())
        run = blue.create(named_run("frontier-only", settings=SHORT))
        before = blue.report(run.run_id)
        outcome = attack(service.address, TOKENS["red"], Attacker(1, run.run_id, trace), COUNT)
        assert outcome.wrong == []
        assert outcome.statuses["INVALID_ARGUMENT"] > COUNT / 4
        assert outcome.statuses["NOT_FOUND"] > COUNT / 20
        assert blue.report(run.run_id) == before
        assert [one.run_id for one in blue.runs()] == [run.run_id]
        for run_id in outcome.accepted:
            assert list(red.watch(run_id))[-1].run.state in OVER
        assert sorted(one.run_id for one in red.runs()) == sorted(outcome.accepted)
        assert service.end() == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_attacks_the_same_way(seed):
    """Hostile calls are drawn from their seed alone."""
    first, second = (Attacker(seed, "f" * 32, "uploads/" + "f" * 32) for _ in range(2))
    assert [first.call() for _ in range(50)] == [second.call() for _ in range(50)]
