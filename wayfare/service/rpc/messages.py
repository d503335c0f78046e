"""Runs and records as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp

from wayfare.service.rpc.errors import shown
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from wayfare.storage.store import RunRecord

NS_PER_S = 1e9


def run_message(record: RunRecord) -> pb.Run:
    """A run as callers see it; one that was only validated has neither id nor state."""
    return pb.Run(
        run_id=record.run_id,
        state=f"STATE_{record.state.value}" if record.run_id else None,
        scenario=record.scenario,
        policies=record.policies,
        replications=record.replications,
        labels=dict(record.labels),
        created_at=instant(record.created_s),
        started_at=instant(record.started_s),
        finished_at=instant(record.finished_s),
        progress_ratio=record.progress_ratio,
        simulated_s=record.simulated_s,
        arrived_count=record.arrived_count,
        error=shown(record.error),
        digest=record.digest,
        rerun_if_interrupted=record.rerun_if_interrupted,
        sequence=record.sequence,
    )


def instant(at_s: float | None) -> Timestamp | None:
    """Seconds since 1970 as an instant."""
    if at_s is None:
        return None
    made = Timestamp()
    made.FromNanoseconds(int(at_s * NS_PER_S))
    return made
