"""Killed servers and workers, damaged stores, full disks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from figures import Finding, Row, exactly, median, plain

from serving import LONG, SHORT, Service, descendants, named_run
from wayfare.client import OVER, Client
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

WAITING, KILLS, PAGE_BYTES = 50, 3, 4096
LARGE = ("duration=1h",)
LOOK = """
import sys
from pathlib import Path
from wayfare.storage.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
print(*[one for one in sys.argv[2:] if store.get(one)])
"""


def killed_servers() -> Finding:
    """Kills a server in the middle of its queue, several times, and counts what became of the runs."""
    accepted: list[str] = []
    restarts_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(KILLS):
            begun_s = time.perf_counter()
            with Service(folder, "--slots", "1") as service, Client(service.address) as client:
                restarts_s.append(time.perf_counter() - begun_s)
                accepted += [
                    client.create(named_run("frontier-only", settings=SHORT)).run_id for _ in range(WAITING)
                ]
                service.end(signal.SIGKILL)
        with Service(folder) as service, Client(service.address) as client:
            ends = [list(client.watch(run_id))[-1].run for run_id in accepted]
            listed = {run.run_id for run in client.runs()}
    succeeded = sum(run.state == pb.Run.STATE_SUCCEEDED for run in ends)
    interrupted = sum("the service ended while it ran" in run.error for run in ends)
    return Finding(
        title="kill -9 of the server",
        done=f"{WAITING} runs accepted, then kill -9; {KILLS} times over, then all are waited for.",
        rows=(
            exactly("accepted runs that are known", len(listed & set(accepted)), WAITING * KILLS),
            exactly(
                "succeeded, or failed because they ran when it was killed",
                succeeded + interrupted,
                WAITING * KILLS,
            ),
            plain("of them interrupted", interrupted, "runs"),
            plain("restart to first answer, median", median(restarts_s), "s"),
        ),
    )


def killed_workers() -> Finding:
    """Kills the process of a run, with and without the wish to run again."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(folder, "--slots", "2") as service,
        Client(service.address) as client,
    ):
        ends = {again: killed(service, client, again=again) for again in (False, True)}
    others = sum(other.state == pb.Run.STATE_SUCCEEDED for _run, other in ends.values())
    return Finding(
        title="kill -9 of a worker",
        done="The process of a running run is killed; another run goes on at the same time.",
        rows=(
            Row(what="the run's message", found=ends[False][0].error),
            exactly(
                "with `rerun_if_interrupted` it succeeded", ends[True][0].state == pb.Run.STATE_SUCCEEDED, 1
            ),
            exactly("other runs that succeeded", others, 2),
        ),
    )


def killed(service: Service, client: Client, *, again: bool) -> tuple[pb.Run, pb.Run]:
    """The ends of a run whose process is killed, and of one beside it."""
    before = descendants(service.process.pid)
    settings = ("duration=2d",) if again else LONG
    request = named_run("support-desk-diurnal", settings=settings, rerun_if_interrupted=again)
    run = client.create(request)
    next(one for one in client.watch(run.run_id) if one.run.state == pb.Run.STATE_RUNNING)
    for worker in descendants(service.process.pid) - before:
        os.kill(worker, signal.SIGKILL)
    other = client.create(named_run("frontier-only", settings=SHORT))
    return list(client.watch(run.run_id))[-1].run, list(client.watch(other.run_id))[-1].run


def damaged_stores() -> Finding:
    """Overwrites each page of a store in turn and opens it as a server does."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with Service(folder, "--slots", "1") as service, Client(service.address) as client:
            runs = [client.create(named_run("frontier-only", settings=SHORT)).run_id for _ in range(5)]
            for run_id in runs:
                client.report(run_id)
        whole = (folder / "runs.sqlite").read_bytes()
        starts = range(0, len(whole), PAGE_BYTES)
        found = [served(folder, whole, start, set(runs)) for start in starts]
    return Finding(
        title="A damaged page of the store",
        done=f"A store of {len(whole):,} bytes; each of its {len(starts)} pages overwritten in turn.",
        rows=(
            plain("refused to serve, with a message", found.count("refused"), "pages"),
            plain("served with every run known", found.count("whole"), "pages"),
            exactly("served with a run missing", found.count("lost"), 0),
        ),
    )


def served(folder: Path, whole: bytes, start: int, runs: set[str]) -> str:
    """What a server makes of a store with one page overwritten."""
    for log in folder.glob("runs.sqlite-*"):
        log.unlink()
    (folder / "runs.sqlite").write_bytes(whole[:start] + b"\xa5" * PAGE_BYTES + whole[start + PAGE_BYTES :])
    command = [sys.executable, "-c", LOOK, str(folder / "runs.sqlite"), *runs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)
    if "DamagedStoreError" in done.stderr:
        return "refused"
    return "whole" if set(done.stdout.split()) == runs else "lost"


def full_disks() -> Finding:
    """Fills the disk of a server, makes room again, and counts."""
    title = "A full disk"
    with small_disk() as folder:
        if folder is None:
            return Finding(
                title=title, done="Not measured: this machine does not allow mounting a small disk."
            )
        with Service(folder, "--slots", "1") as service, Client(service.address) as client:
            accepted, refusal = filled(client, folder)
            (folder / "filler").unlink()
            ends = [list(client.watch(run_id))[-1].run for run_id in accepted]
            accepted.append(client.create(named_run("frontier-only", settings=SHORT)).run_id)
            client.report(accepted[-1])
            listed = {run.run_id for run in client.runs()}
    return Finding(
        title=title,
        done="Store and results on a disk of 6 MB that is filled while runs wait; then there is room.",
        rows=(
            Row(what="a new run is refused", found=refusal),
            exactly("accepted runs that are known", len(listed & set(accepted)), len(accepted)),
            exactly("accepted runs that ended", sum(run.state in OVER for run in ends), len(ends)),
            plain(
                "of them failed for want of room",
                sum(run.state == pb.Run.STATE_FAILED for run in ends),
                "runs",
            ),
        ),
    )


def filled(client: Client, folder: Path) -> tuple[list[str], str]:
    """Runs that were accepted until the disk was full, and how the next was refused."""
    accepted = [client.create(named_run("frontier-only", settings=LARGE)).run_id for _ in range(5)]
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * PAGE_BYTES)
        except OSError:
            pass
    while True:
        try:
            accepted.append(client.create(named_run("frontier-only", settings=SHORT)).run_id)
        except grpc.RpcError as error:
            return accepted, f"{getattr(error, 'code')().name}: {getattr(error, 'details')()}"  # noqa: B009  (stubs do not know them)


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A file system of a few megabytes; None where it may not be mounted."""
    with tempfile.TemporaryDirectory() as text:
        command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", text]
        if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603  (our own command)
            yield None
            return
        try:
            yield Path(text)
        finally:
            subprocess.run(["umount", "--lazy", text], check=True)  # noqa: S603, S607  (as above)
