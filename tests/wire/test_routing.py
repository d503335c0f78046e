"""The RoutingService as its callers meet it: a real process on loopback, real messages."""

import re
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from router import FeedbackPolicy, LearningPolicy, describe_policy, make_policy, policy_names, replays_log
from router.host.host import Host
from routing_services import TWO, RoutingService, refused, told
from simulator import load_scenario, simulate
from simulator.plan.resolution import resolve
from wayfare.convert.decision import decision_message, facts_message
from wayfare.v1 import routing_pb2 as pb
from wayfare.v1.decision_pb2 import RequestFacts

ROOT = Path(__file__).resolve().parents[2]
LIVE = [
    name
    for name in policy_names()
    if not describe_policy(name).oracle
    and not isinstance(make_policy(name), (LearningPolicy, FeedbackPolicy))
    and not replays_log(make_policy(name))
    and name != "adversarial_delay"
]
"""Policies that decide by what they see alone: a run's outcomes are not reported to the live router. Of what
is put off, a run's records have the decision after the delay.
"""

MIXED = "hybrid-edge-cloud"
SHORT = ["duration=15min", "warmup=0s"]
EVENT = pb.ReportOutcomeRequest.AttemptEvent


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service with a configured router."""
    made = RoutingService(tmp_path_factory.mktemp("routing"))
    yield made
    assert made.end() == 0


@pytest.fixture
def stub(service):
    """Its stub."""
    return service.stub


def seen_in_a_run(name, monkeypatch):
    """A run's decisions in order: what the host was shown, as a live request, and what it decided."""
    scenario = load_scenario(MIXED, overrides=SHORT)
    seen, decide = [], Host.decide

    def watched(host, request, fleet):
        asked = pb.DecideRequest(facts=facts_message(request), now_s=request.now_s)
        for target in fleet.targets:
            load = asked.loads.add(target=target.name)
            for column in ("outstanding", "waiting", "running", "kv_usage_ratio"):
                setattr(load, column, getattr(fleet, column).item(target.index))
        decision = decide(host, request, fleet)
        seen.append((request.index, asked, decision_message(decision)))
        return decision

    monkeypatch.setattr(Host, "decide", watched)
    simulate(scenario, name)
    codes = resolve(scenario).plan.workload.stream_code
    for index, asked, _decision in seen:
        asked.stream = scenario.streams[codes[index]].name
    return seen


@pytest.mark.parametrize("name", LIVE)
def test_live_decisions_are_those_of_the_simulation(name, stub, monkeypatch):
    """With the same views and seed every shipped policy decides over the wire as in the simulation."""
    seen = seen_in_a_run(name, monkeypatch)
    router = stub.CreateRouter(pb.CreateRouterRequest(scenario_name=MIXED, policy=name, settings=SHORT))
    entries = [pb.DecideStreamRequest.Entry(tag=index, decide=asked) for index, asked, _decision in seen]
    entries[0].decide.router_id = router.router_id
    batches = [entries[start : start + 250] for start in range(0, len(entries), 250)]
    answers = stub.DecideStream(pb.DecideStreamRequest(entries=batch) for batch in batches)
    found = [entry for answer in answers for entry in answer.entries]
    assert [entry.tag for entry in found] == [index for index, _asked, _decision in seen]
    assert [entry.decided.decision for entry in found] == [decision for _index, _asked, decision in seen]
    assert len(found) > 500
    stub.DeleteRouter(pb.DeleteRouterRequest(router_id=router.router_id))


def ask(stub, **more):
    """A decision of the configured router."""
    return stub.Decide(pb.DecideRequest(facts=RequestFacts(prompt_token_count=200), **more))


def report(stub, answer, **event):
    """The answer to the report of an attempt's event."""
    request = pb.ReportOutcomeRequest(
        router_id=answer.router_id, request=answer.request, attempt=EVENT(**event)
    )
    return stub.ReportOutcome(request)


def two(stub, **settings):
    """A router of the text above, of the caller's own."""
    given = [f"{path}={value}" for path, value in settings.items()]
    return stub.CreateRouter(pb.CreateRouterRequest(scenario_yaml=TWO, settings=given)).router_id


def test_a_request_is_decided_reported_and_over(stub):
    """Without naming anything the one configured router decides; the end's report ends the request."""
    answer = ask(stub)
    assert answer.decision.send.target == "small/0"
    assert told(answer) == ["start small/0", "wait"]
    router = stub.GetRouter(pb.GetRouterRequest(router_id="two"))
    assert [load.outstanding for load in router.loads] == [1, 0, 0, 0]
    assert (router.configured, router.open_request_count) == (True, 1)
    assert told(report(stub, answer, kind=EVENT.KIND_COMPLETED)) == ["finish"]
    router = stub.GetRouter(pb.GetRouterRequest(router_id="two"))
    assert [load.outstanding for load in router.loads] == [0, 0, 0, 0]
    assert router.decisions[answer.decision.reason] == router.decided_count == 1


def test_failures_are_retried_fall_back_and_cool_down(stub):
    """A failed attempt goes to the other replica, then to the fallback; what failed is left alone."""
    router = two(stub)
    answer = ask(stub, router_id=router)
    failed = {"kind": EVENT.KIND_FAILED, "reason": "server_error"}
    assert told(report(stub, answer, attempt=0, **failed)) == ["start small/1", "wait"]
    assert told(report(stub, answer, attempt=1, **failed)) == ["start frontier", "wait"]
    assert told(report(stub, answer, attempt=2, kind=EVENT.KIND_COMPLETED)) == ["finish"]
    assert told(ask(stub, router_id=router)) == ["start frontier", "wait"]


def test_a_failure_after_the_first_token_is_final(stub):
    """What the caller has begun to show is not started again."""
    answer = ask(stub, router_id=two(stub))
    assert told(report(stub, answer, kind=EVENT.KIND_FIRST_TOKEN)) == []
    assert told(report(stub, answer, kind=EVENT.KIND_FAILED)) == ["fail"]


def test_cascades_are_judged_by_the_caller(stub):
    """A refused answer escalates; the last stage's answer stands."""
    router = two(stub, **{"router.policy": "cascade"})
    answer = ask(stub, router_id=router)
    assert told(answer) == ["start small/0", "wait"]
    assert told(report(stub, answer, kind=EVENT.KIND_COMPLETED)) == ["verify"]
    verdict = pb.ReportOutcomeRequest(
        router_id=router, request=answer.request, verdict=pb.ReportOutcomeRequest.Verdict(accepted=False)
    )
    assert told(stub.ReportOutcome(verdict)) == ["start frontier", "wait"]
    assert told(report(stub, answer, attempt=1, kind=EVENT.KIND_COMPLETED)) == ["finish"]


def test_hedges_wait_by_the_callers_clock(stub):
    """The backup starts when the wait's timer is reported; the loser is cancelled at the first token."""
    router = two(stub, **{"router.policy": "hedge", "router.parameters": "{after_s: 2}"})
    answer = ask(stub, router_id=router, now_s=100.0)
    (start, wait) = answer.steps
    assert (wait.wait.until_s, wait.wait.within_s, wait.wait.first_token) == (102.0, 2.0, True)
    timer = pb.ReportOutcomeRequest(
        router_id=router, request=answer.request, timer=pb.ReportOutcomeRequest.Timer(), now_s=102.0
    )
    backup, _wait = stub.ReportOutcome(timer).steps
    assert backup.start.kind == pb.RouterStep.Start.KIND_HEDGE
    assert backup.start.target != start.start.target
    assert told(report(stub, answer, attempt=1, kind=EVENT.KIND_FIRST_TOKEN)) == ["cancel", "wait"]
    assert told(report(stub, answer, attempt=1, kind=EVENT.KIND_COMPLETED)) == ["finish"]


def test_hard_constraints_hold_live(stub):
    """Streams' and requests' constraints take targets away; where none is left, the reason says which."""
    assert "abroad" not in {told(ask(stub, router_id=two(stub)))[0] for _ in range(3)}
    banned = pb.RequestConstraints(banned_tiers=["dedicated"])
    assert told(ask(stub, constraints=banned))[0] == "start frontier"
    nowhere = ask(stub, constraints=pb.RequestConstraints(residency=["eu-nordics"]))
    assert told(nowhere) == ["turn_away"]
    assert nowhere.decision.reason == "no target permitted: residency"
    huge = stub.Decide(pb.DecideRequest(facts=RequestFacts(prompt_token_count=2_000_000)))
    assert huge.steps[0].turn_away.reason == "no target permitted: context_window"


def test_a_routers_scenario_is_checked_as_a_runs(stub):
    """What is too large for a run is too large for a router, and refused before it is loaded."""
    given = pb.CreateRouterRequest(scenario_name=MIXED, settings=["seed=1"] * 1_001)
    code, text = refused(lambda: stub.CreateRouter(given))
    assert (code, text) == ("INVALID_ARGUMENT", "settings has 1,001 entries; at most 1,000 are taken")


def test_a_shipped_scenario_needs_no_router_made_first(stub):
    """By a scenario's name the first call makes the caller's router, later ones find it."""
    stream = stub.CreateRouter(pb.CreateRouterRequest(scenario_name=MIXED)).streams[0]
    asked = {"scenario_name": MIXED, "policy": "round_robin", "stream": stream}
    first, second = ask(stub, **asked), ask(stub, **asked)
    assert first.router_id == second.router_id
    assert first.request != second.request
    listed = stub.ListRouters(pb.ListRoutersRequest()).routers
    assert listed[0].router_id == "two"
    assert first.router_id in {router.router_id for router in listed}


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (pb.DecideRequest(router_id="nobody"), "NOT_FOUND", "no router 'nobody'"),
        (pb.DecideRequest(scenario_name="nothing"), "INVALID_ARGUMENT", "unknown scenario 'nothing'"),
        (pb.DecideRequest(scenario_name=MIXED), "INVALID_ARGUMENT", "name the request's stream"),
        (pb.DecideRequest(stream="talk"), "INVALID_ARGUMENT", "unknown stream 'talk'; streams: 'chat'"),
        (pb.DecideRequest(policy="cascade"), "INVALID_ARGUMENT", "a policy goes with scenario_name"),
        (
            pb.DecideRequest(scenario_name=MIXED, policy="oracle"),
            "INVALID_ARGUMENT",
            "'oracle' is an oracle",
        ),
        (
            pb.DecideRequest(scenario_name=MIXED, policy="grpc://127.0.0.1:1"),
            "INVALID_ARGUMENT",
            "unknown policy 'grpc://127.0.0.1:1'",
        ),
        (
            pb.DecideRequest(scenario_name=MIXED, policy="evil.py:Policy"),
            "INVALID_ARGUMENT",
            "unknown policy",
        ),
        (
            pb.DecideRequest(facts=RequestFacts(prompt_token_count=-1)),
            "INVALID_ARGUMENT",
            "facts.prompt_token_count -1 must be 0 to",
        ),
        (
            pb.DecideRequest(facts=RequestFacts(task="x" * 201)),
            "INVALID_ARGUMENT",
            "facts.task has 201 characters",
        ),
        (
            pb.DecideRequest(constraints=pb.RequestConstraints(residency=["x" * 201])),
            "INVALID_ARGUMENT",
            "constraints.residency may have 200 regions",
        ),
        (pb.DecideRequest(now_s=float("nan")), "INVALID_ARGUMENT", "now_s nan must be a finite number"),
        (pb.DecideRequest(now_s=1e300), "INVALID_ARGUMENT", "now_s 1e+300 must be a finite number"),
        (pb.DecideRequest(now_s=1e6), "INVALID_ARGUMENT", "is more than 60 s from this router's clock"),
        (
            pb.DecideRequest(constraints=pb.RequestConstraints(banned_tiers=["moon"])),
            "INVALID_ARGUMENT",
            "'moon' is not one of edge, on_prem",
        ),
        (
            pb.DecideRequest(constraints=pb.RequestConstraints(capability_floor=2)),
            "INVALID_ARGUMENT",
            "capability_floor 2.0 is not in",
        ),
        (
            pb.DecideRequest(loads=[pb.TargetLoad(target="moon")]),
            "INVALID_ARGUMENT",
            "unknown target 'moon'; known: 'small/0'",
        ),
        (
            pb.DecideRequest(loads=[pb.TargetLoad(target="small/0", outstanding=-1)]),
            "INVALID_ARGUMENT",
            "counts of 'small/0' must be 0",
        ),
    ],
)
def test_what_cannot_be_is_refused_on_either_way(stub, request_, code, text):
    """A call is refused with its status and what was wrong; on a stream the next entry is answered still."""
    found, details = refused(lambda: stub.Decide(request_))
    assert (found, text in details) == (code, True), details
    entry = pb.DecideStreamRequest.Entry
    good = entry(tag=2, decide=pb.DecideRequest(router_id="two", facts=RequestFacts(prompt_token_count=1)))
    message = pb.DecideStreamRequest(entries=[entry(tag=1, decide=request_), good])
    (answer,) = stub.DecideStream(iter([message]))
    bad, other = answer.entries
    assert (bad.refused.code, text in bad.refused.message) == (grpc.StatusCode[code].value[0], True)
    assert (other.tag, other.WhichOneof("message")) == (2, "decided")


def test_reports_that_say_nothing_are_refused(stub):
    """A report without an event, or about a request that is over, is refused."""
    assert (
        refused(lambda: stub.ReportOutcome(pb.ReportOutcomeRequest(router_id="two")))[0] == "INVALID_ARGUMENT"
    )
    answer = ask(stub)
    report(stub, answer, kind=EVENT.KIND_COMPLETED)
    code, text = refused(lambda: report(stub, answer, kind=EVENT.KIND_COMPLETED))
    assert (code, "is over, or was forgotten" in text) == ("NOT_FOUND", True)
    code, text = refused(lambda: report(stub, ask(stub), attempt=0))
    assert code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"retry_after_s": 1e300}, "attempt.retry_after_s 1e+300 must be 0 to 3600"),
        ({"ttft_s": -1.0}, "attempt.ttft_s -1.0 must be a number of seconds"),
        ({"output_token_count": -1}, "attempt.output_token_count -1 must be 0 to"),
        ({"reason": "x" * 201}, "attempt.reason has 201 characters"),
    ],
)
def test_absurd_reports_are_refused(stub, event, text):
    """Times and counts that nobody measures change nothing: the request is still under way."""
    answer = ask(stub)
    code, details = refused(lambda: report(stub, answer, kind=EVENT.KIND_FAILED, **event))
    assert (code, text in details) == ("INVALID_ARGUMENT", True), details
    assert told(report(stub, answer, kind=EVENT.KIND_COMPLETED)) == ["finish"]


def test_configured_routers_stay(stub):
    """Nobody deletes what the operator configured; one's own is gone when deleted."""
    code, text = refused(lambda: stub.DeleteRouter(pb.DeleteRouterRequest(router_id="two")))
    assert (code, text) == ("FAILED_PRECONDITION", "router 'two' is configured by the operator")
    router = two(stub)
    stub.DeleteRouter(pb.DeleteRouterRequest(router_id=router))
    assert refused(lambda: ask(stub, router_id=router))[0] == "NOT_FOUND"


def test_the_example_on_the_page_decides(service, tmp_path):
    """The Python program of the how-to prints the target of its request."""
    page = (ROOT / "docs/how-to/route-live.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "example.py"
    file.write_text(example.replace("127.0.0.1:50051", service.address), encoding="utf-8")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("small/")
