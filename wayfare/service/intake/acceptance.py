"""From a request to an accepted run: checked, within its tenant's limits, on disk, queued."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import grpc

from wayfare.service.errors import RefusedError

if TYPE_CHECKING:
    from wayfare.service.intake.quotas import TenantUsage
    from wayfare.service.ports import RunArchive, RunQueue, RunWriter, ScenarioChecker
    from wayfare.service.submission import Submission
    from wayfare.storage.store import RunRecord


class Acceptance:
    """Accepts runs; one that was accepted is on disk and will run, whatever becomes of its caller."""

    def __init__(
        self,
        archive: RunArchive,
        writer: RunWriter,
        queue: RunQueue,
        checker: ScenarioChecker,
        usage: TenantUsage,
    ) -> None:
        """Keeps what it stands on."""
        self._archive, self._writer, self._queue = archive, writer, queue
        self._checker, self._usage = checker, usage
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def accept(self, submission: Submission) -> RunRecord:
        """The run, kept and queued; only checked where that was all that was asked.

        Raises:
            InvalidScenarioError: lists every problem.
            RefusedError: the request id stands for something else, or a limit is reached.
        """
        if submission.request.validate_only or not submission.request.request_id:
            return await self._new(submission)
        turn = self._turns.setdefault((submission.tenant, submission.request.request_id), asyncio.Lock())
        async with turn:
            return self._known(submission) or await self._new(submission)

    async def _new(self, submission: Submission) -> RunRecord:
        """A run that was not asked for before."""
        if self._queue.is_stopping:
            raise RefusedError(grpc.StatusCode.UNAVAILABLE, "the service is ending; try again")
        checked = await self._checker.checked(
            submission.tenant, submission.request, submission.policies, submission.replications
        )
        record = submission.record(checked)
        if submission.request.validate_only:
            return record
        return await asyncio.shield(asyncio.ensure_future(self._kept(record)))

    def _known(self, submission: Submission) -> RunRecord | None:
        """The run that the request id made before."""
        known = self._archive.asked(submission.tenant, submission.request.request_id)
        return None if known is None else self._same(known, submission.digest())

    def _same(self, known: RunRecord, digest: str) -> RunRecord:
        """The run that was made before, as it stands.

        Raises:
            RefusedError: something else was asked for then.
        """
        if known.request_digest not in ("", digest):
            text = f"request_id {known.request_id!r} already made run {known.run_id}, for a different request"
            raise RefusedError(grpc.StatusCode.ALREADY_EXISTS, text)
        return self._queue.live(known.run_id) or known

    async def _kept(self, record: RunRecord) -> RunRecord:
        """The record as the store keeps it, queued unless it was known."""
        self._usage.take(record)
        try:
            kept = await self._writer.add(record)
        except Exception:
            self._usage.give_back(record)
            raise
        if kept.run_id != record.run_id:
            self._usage.give_back(record)
            return self._same(kept, record.request_digest)
        self._queue.submit(kept)
        return self._queue.live(kept.run_id) or kept
