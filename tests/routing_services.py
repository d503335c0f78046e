"""A service that routes live, and what is asked of its routers."""

import grpc
import pytest

from serving import Service
from wayfare.v1 import routing_pb2_grpc

TWO = """
name: two
start: 2026-11-02
duration: 1h
workload:
  streams:
    - {name: chat, task: support_chat, region: us-virginia, arrivals: {pattern: steady, rate: 1},
       residency: [us-virginia]}
fleet:
  - {name: small, tier: dedicated, model: llama-3.1-8b, hardware: {accelerator: a100}, region: us-virginia,
     replicas: 2, balancing: router}
  - {name: frontier, tier: cloud, model: gpt-6.1-sol, api: {offer: openai/gpt-6.1-sol}, region: us-virginia}
  - {name: abroad, tier: cloud, model: gpt-6.1-sol, api: {offer: openai/gpt-6.1-sol}, region: eu-nordics}
router:
  policy: always_cheapest
  resilience: {retries: 1, cooldown: 60s, default_fallbacks: [frontier], allowed_fails: 0}
"""


class RoutingService(Service):
    """A service with the scenario above as its configured router, and a stub to ask it."""

    def __init__(self, folder, *options):
        own = folder / "two.yaml"
        own.write_text(TWO)
        super().__init__(folder / "store", "--route", str(own), *options)
        self.channel = grpc.insecure_channel(self.address)
        self.stub = routing_pb2_grpc.RoutingServiceStub(self.channel)

    def end(self, *number):
        """Ends it by a signal; its exit code."""
        self.channel.close()
        return super().end(*number)


def refused(call):
    """Status and text of the error that a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name, caught.value.details()


def told(answer):
    """What to do, in short: each step's name, with its target where it has one."""
    steps = [(step.WhichOneof("step"), step.start.target) for step in answer.steps]
    return [f"{name} {target}" if target else name for name, target in steps]
