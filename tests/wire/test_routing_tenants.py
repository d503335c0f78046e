"""Routers of several tenants, and what an operator bounds and allows."""

import pytest

from policy_servers import PolicyServers
from routing_services import TWO, RoutingService, refused, told
from serving import TOKENS, written_tokens
from wayfare.client import Client
from wayfare.v1 import routing_pb2 as pb
from wayfare.v1 import simulation_pb2

EVENT = pb.ReportOutcomeRequest.AttemptEvent
RED, BLUE = ((("authorization", f"bearer {token}"),) for token in TOKENS.values())


@pytest.fixture(scope="module")
def allowed():
    """The address of a policy server that the operator allows."""
    servers = PolicyServers("power_of_two")
    yield servers.addresses["power_of_two"]
    servers.end()


@pytest.fixture(scope="module")
def service(tmp_path_factory, allowed):
    """One service of two tenants, of which one may report loads, with few targets for each."""
    folder = tmp_path_factory.mktemp("tenants")
    tenants = ("--tokens", str(written_tokens(folder)), "--load-reporter", "red")
    made = RoutingService(folder, *tenants, "--most-run-targets", "1500", "--allow-policy-server", allowed)
    yield made
    assert made.end() == 0


@pytest.fixture
def stub(service):
    """Its stub."""
    return service.stub


def test_tenants_see_their_own_routers(stub):
    """A tenant's router does not exist for another; without a token nobody decides."""
    router = stub.CreateRouter(pb.CreateRouterRequest(scenario_yaml=TWO), metadata=RED).router_id
    asked = pb.DecideRequest(router_id=router)
    assert stub.Decide(asked, metadata=RED).router_id == router
    assert refused(lambda: stub.Decide(asked, metadata=BLUE))[0] == "NOT_FOUND"
    assert refused(lambda: stub.Decide(asked))[0] == "UNAUTHENTICATED"
    unknown = stub.DecideStream(iter([pb.DecideStreamRequest()]))
    assert refused(lambda: next(unknown))[0] == "UNAUTHENTICATED"
    delete = pb.DeleteRouterRequest(router_id=router)
    assert refused(lambda: stub.DeleteRouter(delete, metadata=BLUE))[0] == "NOT_FOUND"


def test_tenants_cannot_hurt_each_other_on_a_shared_router(stub):
    """Nobody reports on another's request, moves the clock, or reports loads uninvited."""
    first, second = (stub.Decide(pb.DecideRequest(), metadata=RED).request for _ in range(2))
    assert abs(second - first) > 1
    stolen = pb.ReportOutcomeRequest(request=first, attempt=EVENT(kind=EVENT.KIND_COMPLETED))
    assert refused(lambda: stub.ReportOutcome(stolen, metadata=BLUE))[0] == "NOT_FOUND"
    assert [step.WhichOneof("step") for step in stub.ReportOutcome(stolen, metadata=RED).steps] == ["finish"]
    loaded = pb.DecideRequest(loads=[pb.TargetLoad(target="small/0", outstanding=9)])
    assert refused(lambda: stub.Decide(loaded, metadata=BLUE))[0] == "PERMISSION_DENIED"
    assert told(stub.Decide(loaded, metadata=RED))[0].startswith("start")
    late = pb.DecideRequest(now_s=1e9)
    assert refused(lambda: stub.Decide(late, metadata=BLUE))[0] == "INVALID_ARGUMENT"


def test_routers_are_bounded_by_their_targets(stub):
    """A fleet of more targets than a run may have is refused; so are many routers of many targets each."""
    huge = pb.CreateRouterRequest(scenario_yaml=TWO, settings=["fleet.small.replicas=100000"])
    code, text = refused(lambda: stub.CreateRouter(huge, metadata=BLUE))
    assert (code, "fleet: 100,002 targets" in text) == ("INVALID_ARGUMENT", True), text
    large = pb.CreateRouterRequest(scenario_yaml=TWO, settings=["fleet.small.replicas=1200"])
    assert len(stub.CreateRouter(large, metadata=BLUE).targets) == 1202
    code, text = refused(lambda: stub.CreateRouter(large, metadata=BLUE))
    assert (code, "have 1,202" in text) == ("RESOURCE_EXHAUSTED", True), text


def test_runs_may_use_the_policy_servers_that_the_operator_allows(service, allowed):
    """An allowed policy server decides in a run submitted over the wire; no other address is called."""
    with Client(service.address, token=TOKENS["red"]) as client:
        given = {"scenario_name": "frontier-only", "settings": ["duration=2min"]}
        run = client.create(simulation_pb2.CreateRunRequest(policy=allowed, **given))
        assert client.report(run.run_id)["policy"] == allowed
        other = simulation_pb2.CreateRunRequest(policy="grpc://127.0.0.1:1", **given)
        assert refused(lambda: client.create(other))[0] == "INVALID_ARGUMENT"
