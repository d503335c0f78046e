"""One tenant does all it may at once, for a minute; another one works on. And a long run is watched."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from figures import Finding, below, exactly, plain, pss_mb, quantile

from serving import SHORT, TOKENS, Service, named_run, written_tokens
from wayfare.client import AsyncClient, Client, metadata
from wayfare.v1 import routing_pb2, routing_pb2_grpc
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS, CREATES_PER_S, GETS_PER_S = 60.0, 2.0, 20.0
ATTACKERS_NICENESS = 10
CALL_S = 10.0
"""How long an attacker waits for an answer before it goes on."""
WEEK = ("duration=7d", "telemetry.step=10s", "workload.streams.0.arrivals.rate=0.02/s")
WATCHERS = 50
ENDLESS = ("duration=30d", "fleet.small.replicas=4900", "fleet.small.balancing=router")
DIGITS = "9" * 27_000


class Attacker:
    """Every kind of greed there is, each as a method that does it once."""

    def __init__(self, address: str, token: str, run_id: str) -> None:
        """Connects; `run_id` is a run of its own with records."""
        self.client, self._run_id = Client(address, token=token), run_id
        self._stranger = Client(address)
        self._metadata = metadata(token)
        self._routing = routing_pb2_grpc.RoutingServiceStub(grpc.insecure_channel(address))
        self._streams: list[object] = []

    def endless_runs(self) -> None:
        """Runs with thousands of targets that never end."""
        self.client.create(named_run("support-desk-diurnal", settings=list(ENDLESS)))

    def slow_settings(self) -> None:
        """Texts that are slow to read."""
        self.client.create(named_run("frontier-only", settings=[f"duration={DIGITS}", f"drain={DIGITS}"]))

    def deep_settings(self) -> None:
        """Paths that are deep."""
        self.client.create(named_run("frontier-only", settings=["a" + ".a" * 100_000 + "=1"]))

    def huge_routers(self) -> None:
        """Routers with more targets than there is memory for."""
        settings = ["fleet.small.replicas=100000", "fleet.small.balancing=router"]
        asked = routing_pb2.CreateRouterRequest(scenario_name="support-desk-diurnal", settings=settings)
        self._routing.CreateRouter(asked, metadata=self._metadata, timeout=CALL_S)

    def large_routers(self) -> None:
        """As many routers as there may be, of as many targets."""
        settings = ["fleet.small.replicas=900", "fleet.small.balancing=router"]
        asked = routing_pb2.CreateRouterRequest(scenario_name="support-desk-diurnal", settings=settings)
        self._routing.CreateRouter(asked, metadata=self._metadata, timeout=CALL_S)

    def absurd_reports(self) -> None:
        """Clocks, loads and others' requests on the router that everybody asks."""
        asked = routing_pb2.DecideRequest(now_s=1e300, loads=[routing_pb2.TargetLoad(outstanding=10**6)])
        self._routing.Decide(asked, metadata=self._metadata, timeout=CALL_S)

    def large_decisions(self) -> None:
        """A thousand decisions in a message."""
        entry = routing_pb2.DecideStreamRequest.Entry
        message = routing_pb2.DecideStreamRequest(entries=[entry(decide=routing_pb2.DecideRequest())] * 1_000)
        answers = self._routing.DecideStream(iter([message]), metadata=self._metadata, timeout=CALL_S)
        for _answer in answers:
            pass

    def stalled_readers(self) -> None:
        """Streams of records that nobody reads on."""
        asked = pb.StreamRequestRecordsRequest(run_id=self._run_id, batch_size=500)
        stream = self.client.stub.StreamRequestRecords(asked, metadata=self._metadata)
        next(iter(stream))
        self._streams.append(stream)

    def stalled_uploads(self) -> None:
        """Uploads that do not go on."""

        def pieces() -> object:
            yield pb.UploadTraceRequest(chunk=b"x")
            threading.Event().wait(CALL_S)

        self._streams.append(self.client.stub.UploadTrace.future(pieces(), metadata=self._metadata))
        time.sleep(0.1)

    def long_lists(self) -> None:
        """Lists of all runs."""
        asked = pb.ListRunsRequest(page_size=500)
        self.client.stub.ListRuns(asked, metadata=self._metadata, timeout=CALL_S)

    def large_runs(self) -> None:
        """Scenarios and labels as large as they may be."""
        labels = {f"k{number}": "x" * 250 for number in range(60)}
        settings = [f"description={'x' * 500_000}", *SHORT]
        self.client.create(named_run("frontier-only", settings=settings, labels=labels))

    def strangers(self) -> None:
        """Large messages without a token."""
        self._stranger.create(pb.CreateRunRequest(scenario_yaml="x" * 15_000_000))


KINDS: tuple[Callable[[Attacker], None], ...] = (
    Attacker.endless_runs, Attacker.slow_settings, Attacker.deep_settings, Attacker.huge_routers,
    Attacker.large_routers, Attacker.absurd_reports, Attacker.large_decisions, Attacker.stalled_readers,
    Attacker.stalled_uploads, Attacker.long_lists, Attacker.large_runs, Attacker.strangers,
)  # fmt: skip


def attacked(address: str, run_id: str, seconds: float) -> None:
    """Does all of it at once, each kind again and again; what is refused is what we came for.

    At low priority: the attacker stands for other machines, whose processors are not ours.
    """
    os.nice(ATTACKERS_NICENESS)
    attacker, end_s = Attacker(address, TOKENS["red"], run_id), time.monotonic() + seconds

    def again(kind: Callable[[Attacker], None]) -> None:
        while time.monotonic() < end_s:
            with suppress(grpc.RpcError):
                kind(attacker)
            time.sleep(0.02)

    with ThreadPoolExecutor(len(KINDS)) as pool:
        list(pool.map(again, KINDS))


def unfriendly_tenant() -> Finding:
    """The minute, and what the other tenant saw of it."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        options = ("--tokens", str(written_tokens(folder)), "--route", "support-desk-diurnal")
        with Service(folder / "store", *options) as service:
            with Client(service.address, token=TOKENS["red"]) as red:
                own = red.create(named_run("support-desk-diurnal")).run_id
                red.report(own)
            attack = get_context("spawn").Process(target=attacked, args=(service.address, own, SECONDS))
            attack.start()
            time.sleep(2.0)
            seen = asyncio.run(worked(service))
            attack.join(60.0)
            attack.kill()
            status = service.end()
    return finding(seen, status)


async def worked(service: Service) -> dict[str, list[float]]:
    """What a tenant's calls took while it worked, milliseconds; runs that succeeded; megabytes."""
    seen: dict[str, list[float]] = {"create": [], "get": [], "succeeded": [], "mb": []}
    async with AsyncClient(service.address, token=TOKENS["blue"]) as client:
        first = await client.create(named_run("frontier-only", settings=SHORT))
        stop_s = time.monotonic() + SECONDS - 5.0
        made = [first.run_id]

        async def timed(name: str, call: object) -> object:
            begun_s = time.perf_counter()
            found = await call
            seen[name].append((time.perf_counter() - begun_s) * 1e3)
            return found

        async def creating() -> None:
            while time.monotonic() < stop_s:
                request = named_run("frontier-only", settings=SHORT)
                made.append((await timed("create", client.create(request))).run_id)  # type: ignore[attr-defined]  # a run, or an error raised
                await asyncio.sleep(1.0 / CREATES_PER_S)

        async def getting() -> None:
            while time.monotonic() < stop_s:
                asked = pb.GetRunRequest(run_id=first.run_id)
                await timed("get", client.stub.GetRun(asked, metadata=metadata(TOKENS["blue"])))
                await asyncio.sleep(1.0 / GETS_PER_S)

        async def weighing() -> None:
            while time.monotonic() < stop_s:
                seen["mb"].append(await asyncio.to_thread(lambda: pss_mb(service.processes())))
                await asyncio.sleep(2.0)

        await asyncio.gather(creating(), getting(), weighing())
        states = [run.state async for run in client.runs()]
        seen["succeeded"] = [states.count(pb.Run.STATE_SUCCEEDED), len(made)]
    return seen


def finding(seen: dict[str, list[float]], status: int) -> Finding:
    """The figures of the minute."""
    succeeded, made = seen["succeeded"]
    return Finding(
        title="An unfriendly tenant",
        done=f"One tenant does all of this at once for {SECONDS:g} s: endless runs with 4,900 targets, "
        "settings of 27,000 digits and of 100,000 steps, routers with 100,000 and with 900 "
        "targets, absurd clocks and loads on the operator's router, a thousand decisions in a "
        "message, readers and uploads that stall, lists of 500 large runs, scenarios of half a "
        f"megabyte, messages of 15 MB without a token. Another tenant creates {CREATES_PER_S:g} "
        f"runs and asks {GETS_PER_S:g} times a second. The attacker's process stands for other machines and "
        f"runs at a low priority (nice {ATTACKERS_NICENESS}).",
        rows=(
            plain("the other tenant's runs created", made, "runs"),
            plain("of them succeeded within the minute", succeeded, "runs"),
            below("`CreateRun` p99", quantile(seen["create"], 0.99), 250.0, "ms"),
            plain("`CreateRun` median", quantile(seen["create"], 0.5), "ms"),
            below("`GetRun` p99", quantile(seen["get"], 0.99), 100.0, "ms"),
            plain("`GetRun` median", quantile(seen["get"], 0.5), "ms"),
            below("memory of all processes at its peak (PSS)", max(seen["mb"]), 1_000.0, "MB"),
            exactly("exit code of the service afterwards", status, 0),
        ),
    )


def watched_week() -> Finding:
    """A week at steps of ten seconds, watched by many to its end."""
    with tempfile.TemporaryDirectory() as folder, Service(folder) as service:
        seen, took_s, server_mb, peak_mb = asyncio.run(week(service))
    steps = 7 * 86_400 // 10 + 1
    return Finding(
        title="A long run, watched",
        done=f"Seven days at telemetry steps of ten seconds ({steps:,} windows), {WATCHERS} watchers.",
        rows=(
            exactly("watchers that got every window and the end", seen.count(steps), WATCHERS),
            plain("time, the run included", took_s, "s"),
            below("memory of the server at its peak (PSS)", server_mb, 1_000.0, "MB"),
            plain("memory of all processes at its peak, the run's own included (PSS)", peak_mb, "MB"),
        ),
    )


async def week(service: Service) -> tuple[list[int], float, float, float]:
    """Windows that each watcher got, seconds, megabytes of the server and of all."""
    own, peak, over = [0.0], [0.0], asyncio.Event()

    async def weighing() -> None:
        while not over.is_set():
            own[0] = max(own[0], await asyncio.to_thread(pss_mb, [service.process.pid]))
            peak[0] = max(peak[0], await asyncio.to_thread(lambda: pss_mb(service.processes())))
            await asyncio.sleep(0.5)

    async def watching(client: AsyncClient, run_id: str) -> int:
        count, state = 0, pb.Run.STATE_QUEUED
        async for change in client.watch(run_id):
            count += len(change.windows)
            state = change.run.state or state
        return count if state == pb.Run.STATE_SUCCEEDED else -1

    begun_s = time.perf_counter()
    async with AsyncClient(service.address) as client:
        run = await client.create(named_run("support-desk-diurnal", settings=list(WEEK)))
        weigher = asyncio.ensure_future(weighing())
        seen = await asyncio.gather(*(watching(client, run.run_id) for _ in range(WATCHERS)))
        over.set()
        await weigher
    return list(seen), time.perf_counter() - begun_s, own[0], peak[0]
