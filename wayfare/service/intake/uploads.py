"""Traces that callers keep at the service: whole or not at all, bounded in size and pace."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import grpc

from simulator.tables import InvalidTableError
from simulator.tables.staging import staged
from wayfare.service.errors import RefusedError, invalid
from wayfare.service.limits import OpenStreams
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from wayfare.service.intake.quotas import UploadRate
    from wayfare.service.limits import TenantQuotas


class Uploads:
    """A folder of traces for each tenant."""

    def __init__(self, folder: Path, limits: TenantQuotas, flow: UploadRate) -> None:
        """Keeps what bounds it."""
        self._folder, self._limits, self._flow = folder, limits, flow
        self._open = OpenStreams("uploads", limits.uploads)

    def tidy(self) -> None:
        """Removes what an earlier server did not receive to the end."""
        for left in self._folder.glob("*/.*"):
            left.unlink(missing_ok=True)

    async def keep(self, tenant: str, pieces: AsyncIterator[pb.UploadTraceRequest]) -> pb.UploadTraceResponse:
        """The trace under a new id.

        Raises:
            RefusedError: it is too large, packed or unpacked, comes too soon, stalls, or is one too many.
        """
        folder = self._folder / tenant
        folder.mkdir(parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        part = folder / f".{name}"
        try:
            with self._open.one(tenant):
                size = await self._written(tenant, pieces, part)
            await asyncio.to_thread(demand_unpackable, part, self._limits.trace_bytes)
            part.rename(folder / name)
        finally:
            part.unlink(missing_ok=True)
        return pb.UploadTraceResponse(trace_id=f"uploads/{name}", size_bytes=size)

    async def _written(self, tenant: str, pieces: AsyncIterator[pb.UploadTraceRequest], part: Path) -> int:
        """Bytes written."""
        size = 0
        with part.open("wb") as file:
            async for piece in within(pieces, self._limits.stream_patience_s):
                size += len(piece.chunk)
                self._flow.take(tenant, len(piece.chunk))
                demand_bytes(size, self._limits.trace_bytes)
                await asyncio.to_thread(file.write, piece.chunk)
        return size


async def within(
    pieces: AsyncIterator[pb.UploadTraceRequest], patience_s: float
) -> AsyncIterator[pb.UploadTraceRequest]:
    """The pieces.

    Raises:
        RefusedError: the next one did not come in time.
    """
    try:
        while True:
            async with asyncio.timeout(patience_s):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece
    except TimeoutError as error:
        text = f"nothing came for {patience_s:g} s; upload again"
        raise RefusedError(grpc.StatusCode.DEADLINE_EXCEEDED, text) from error


def demand_bytes(size: int, most: int) -> None:
    """Raises `RefusedError` for a trace that is too large."""
    if size > most:
        invalid(f"a trace may have {most:,} bytes, unpacked as well")


def demand_unpackable(part: Path, most: int) -> None:
    """Raises `RefusedError` for a trace that is damaged, no table, or too large unpacked."""
    try:
        with staged(part, most):
            pass
    except InvalidTableError as error:
        text = f"the trace {error.problems[0].what}"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text) from error
