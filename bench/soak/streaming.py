"""A million request records, and the memory it takes to send them."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from figures import Finding, below, exactly, median, plain, pss_mb

from serving import Service
from wayfare.client import Client
from wayfare.v1 import simulation_pb2 as pb

SCENARIO = Path(__file__).parents[1] / "scenarios" / "million.yaml"
ROUNDS = 3
BATCH = 5_000


def million_records() -> Finding:
    """Runs a million requests, then streams them several times."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(folder) as service,
        Client(service.address) as client,
    ):
        run = client.create(pb.CreateRunRequest(scenario_yaml=SCENARIO.read_text(encoding="utf-8")))
        arrived = client.report(run.run_id)["requests"]["arrived"]
        before_mb = pss_mb(service.processes())
        rounds = [streamed(service, client, run.run_id) for _ in range(ROUNDS)]
        after_mb = pss_mb(service.processes())
    return Finding(
        title="A million request records",
        done=f"A run of {arrived:,} requests, its records read by the typed Python client in batches of "
        f"{BATCH:,}; median of {ROUNDS}. Memory is that of all the service's processes (PSS).",
        rows=(
            exactly("records read", rounds[0][1], arrived),
            below("time", median(one[0] for one in rounds), 15.0, "s"),
            plain("memory before", before_mb, "MB"),
            plain("memory at a tenth of the stream", median(one[2] for one in rounds), "MB"),
            plain("memory at the end of the stream", median(one[3] for one in rounds), "MB"),
            plain("memory at its peak", max(one[4] for one in rounds), "MB"),
            plain("memory afterwards", after_mb, "MB"),
        ),
    )


def streamed(service: Service, client: Client, run_id: str) -> tuple[float, int, float, float, float]:
    """Seconds, records, and memory early, late and at its peak."""
    samples: list[float] = []
    stop = threading.Event()

    def sample() -> None:
        """Looks at memory until told to stop."""
        while not stop.wait(0.25):
            samples.append(pss_mb(service.processes()))

    looking = threading.Thread(target=sample)
    looking.start()
    begun_s, count = time.perf_counter(), 0
    request = pb.StreamRequestRecordsRequest(run_id=run_id, batch_size=BATCH)
    for batch in client.stub.StreamRequestRecords(request):
        count += len(batch.records)
    took_s = time.perf_counter() - begun_s
    stop.set()
    looking.join()
    return took_s, count, samples[len(samples) // 10], samples[-2], max(samples)
