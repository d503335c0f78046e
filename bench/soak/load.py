"""Many watchers, a long queue and steady questions."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import grpc
from figures import Finding, below, exactly, plain, pss_mb, quantile
from submission import asking

from serving import LONG, SHORT, Service, named_run
from wayfare.client import AsyncClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wayfare.v1 import simulation_pb2 as pb

WATCHERS, QUEUED, SECONDS, PER_S = 200, 500, 60.0, 50.0


def steady_load() -> Finding:
    """Watches and asks for a minute while runs come and go."""
    with tempfile.TemporaryDirectory() as folder, Service(folder) as service:
        return asyncio.run(loaded(service))


async def loaded(service: Service) -> Finding:
    """The minute; runs go on as fast as two slots let them."""
    async with AsyncClient(service.address) as client:
        busy = await client.create(named_run("support-desk-diurnal", settings=LONG))
        creates = (client.create(named_run("frontier-only", settings=SHORT)) for _ in range(QUEUED))
        runs = await asyncio.gather(*creates)
        changes = [0]
        watches = [asyncio.ensure_future(watch(client, run, changes)) for run in watched(busy, runs)]
        with ProcessPoolExecutor(1, get_context("spawn")) as other:
            asked = asyncio.get_running_loop().run_in_executor(other, ask, service.address, busy.run_id)
            delays_ms = await asked
        memory_mb = pss_mb(service.processes())
        errors = sum(1 for one in watches if one.done() and one.result())
        errors += round(SECONDS * PER_S * 0.99) > len(delays_ms)
        for one in watches:
            one.cancel()
        await asyncio.gather(*(client.cancel(run.run_id) for run in [busy, *runs]))
    return Finding(
        title="Two hundred watchers",
        done=f"{WATCHERS} `WatchRun` streams, {QUEUED} runs queued behind a long one and running in two "
        f"slots, `GetRun` {PER_S:g} times a second for {SECONDS:g} s by another process.",
        rows=(
            exactly("errors", errors, 0),
            plain("`GetRun` answered", len(delays_ms), "calls"),
            plain("changes watched", changes[0], "changes"),
            plain("`GetRun` median", quantile(delays_ms, 0.5), "ms"),
            below("`GetRun` p99", quantile(delays_ms, 0.99), 100.0, "ms"),
            plain("`GetRun` worst", max(delays_ms), "ms"),
            plain("memory of all processes (PSS)", memory_mb, "MB"),
        ),
    )


def watched(busy: pb.Run, runs: Sequence[pb.Run]) -> list[pb.Run]:
    """Half of the watchers look at the run that goes on, half at runs that wait."""
    return [busy] * (WATCHERS // 2) + list(runs[-WATCHERS // 2 :])


def ask(address: str, run_id: str) -> list[float]:
    """Delays of a caller of its own, who asks for a minute."""

    async def on() -> list[float]:
        """Asks at a steady rate."""
        async with AsyncClient(address) as client, asking(client, run_id, PER_S) as delays_ms:
            await asyncio.sleep(SECONDS)
        return delays_ms

    return asyncio.run(on())


async def watch(client: AsyncClient, run: pb.Run, changes: list[int]) -> bool:
    """Counts a run's changes; whether watching failed."""
    try:
        async for _change in client.watch(run.run_id):
            changes[0] += 1
    except grpc.RpcError:
        return True
    return False
