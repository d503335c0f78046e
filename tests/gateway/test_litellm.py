"""The real `litellm.Router` on the simulation's clock; `make litellm` runs these with LiteLLM installed."""

from __future__ import annotations

import json
from math import inf, sqrt
from pathlib import Path

import numpy as np
import pytest
import yaml

from command_runs import run
from gateway_worlds import BASE_S, HOSTED_ALONE, NATIVE, CrowdedWorld, crowded_world
from router import PolicyFailedError
from simulator import load_scenario, simulate
from wayfare.litellm.source import NEEDED, LitellmFactory, installed

missing = [name for name in NEEDED if installed(name) is None]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed; see make litellm")

HERE = Path(__file__).parent
PARITY = HERE / "litellm_parity.yaml"
CONFIG = HERE / "litellm_config.yaml"
AILING = ("edge", 100.0, 160.0)
WITH_FAILURES = {
    (2, 5): ((556, 703, 739), 609, 2, 1.5331),
    (0, 5): ((561, 676, 722), 602, 41, 1.5022),
}
"""By retries and cooldown, while one deployment fails for a minute: served, calls of the ailing one,
requests that failed, mean seconds; measured likewise."""


def configuration(tmp_path: Path, group_of=lambda name: "grp", **router: object) -> str:
    """A configuration of the world's three deployments."""
    entries = [
        {
            "model_name": group_of(name),
            "litellm_params": {"model": "openai/gpt-3.5-turbo", "max_retries": 0},
            "model_info": {"id": name},
        }
        for name in BASE_S
    ]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"model_list": entries, "router_settings": router}), encoding="utf-8")
    return str(path)


def hosted(path: str, count: int, fails: tuple = (), **parameters: object) -> CrowdedWorld:
    """The world after so many requests through a hosted router."""
    policy = LitellmFactory(f"litellm:{path}").make(parameters)
    try:
        return crowded_world(policy, 1, fails).play(count, 5.0, 1)
    finally:
        policy.finish()


def figures(world: CrowdedWorld) -> tuple[float, float]:
    """Mean and p99 of the seconds that requests took."""
    taken_s = sorted(world.latencies_s)
    return sum(taken_s) / len(taken_s), taken_s[int(len(taken_s) * 0.99)]


@pytest.mark.parametrize("strategy", HOSTED_ALONE)
def test_the_hosted_router_decides_as_the_router_alone(tmp_path: Path, strategy: str) -> None:
    """Each strategy's shares, mean and p99 are those of the router hosted without a simulator."""
    world = hosted(configuration(tmp_path, routing_strategy=strategy), 2000)
    served, mean_s, p99_s = HOSTED_ALONE[strategy]
    assert tuple(world.served[name] for name in BASE_S) == served
    assert figures(world) == pytest.approx((mean_s, p99_s), abs=5e-4)


@pytest.mark.parametrize(("retries", "cooldown_s"), WITH_FAILURES)
def test_retries_and_cooldown_are_the_routers(tmp_path: Path, retries: int, cooldown_s: int) -> None:
    """While a deployment fails, its calls, its cooldowns and the requests lost are the router's own."""
    path = configuration(tmp_path, num_retries=retries, cooldown_time=cooldown_s)
    world = hosted(path, 2000, (AILING,))
    served, called, lost, mean_s = WITH_FAILURES[retries, cooldown_s]
    assert tuple(world.served[name] for name in BASE_S) == served
    assert (world.called["edge"], world.ends["Fail"]) == (called, lost)
    assert figures(world)[0] == pytest.approx(mean_s, abs=5e-4)


def test_fallbacks_go_to_another_group(tmp_path: Path) -> None:
    """What a broken group cannot answer is answered by the group that the configuration names."""
    path = configuration(
        tmp_path, lambda name: "first" if name == "edge" else "second", fallbacks=[{"first": ["second"]}]
    )
    world = hosted(path, 20, (("edge", 0.0, inf),), group="first")
    assert world.ends == {"Finish": 20}
    assert world.served["edge"] == 0
    assert {kind for _at, _index, name, kind in world.steps if name != "edge"} <= {1, 2}


def test_a_timeout_of_the_router_gives_calls_up(tmp_path: Path) -> None:
    """A call that takes longer than `timeout` is cancelled, and the request fails when all do."""
    world = hosted(configuration(tmp_path, timeout=0.1, num_retries=0), 5)
    assert world.ends == {"Fail": 5, "timed_out": 5}
    assert all(count == 0 for count in world.in_flight.values())


def test_calls_wait_behind_max_parallel_requests(tmp_path: Path) -> None:
    """No deployment has more calls in flight than the router lets through; nobody is lost."""
    path = configuration(tmp_path, default_max_parallel_requests=1)
    policy = LitellmFactory(f"litellm:{path}").make({})
    world = crowded_world(policy, 1)
    busiest = Busiest(world)
    try:
        world.play(40, 5.0, 1)
    finally:
        policy.finish()
    assert world.ends == {"Finish": 40}
    assert busiest.most == 1


class Busiest:
    """The most calls that any deployment of a world had in flight."""

    def __init__(self, world: CrowdedWorld) -> None:
        """Listens to starts."""
        self.most, start = 0, world.on_start

        def on_start(execution, step):
            handle = start(execution, step)
            self.most = max(self.most, *world.in_flight.values())
            return handle

        world.on_start = on_start


def scenario(**changes: object):
    """The scenario, shorter."""
    data = yaml.safe_load(PARITY.read_text(encoding="utf-8"))
    return load_scenario({**data, "duration": "30s", **changes})


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two runs, each in a new process, have one digest; another seed another."""
    policy = f"litellm:{CONFIG}"
    reports = [simulate(scenario(seed=seed), policy).report for seed in (1, 1, 2)]
    assert reports[0].digest == reports[1].digest != reports[2].digest
    assert reports[0].requests.completed == reports[0].requests.arrived > 100


def test_router_instances_are_hosted_apart() -> None:
    """Two instances under staleness serve everything between them."""
    made = scenario(router={"policy": f"litellm:{CONFIG}", "instances": 2, "staleness": "1s"})
    report = simulate(made).report
    assert report.requests.completed == report.requests.arrived


def test_failures_of_the_simulator_reach_the_router() -> None:
    """While a deployment is down the router tries others: nearly all is answered, and retries are counted."""
    faults = [{"kind": "outage", "target": "fast", "at": "5s", "duration": "20s"}]
    report = simulate(scenario(faults=faults), f"litellm:{CONFIG}").report
    assert report.attempts.retries > 10 * report.requests.failed
    assert report.requests.completed == report.requests.arrived - report.requests.failed


def test_a_router_that_cannot_be_made_fails_with_its_words(tmp_path: Path) -> None:
    """What LiteLLM itself refuses of a configuration is in the message."""
    path = configuration(tmp_path, fallbacks=[{"grp": "nowhere", "two": "keys"}])
    with pytest.raises(PolicyFailedError, match="fallback"):
        hosted(path, 1)


def test_native_policies_share_out_as_the_hosted_router_does(tmp_path: Path) -> None:
    """Each native policy sends as much everywhere as the strategy that it stands beside; one command."""
    choices = []
    for strategy, native in NATIVE.items():
        data = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
        data["router_settings"]["routing_strategy"] = strategy
        path = tmp_path / f"{strategy}.yaml"
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        choices += ["--policy", f"litellm:{path}", "--policy", native]
    done = run("compare", PARITY, *choices, "--set", "duration=60s", "--replications", 1, "--json", "--quiet")
    shares = {report["policy"]: shares_of(report) for report in json.loads(done.stdout)["reports"]}
    for strategy, native in NATIVE.items():
        ours, theirs = shares[native], shares[f"litellm:{tmp_path / strategy}.yaml"]
        spread = 4 * sqrt(2 * 0.25 / 300)
        assert np.abs(ours - theirs).max() < spread, (strategy, ours, theirs)


def shares_of(report: dict) -> np.ndarray:
    """Answers of each deployment, as a share of all."""
    counts = [
        report["by"]["deployment"].get(name, {}).get("requests", {}).get("completed", 0)
        for name in ("fast", "middle", "slow")
    ]
    return np.array(counts) / sum(counts)
