"""What a tenant may have, and what is forgotten."""

import asyncio
import gzip
import lzma
import os
from dataclasses import replace

import pytest

from wayfare.service.errors import RefusedError
from wayfare.service.intake.quotas import TenantUsage, UploadRate
from wayfare.service.intake.uploads import Uploads
from wayfare.service.limits import RunLimits, TenantQuotas
from wayfare.service.runs.folders import RunFolders
from wayfare.service.runs.retention import Retention, Sweeper
from wayfare.service.runs.scheduler import Scheduler
from wayfare.service.runs.writer import StoreWriter
from wayfare.storage.memory import MemoryStore
from wayfare.storage.reserve import DiskReserve
from wayfare.storage.store import RunRecord, RunState
from wayfare.v1 import simulation_pb2 as pb


def record(run_id, tenant="a", **changes):
    """A plain run with changes."""
    plain = RunRecord(
        run_id=run_id, tenant=tenant, scenario="s", scenario_json="{}", policies=("p",), created_s=1.0
    )
    return replace(plain, **changes)


def test_runs_are_counted_by_tenant_until_they_are_over():
    """A tenant at its limit is refused, another is not, and a run that ends makes room."""
    holdings = TenantUsage(TenantQuotas(unfinished=2))
    holdings.take_all([record("x"), record("y")])
    with pytest.raises(RefusedError, match="may have 2"):
        holdings.take(record("z"))
    holdings.take(record("z", tenant="b"))
    holdings.run_changed(record("x", state=RunState.RUNNING))
    with pytest.raises(RefusedError):
        holdings.take(record("z"))
    holdings.run_changed(record("x", state=RunState.FAILED))
    holdings.take(record("z"))


def test_simulated_requests_are_counted():
    """Unfinished runs of a tenant may simulate so many requests together."""
    holdings = TenantUsage(TenantQuotas(unfinished_requests=100))
    holdings.take(record("x", request_count=60))
    with pytest.raises(RefusedError, match="120 requests; a tenant may have 100"):
        holdings.take(record("y", request_count=60))
    holdings.give_back(record("x"))
    holdings.give_back(record("x"))
    holdings.take(record("y", request_count=100))


def test_bytes_flow_back_with_time():
    """What was sent within the hour counts; half an hour gives half of it back."""
    now_s = [0.0]
    flow = UploadRate(1000, lambda: now_s[0])
    flow.take("a", 1000)
    flow.take("b", 1000)
    with pytest.raises(RefusedError, match="try again in 1800 s"):
        flow.take("a", 500)
    now_s[0] = 1800.0
    flow.take("a", 500)


async def pieces(*chunks):
    """A stream of pieces."""
    for chunk in chunks:
        yield pb.UploadTraceRequest(chunk=chunk)


@pytest.mark.parametrize(
    ("chunks", "why"),
    [
        ([b"x" * 60, b"x" * 60], "100 bytes"),
        ([gzip.compress(b"x" * 10_000)], "unpacked"),
        ([gzip.compress(b"abc" * 20)[:-9]], "damaged"),
        ([b"\x1f\x8bnonsense"], "damaged"),
        ([lzma.compress(b"x" * 10_000)], "unpacked"),
        ([b"\x28\xb5\x2f\xfd"], "damaged"),
        ([b" \n"], "empty"),
    ],
    ids=["large", "bomb", "cut", "nonsense", "another bomb", "cut zstd", "nothing"],
)
def test_traces_that_cannot_be_kept_leave_nothing(tmp_path, chunks, why):
    """Too large, packed bombs and damaged ones are refused, and no file stays."""
    uploads = Uploads(tmp_path, TenantQuotas(trace_bytes=100), UploadRate(10**9))
    with pytest.raises(RefusedError, match=why):
        asyncio.run(uploads.keep("a", pieces(*chunks)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_broken_upload_leaves_nothing(tmp_path):
    """A caller that goes away in the middle leaves no trace."""

    async def broken():
        yield pb.UploadTraceRequest(chunk=b"half")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(Uploads(tmp_path, TenantQuotas(), UploadRate(10**9)).keep("a", broken()))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def kept(folder, name, ended_s, size):
    """Results of a run that ended then, of that size."""
    (folder / name).mkdir(parents=True)
    (folder / name / "report.json").write_bytes(b"x" * size)
    return record(name, state=RunState.SUCCEEDED, finished_s=ended_s)


@pytest.mark.parametrize(
    ("retention", "left"),
    [
        (Retention(), ["new", "old", "trace", "waiting"]),
        (Retention(age_s=50.0), ["new", "waiting"]),
        (Retention(size_bytes=25), ["new", "old", "waiting"]),
        (Retention(size_bytes=15), ["new", "waiting"]),
        (Retention(age_s=0.0), ["waiting"]),
    ],
)
def test_the_oldest_are_forgotten(tmp_path, retention, left):
    """By age and by size the oldest go first, unfinished runs and the traces they name never."""
    runs, uploads = tmp_path / "runs", tmp_path / "uploads"
    store = MemoryStore()
    store.add(kept(runs, "old", 40.0, 10))
    store.add(kept(runs, "new", 90.0, 10))
    store.add(record("waiting", scenario_json='{"file": "needed"}'))
    (uploads / "a").mkdir(parents=True)
    for name in ("trace", "needed"):
        (uploads / "a" / name).write_bytes(b"x" * 10)
        os.utime(uploads / "a" / name, (30.0, 30.0))

    async def sweep():
        writer = StoreWriter(store)
        folders = RunFolders(runs)
        scheduler = Scheduler(writer, folders, RunLimits(slots=0), DiskReserve(tmp_path))
        scheduler.submit(store.get("waiting"))
        await Sweeper(store, writer, scheduler, folders, uploads, retention).sweep(100.0)

    asyncio.run(sweep())
    names = [name for name in ("new", "old", "waiting") if store.get(name)]
    names += [path.name for path in uploads.glob("*/*") if path.name == "trace"]
    assert sorted(names) == left
    assert sorted(path.name for path in runs.glob("*")) == [name for name in names if name in ("new", "old")]
    assert (uploads / "a" / "needed").exists()
