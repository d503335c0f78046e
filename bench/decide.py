"""Live decisions per second over gRPC: `wayfare serve` in one process, callers in another.

python bench/decide.py [SECONDS]: Decide with and without reports by concurrent callers, DecideStream; then a
simulation whose policy is served.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc

from simulator import load_scenario, simulate
from wayfare.v1 import routing_pb2 as pb
from wayfare.v1 import routing_pb2_grpc
from wayfare.v1.decision_pb2 import RequestFacts

SCENARIO = "hybrid-edge-cloud"
CALLERS = 16
IN_FLIGHT = 32
POLICIES = ("cheapest_capable", "weighted_score", "least_outstanding", "power_of_two", "cascade")
COMPLETED = pb.ReportOutcomeRequest.AttemptEvent.KIND_COMPLETED


class ServiceProcess:
    """The process that is measured, and its processor time when it was last told."""

    pid = 0
    told_cpu_s = 0.0

    def cpu_s(self) -> float:
        """Processor seconds so far; 0 where the system does not say."""
        file = Path(f"/proc/{self.pid}/stat")
        if not file.exists():
            return 0.0
        fields = file.read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


SERVICE = ServiceProcess()


def request_to(router_id: str, stream: str, number: int) -> pb.DecideRequest:
    """A request of its own size and difficulty."""
    facts = RequestFacts(prompt_token_count=100 + number % 900, estimated_difficulty=(number % 41) / 10 - 2)
    return pb.DecideRequest(router_id=router_id, stream=stream, facts=facts)


def completed(router_id: str, request: int) -> pb.ReportOutcomeRequest:
    """The first attempt's end."""
    event = pb.ReportOutcomeRequest.AttemptEvent(attempt=0, kind=COMPLETED, output_token_count=200)
    return pb.ReportOutcomeRequest(router_id=router_id, request=request, attempt=event)


async def unary(stub: routing_pb2_grpc.RoutingServiceAsyncStub, router: pb.Router, seconds: float) -> None:
    """Concurrent callers, each deciding and, every time, reporting the end."""
    stop_s = time.perf_counter() + seconds
    spent_s: list[float] = []

    async def call(number: int) -> None:
        while time.perf_counter() < stop_s:
            began_s = time.perf_counter()
            answer = await stub.Decide(request_to(router.router_id, router.streams[0], number))
            spent_s.append(time.perf_counter() - began_s)
            await stub.ReportOutcome(completed(router.router_id, answer.request))
            number += CALLERS

    await asyncio.gather(*(call(number) for number in range(CALLERS)))
    tell("Decide + ReportOutcome", router.policy, len(spent_s), seconds, spent_s)


async def decisions_only(
    stub: routing_pb2_grpc.RoutingServiceAsyncStub, router: pb.Router, seconds: float
) -> None:
    """Concurrent callers that only decide."""
    stop_s = time.perf_counter() + seconds
    spent_s: list[float] = []

    async def call(number: int) -> None:
        while time.perf_counter() < stop_s:
            began_s = time.perf_counter()
            await stub.Decide(request_to(router.router_id, router.streams[0], number))
            spent_s.append(time.perf_counter() - began_s)
            number += CALLERS

    await asyncio.gather(*(call(number) for number in range(CALLERS)))
    tell("Decide", router.policy, len(spent_s), seconds, spent_s)


async def streamed(stub: routing_pb2_grpc.RoutingServiceAsyncStub, router: pb.Router, seconds: float) -> None:
    """One stream on which as many requests as are in flight are reported and decided together."""
    call, stop_s, count = stub.DecideStream(), time.perf_counter() + seconds, 0
    entry = pb.DecideStreamRequest.Entry
    await call.write(pb.DecideStreamRequest(entries=[
        entry(decide=request_to(router.router_id, router.streams[0], number)) for number in range(IN_FLIGHT)
    ]))  # fmt: skip
    while time.perf_counter() < stop_s:
        read: pb.DecideStreamResponse = await call.read()
        answers = read.entries
        entries = []
        for answer in answers:
            if answer.WhichOneof("message") == "decided":
                count += 1
                entries.append(entry(report=completed("", answer.decided.request)))
                entries.append(entry(decide=request_to("", router.streams[0], count)))
        await call.write(pb.DecideStreamRequest(entries=entries))
    call.cancel()
    tell("DecideStream, reports included", router.policy, count, seconds, [])


def tell(what: str, policy: str, count: int, seconds: float, spent_s: list[float]) -> None:
    """Prints one line; the service's own processor time does not depend on what else the machine does."""
    now_s = SERVICE.cpu_s()
    cpu_us = (now_s - SERVICE.told_cpu_s) / max(count, 1) * 1e6
    SERVICE.told_cpu_s = now_s
    line = f"{what:32} {policy:18} {count / seconds:8,.0f} decisions/s   {cpu_us:5.0f} us CPU of the service"
    if spent_s:
        cuts = statistics.quantiles(spent_s, n=100)
        line += f"   p50 {cuts[49] * 1e3:.2f} ms   p99 {cuts[98] * 1e3:.2f} ms"
    print(line, flush=True)


async def measured(address: str, seconds: float) -> None:
    """All measurements of a service, one after the other."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = routing_pb2_grpc.RoutingServiceStub(channel)
        for policy in POLICIES:
            request = pb.CreateRouterRequest(scenario_name=SCENARIO, policy=policy)
            router = await stub.CreateRouter(request)
            SERVICE.told_cpu_s = SERVICE.cpu_s()
            for way in (decisions_only, unary, streamed):
                await way(stub, router, seconds)


def main() -> None:
    """Starts a service, measures, ends it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "wayfare",
            "serve",
            "--grpc-address",
            "127.0.0.1:0",
            "--store",
            folder,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:  # noqa: S603  (our own command)
            SERVICE.pid = service.pid
            try:
                asyncio.run(measured(service.stdout.readline().split()[-1], seconds))
            finally:
                service.terminate()
    served(SCENARIO, "2h")


def served(name: str, duration: str) -> None:
    """Decisions per second of a run through a policy server, and what the same run takes without."""
    command = [sys.executable, "-m", "wayfare", "serve-policy", "power_of_two", "--address", "127.0.0.1:0"]
    scenario = load_scenario(name, overrides=[f"duration={duration}", "warmup=0s"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603  (our own command)
        spec = server.stdout.readline().split()[-1]
        simulate(scenario, "power_of_two")
        here, there = (simulate(scenario, policy).report for policy in ("power_of_two", spec))
        server.terminate()
    count = here.figure("requests.arrived")
    spent_s = there.figure("wall_s") - here.figure("wall_s")
    print(f"policy server: {count:,.0f} decisions, {count / spent_s:,.0f}/s over gRPC, {spent_s:.2f} s more")


if __name__ == "__main__":
    main()
