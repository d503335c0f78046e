"""A thousand small runs at once, and how soon one begins."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from figures import Finding, below, exactly, median, plain, quantile

from serving import Service, named_run
from wayfare.client import OVER, AsyncClient
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RUNS, ROUNDS, AT_ONCE, WARM = 1_000, 3, 64, 20
TINY = ("duration=2m",)


def thousand_runs() -> Finding:
    """Queues runs from many callers at once while another asks how a run is."""
    with tempfile.TemporaryDirectory() as folder, Service(folder) as service:
        return asyncio.run(measured(service.address))


async def measured(address: str) -> Finding:
    """Rounds of queueing; the first is waited for, the others are cancelled."""
    async with AsyncClient(address) as client:
        starts_ms = [await start_ms(client) for _ in range(WARM)]
        rounds = [await queued(client, number) for number in range(ROUNDS)]
        listed = sum([1 async for _run in client.runs()])
    queued_s = median(one[0] for one in rounds)
    asked_ms = quantile([delay for one in rounds for delay in one[1]], 0.99)
    finished_s, states = rounds[0][2], rounds[0][3]
    return Finding(
        title="A thousand runs at once",
        done=f"{RUNS:,} small runs (two simulated minutes each, checked one by one), {AT_ONCE} creates in "
        f"flight, two slots; median of {ROUNDS} rounds. All of the first round run to their end.",
        rows=(
            below("queued, all durably accepted", queued_s, 5.0, "s"),
            below("`GetRun` p99 meanwhile", asked_ms, 100.0, "ms"),
            exactly("succeeded", states[pb.Run.STATE_SUCCEEDED], RUNS),
            exactly("known afterwards, of all rounds", listed, RUNS * ROUNDS + WARM),
            plain("until the last had finished", finished_s, "s"),
            below("submit to running, warm slot, median", median(starts_ms), 50.0, "ms"),
            plain("submit to running, worst of 20", max(starts_ms), "ms"),
        ),
    )


async def start_ms(client: AsyncClient) -> float:
    """From sending a run to hearing that it runs."""
    begun_s = time.perf_counter()
    run = await client.create(named_run("frontier-only", settings=TINY))
    found = 0.0
    async for change in client.watch(run.run_id):
        if change.run.state != pb.Run.STATE_QUEUED and not found:
            found = (time.perf_counter() - begun_s) * 1e3
    return found


async def queued(client: AsyncClient, number: int) -> tuple[float, list[float], float, Counter[int]]:
    """Seconds to queue, delays of `GetRun`, seconds to finish and the final states."""
    known = await client.create(named_run("frontier-only", settings=TINY, request_id=f"known-{number}"))
    begun_s = time.perf_counter()
    async with asking(client, known.run_id) as delays_ms:
        places = asyncio.Semaphore(AT_ONCE)
        runs = await asyncio.gather(*(one(client, places, number, seed) for seed in range(RUNS - 1)))
        queued_s = time.perf_counter() - begun_s
    if number:
        await asyncio.gather(*(client.cancel(run.run_id) for run in runs))
    ends = await asyncio.gather(*(end(client, run.run_id) for run in [known, *runs]))
    return queued_s, delays_ms, time.perf_counter() - begun_s, Counter(ends)


async def one(client: AsyncClient, places: asyncio.Semaphore, number: int, seed: int) -> pb.Run:
    """A run of its own seed."""
    async with places:
        request = named_run("frontier-only", settings=TINY, seed=seed, request_id=f"{number}-{seed}")
        return await client.create(request)


async def end(client: AsyncClient, run_id: str) -> int:
    """How a run ends."""
    async for change in client.watch(run_id):
        if change.run.state in OVER:
            return change.run.state
    return pb.Run.STATE_UNSPECIFIED


@asynccontextmanager
async def asking(client: AsyncClient, run_id: str, per_s: float = 50.0) -> AsyncIterator[list[float]]:
    """Asks for a run at a steady rate; the milliseconds that each answer took from when it was due."""
    delays_ms: list[float] = []

    async def ask() -> None:
        """One call."""
        begun_s = time.perf_counter()
        await client.stub.GetRun(pb.GetRunRequest(run_id=run_id), timeout=10.0)
        delays_ms.append((time.perf_counter() - begun_s) * 1e3)

    async def ask_on() -> None:
        """Calls on time, whether or not those before are answered."""
        begun_s = time.perf_counter()
        calls = []
        try:
            for number in range(10**9):
                await asyncio.sleep(max(0.0, begun_s + number / per_s - time.perf_counter()))
                calls.append(asyncio.ensure_future(ask()))
        finally:
            await asyncio.gather(*calls)

    work = asyncio.ensure_future(ask_on())
    try:
        yield delays_ms
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
