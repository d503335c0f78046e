"""Policies served by other processes: the same decisions, and runs that survive their servers."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from policy_servers import PolicyServers
from router import (
    InvalidPolicyParameterError,
    PolicyFailedError,
    PolicyLoadError,
    UnknownPolicyError,
    describe_policy,
    make_policy,
    policy_names,
    replays_log,
)
from router.conformance import check_policy
from simulator import compare, load_scenario, simulate
from wayfare.cli import cli
from wayfare.cli.exits import exit_code
from wayfare.policy_client import BACKING_OFF, LOST, TIMED_OUT
from world_cases import CHAT, FRONTIER, PHONE, SMALL, plain

SERVED = [
    name for name in policy_names() if not describe_policy(name).oracle and not replays_log(make_policy(name))
]
OWN = '''
import os
import threading

from router import Decision


class Learns:
    """Sends to the target that failed least."""

    def __init__(self):
        self.failures = {}

    def observe(self, outcome):
        self.failures[outcome.target] = self.failures.get(outcome.target, 0) + (not outcome.completed)

    def route(self, request, fleet, rng):
        targets = fleet.candidate_targets()
        best = min(targets, key=lambda target: (self.failures.get(target.name, 0), rng.random()))
        return Decision.send(best.name, reason="failed least")


class First:
    def __init__(self):
        self.count = 0

    def route(self, request, fleet, rng):
        self.count += 1
        self.act(request)
        return Decision.send(fleet.candidate_targets()[0].name, reason="first")


class Dies(First):
    """Takes its process with it at the hundredth decision."""

    def act(self, request):
        if self.count == 100:
            os._exit(1)


class Hangs(First):
    """Never answers."""

    def act(self, request):
        threading.Event().wait()


class Raises(First):
    """Raises at the tenth decision."""

    def act(self, request):
        if self.count == 10:
            raise ValueError("no idea")


class Strays(First):
    """Names a target that there is not."""

    def route(self, request, fleet, rng):
        return Decision.send("nowhere", reason="lost")


class Steps:
    """Answers in steps."""

    def steps(self, request, fleet, rng):
        yield
'''


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The file with the policies above."""
    path = tmp_path_factory.mktemp("policies") / "own.py"
    path.write_text(OWN)
    return path


@pytest.fixture(scope="module")
def servers(own):
    """Addresses of everything that is served, by what it is called in process."""
    made = PolicyServers(*SERVED, *(f"{own}:{name}" for name in ("Learns", "Raises", "Strays")))
    yield made.addresses
    made.end()


@pytest.fixture
def served(own):
    """Serves one of the policies above by a process of its own; gives its address."""
    made = []

    def serve(name):
        spec = f"{own}:{name}"
        made.append(PolicyServers(spec))
        return made[-1].addresses[spec]

    yield serve
    for servers in made:
        servers.end()


def failing_world(**router):
    """Two models, one with attempts that fail, and a router that retries and cools targets down."""
    small = {**SMALL, "replicas": 3, "balancing": "router"}
    resilience = {"retries": 1, "cooldown": "10s", "default_fallbacks": ["frontier"]}
    return load_scenario(
        plain(
            workload={"streams": [{**CHAT, "arrivals": {"pattern": "steady", "rate": 4.0}}]},
            fleet=[small, PHONE, FRONTIER],
            duration="4min",
            router={"resilience": resilience, **router},
            quality={"feedback": {"ratio": 0.5, "delay": "5s"}},
            faults=[{"kind": "error_rate", "target": "small", "at": "1min", "duration": "2min",
                     "failure_ratio": 0.3}],
        )
    )  # fmt: skip


def served_run(scenario, address):
    """A run that waits for its server however busy the machine is."""
    return simulate(scenario, address, parameters={"timeout_s": 60.0})


def told(result):
    """Everything a run says but who decided and how long it took."""
    return {key: value for key, value in result.report.plain.items() if key not in ("policy", "wall_s")}


@pytest.mark.parametrize("name", SERVED)
def test_served_policies_decide_as_in_process(name, servers):
    """A shipped policy behind a server gives the same run, draws included, to the last figure."""
    scenario = failing_world()
    here, there = simulate(scenario, name), served_run(scenario, servers[name])
    assert there.report.policy == servers[name]
    assert told(here) == told(there)
    assert (here.requests["reason"] == there.requests["reason"]).all()
    assert here.report.figure("requests.arrived") > 800


def test_the_failing_world_cools_targets_down(own):
    """The world above makes the router retry and take targets out, so that `permitted` travels."""
    attempts = simulate(failing_world(), "least_outstanding").report.plain["attempts"]
    assert attempts["retries"] + attempts["fallbacks"] > 20


def test_learning_policies_hear_of_outcomes_over_the_wire(own, servers):
    """A policy that learns gets the same outcomes before the same decisions."""
    spec = f"{own}:Learns"
    assert told(simulate(failing_world(), spec)) == told(served_run(failing_world(), servers[spec]))


@pytest.mark.parametrize("name", ["power_of_two", "cascade", "hedge"])
def test_the_conformance_suite_passes_for_a_served_policy(name, servers):
    """A served policy keeps to every rule."""
    check_policy(lambda: make_policy(servers[name], {"timeout_s": 60.0}))


def test_workers_of_a_pool_find_the_server(servers):
    """A comparison over processes that were not told of any source gives what one process gives."""
    spec = servers["power_of_two"]
    router = [f"router.policy={spec}", "router.parameters={timeout_s: 60}"]
    scenario = load_scenario("hybrid-edge-cloud", overrides=["duration=2min", *router])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = compare(scenario, [spec], replications=2, executor=pool)
    assert found.policies[0] == spec
    here = compare(scenario, ["power_of_two"], replications=2)
    assert found.reports[0].plain["cost_usd"] == here.reports[0].plain["cost_usd"]


def instead(result):
    """How many decisions were taken by the fallback, by reason."""
    decisions = result.report.plain["decisions"]
    return {reason: decisions[reason] for reason in (TIMED_OUT, LOST, BACKING_OFF) if reason in decisions}


def test_a_server_that_dies_is_replaced_and_counted(served):
    """A run whose server is killed completes; every decision of the fallback is counted and told."""
    result = simulate(failing_world(), served("Dies"))
    arrived = result.report.figure("requests.arrived")
    counts = instead(result)
    assert result.report.plain["decisions"]["first"] == 99
    assert counts[LOST] >= 1
    assert counts[BACKING_OFF] >= 100
    assert 99 + sum(counts.values()) == arrived
    (warning,) = (text for text in result.report.plain["warnings"] if "instead" in text)
    assert "'cheapest_capable' instead" in warning
    assert f"{sum(counts.values())} of {int(arrived)} decisions" in warning


def test_a_server_that_hangs_is_left_alone_ever_longer(served):
    """Three timeouts, a hundred decisions in peace, three timeouts, two hundred, and so on."""
    parameters = {"timeout_s": 0.05, "fallback": "least_outstanding"}
    result = simulate(failing_world(), served("Hangs"), parameters=parameters)
    count = int(result.report.figure("requests.arrived"))
    expected = {TIMED_OUT: 0, BACKING_OFF: 0}
    pause = 100
    while count:
        expected[TIMED_OUT] += min(count, 3)
        count -= min(count, 3)
        expected[BACKING_OFF] += min(count, pause)
        count, pause = count - min(count, pause), 2 * pause
    assert instead(result) == expected
    assert "'least_outstanding' instead" in result.report.plain["warnings"][0]


def test_what_a_policy_raises_fails_the_run_as_in_process(own, servers):
    """An exception at the server fails the run with its traceback, not the fallback's help."""
    with pytest.raises(PolicyFailedError, match="no idea") as caught:
        served_run(failing_world(), servers[f"{own}:Raises"])
    assert "in act" in caught.value.trace


def test_what_cannot_be_done_fails_the_run_as_in_process(own, servers):
    """A decision for a target that there is not is the policy's fault, wherever it runs."""
    with pytest.raises(PolicyFailedError, match="unknown target 'nowhere'"):
        served_run(failing_world(), servers[f"{own}:Strays"])


def test_an_address_without_a_server_is_an_error_before_the_run():
    """Nobody at the address is said at once, with the address."""
    with pytest.raises(PolicyLoadError, match="no policy server answers at 'grpc://127.0.0.1:1'"):
        make_policy("grpc://127.0.0.1:1")


@pytest.mark.parametrize("spec", ["grpc://nowhere", "grpc:host:1", "grpc://host:port", "grpc://a/b:1"])
def test_addresses_of_another_form_are_refused(spec):
    """What is no host and port is said to be none."""
    with pytest.raises(PolicyLoadError, match="does not have the form 'grpc://host:port'"):
        make_policy(spec)


def test_unknown_sources_list_those_there_are():
    """A scheme that nobody brought is answered with those there are."""
    with pytest.raises(UnknownPolicyError, match="no source 'smoke'; known sources: .*'grpc'"):
        make_policy("smoke://signals")


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"timeout_s": 0.0}, "timeout_s: 0.0 is not > 0"),
        ({"fallback": "cheepest"}, "fallback: unknown policy 'cheepest'"),
        ({"fallback": "oracle"}, "fallback: 'oracle' is an oracle or a step policy"),
        ({"fallback": "grpc://127.0.0.1:1"}, "fallback: .* is a policy server"),
        ({"patience": 3}, "patience: unknown parameter"),
    ],
)
def test_parameters_are_checked(parameters, problem, servers):
    """A wait that cannot pass, or a fallback that cannot stand in, is refused."""
    with pytest.raises(InvalidPolicyParameterError, match=problem):
        make_policy(servers["cascade"], parameters)


def test_a_server_describes_its_policy(servers):
    """What the policy promises is what its server says; the parameters are those of asking it."""
    about = describe_policy(servers["cascade"])
    assert about.contract == describe_policy("cascade").contract
    assert [entry.name for entry in about.parameters] == ["timeout_s", "fallback"]


def test_serve_policy_serves_until_it_is_asked_to_end():
    """The command says where it serves, is found there, and ends with 0."""
    command = [sys.executable, "-m", "wayfare", "serve-policy", "cascade", "--address", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().split()[-1]
    assert describe_policy(address).contract == describe_policy("cascade").contract
    os.kill(process.pid, signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["oracle"], "is an oracle"),
        (["OWN:Steps"], "is a step policy"),
        (["cascade", "--address", "0.0.0.0:0"], "beyond loopback"),
        (["cheepest"], "unknown policy"),
    ],
)
def test_what_cannot_be_served_is_wrong_input(own, arguments, text):
    """Oracles, steps and open addresses are refused with the reason, before anything is served."""
    given = [argument.replace("OWN", str(own)) for argument in arguments]
    with pytest.raises(Exception, match=text) as caught:
        cli.main(["serve-policy", *given], standalone_mode=False)
    assert exit_code(caught.value) == 2
