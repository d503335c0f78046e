"""A digest of what the kernel says of small cases: `python -m oracle.fingerprint`."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.loads import KNEE, OVERLOAD, REPLICA, load_case
from oracle.runs import drive, kernel_of
from oracle.split import SplitCase, split_kernel
from oracle.strategies import Traffic, case_of, split_case_of
from simulator.kernel import BatchingSpec, DecodePool, GroupSpec, HostSpec, Kernel, ServersSpec
from simulator.kernel.machine_code.jit import COMPILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from oracle.cases import Case

CRAMPED = replace(REPLICA, kv_room_tokens=2600, token_budget=64, max_sequences=6, queue_limit=4)
HOST = HostSpec(request_s=3.1e-3, token_s=7.3e-6, answer_token_s=1.9e-4, output_s=2.3e-3, output_steps=1.7)
HOSTED = replace(CRAMPED, host=HOST)


def small_cases() -> Iterator[Case]:
    """Batching with preemptions, cancels and refusals; servers; outages; ties of instants; a host."""
    yield load_case(OVERLOAD, count=30, replica=CRAMPED)
    yield load_case(KNEE, count=20)
    specs: tuple[BatchingSpec | ServersSpec, ...] = (CRAMPED, ServersSpec(servers=2, power_w=3.1))
    yield load_case(KNEE, count=20, replica=replace(CRAMPED, width=4, progress=2.37))
    yield load_case(KNEE, count=20, replica=HOSTED)
    for seed, tied, changes in ((1, False, 0), (2, True, 0), (3, False, 3)):
        traffic = Traffic(
            seed=seed,
            count=40,
            rate_per_s=40.0,
            longest=30,
            priorities=3,
            cancels=6,
            outages=2,
            slowdowns=changes,
            drains=changes,
            tied=tied,
        )
        yield case_of(specs, len(specs), traffic, closes=tied)
        yield case_of(specs, len(specs), replace(traffic, longest=70, repeats=True), closes=tied)


def small_splits() -> Iterator[SplitCase]:
    """Prefill apart from decode: short of room on both sides, given up and broken on the way."""
    pool = DecodePool(queues=replace(CRAMPED, queue_limit=-1), count=2, transfer_s=3.3e-3)
    for seed, tied, prefill in ((4, False, HOSTED), (5, True, CRAMPED)):
        traffic = Traffic(
            seed=seed,
            count=60,
            rate_per_s=60.0,
            longest=70,
            priorities=2,
            cancels=12,
            outages=3,
            tied=tied,
            repeats=True,
        )
        yield split_case_of(GroupSpec(queues=prefill, count=2, decode=pool), traffic, closes=tied)


def all_digests() -> Iterator[str]:
    """The digests of all small cases."""
    yield from map(case_digest, small_cases())
    for case in small_splits():
        kernel = split_kernel(case)
        drive(kernel, case)
        yield ledger_digest(kernel)


def ledger_digest(kernel: Kernel) -> str:
    """A digest of all bits of the ledger and of the queues' meters."""
    rows, queues = kernel.ledger(), kernel.queues
    digest = hashlib.sha256()
    for name in rows.dtype.names or ():
        digest.update(column_bytes(rows, name))
    for name in ("busy_s", "energy_j", "step_count", "preemption_count", "share_s", "clock", "cached"):
        digest.update(column_bytes(queues, name))
    return digest.hexdigest()


def column_bytes(rows: NDArray[np.void], name: str) -> bytes:
    """One column's bits, without the padding between columns."""
    column: bytes = rows[name].tobytes()
    return column


def case_digest(case: Case) -> str:
    """Runs a case through the kernel and digests what came out."""
    kernel = kernel_of(case)
    drive(kernel, case)
    return ledger_digest(kernel)


if __name__ == "__main__":
    sys.stdout.write(f"{'compiled' if COMPILED else 'uncompiled'}\n")
    sys.stdout.writelines(f"{digest}\n" for digest in all_digests())
