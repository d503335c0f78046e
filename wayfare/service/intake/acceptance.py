"""From a request to an accepted run: checked, within its tenant's limits, on disk, queued."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import grpc

from wayfare.service.rpc.errors import RefusedError
from wayfare.storage.store import RunRecord
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from wayfare.service.intake.checker import Checker
    from wayfare.service.intake.quotas import QuotaUsage
    from wayfare.service.intake.scenarios import AcceptedScenario
    from wayfare.service.runs.slots import RunScheduler
    from wayfare.service.runs.writer import StoreWriter
    from wayfare.storage.store import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a caller asked for; a comparison where `replications` is not 0."""

    tenant: str
    request: pb.CreateRunRequest
    policies: tuple[str, ...]
    replications: int
    confidence: float

    def digest(self) -> str:
        """SHA-256 of all that was asked, but for the request id."""
        bare = pb.CreateRunRequest()
        bare.CopyFrom(self.request)
        bare.ClearField("request_id")
        more = repr((self.policies, self.replications, self.confidence)).encode()
        return hashlib.sha256(bare.SerializeToString(deterministic=True) + more).hexdigest()

    def record(self, checked: AcceptedScenario) -> RunRecord:
        """The run that comes of it; one that is only validated has no id."""
        return RunRecord(
            run_id="" if self.request.validate_only else uuid.uuid4().hex,
            tenant=self.tenant,
            scenario=checked.scenario,
            scenario_json=checked.scenario_json,
            policies=self.policies or (checked.policy,),
            replications=self.replications,
            confidence=self.confidence,
            labels=dict(self.request.labels),
            request_id=self.request.request_id,
            request_digest=self.digest() if self.request.request_id else "",
            request_count=checked.request_count,
            rerun_if_interrupted=self.request.rerun_if_interrupted,
            created_s=time.time(),
            sequence=1,
        )


class Acceptance:
    """Accepts runs; one that was accepted is on disk and will run, whatever becomes of its caller."""

    def __init__(
        self,
        store: RunStore,
        writer: StoreWriter,
        slots: RunScheduler,
        checker: Checker,
        quota_usage: QuotaUsage,
    ) -> None:
        """Keeps what it stands on."""
        self._store, self._writer, self._slots = store, writer, slots
        self._checker, self._holdings = checker, quota_usage
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def run(self, run_request: RunRequest) -> RunRecord:
        """The run, kept and queued; only checked where that was all that was asked.

        Raises:
            InvalidScenarioError: lists every problem.
            RefusedError: the request id stands for something else, or a limit is reached.
        """
        if run_request.request.validate_only or not run_request.request.request_id:
            return await self._new(run_request)
        turn = self._turns.setdefault((run_request.tenant, run_request.request.request_id), asyncio.Lock())
        async with turn:
            return self._known(run_request) or await self._new(run_request)

    async def _new(self, run_request: RunRequest) -> RunRecord:
        """A run that was not asked for before."""
        if self._slots.is_stopping:
            raise RefusedError(grpc.StatusCode.UNAVAILABLE, "the service is ending; try again")
        checked = await self._checker.checked(
            run_request.tenant, run_request.request, run_request.policies, run_request.replications
        )
        record = run_request.record(checked)
        if run_request.request.validate_only:
            return record
        return await asyncio.shield(asyncio.ensure_future(self._kept(record)))

    def _known(self, run_request: RunRequest) -> RunRecord | None:
        """The run that the request id made before."""
        known = self._store.asked(run_request.tenant, run_request.request.request_id)
        return None if known is None else self._same(known, run_request.digest())

    def _same(self, known: RunRecord, digest: str) -> RunRecord:
        """The run that was made before, as it stands.

        Raises:
            RefusedError: something else was asked for then.
        """
        if known.request_digest not in ("", digest):
            text = f"request_id {known.request_id!r} already made run {known.run_id}, for a different request"
            raise RefusedError(grpc.StatusCode.ALREADY_EXISTS, text)
        return self._slots.live(known.run_id) or known

    async def _kept(self, record: RunRecord) -> RunRecord:
        """The record as the store keeps it, queued unless it was known."""
        self._holdings.take(record)
        try:
            kept = await self._writer.add(record)
        except Exception:
            self._holdings.give_back(record)
            raise
        if kept.run_id != record.run_id:
            self._holdings.give_back(record)
            return self._same(kept, record.request_digest)
        self._slots.submit(kept)
        return self._slots.live(kept.run_id) or kept
