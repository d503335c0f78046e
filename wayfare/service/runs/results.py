"""Results of runs that succeeded, read off the disk."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

import duckdb
import grpc
from google.protobuf.message import DecodeError

from wayfare.convert.report import comparison_message, report_message
from wayfare.results.writing import COMPARISON, REPORT, REQUESTS
from wayfare.service.errors import RefusedError
from wayfare.service.runs.records import LOST, RecordStreams
from wayfare.service.runs.windows import has_pages, page_at
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from wayfare.service.ports import RunWriter
    from wayfare.service.runs.folders import RunFolders

LOG = logging.getLogger(__name__)


class StoredResults:
    """Results in the folders of runs."""

    def __init__(self, folders: RunFolders, writer: RunWriter) -> None:
        """Keeps where they are, and who forgets runs."""
        self._folders, self._writer = folders, writer
        self._streams = RecordStreams()

    async def report(self, run_id: str) -> pb.GetReportResponse:
        """The report of a run.

        Raises:
            RefusedError: it is missing or damaged.
        """
        return await asyncio.to_thread(report_of, self._folders.of(run_id))

    def records(
        self, tenant: str, run_id: str, batch_size: int
    ) -> AsyncGenerator[pb.StreamRequestRecordsResponse]:
        """The requests of a run in batches, in the tenant's turn.

        Raises:
            RefusedError: at once where there are none, later where they cannot be read.
        """
        path = records_file(self._folders.of(run_id))
        return self._streams.of(tenant, path, batch_size)

    async def windows(self, run_id: str) -> AsyncIterator[pb.WatchRunResponse]:
        """The pages of a run's windows; a comparison has none.

        Raises:
            RefusedError: they cannot be read.
        """
        folder = self._folders.of(run_id)
        try:
            if not await asyncio.to_thread(has_pages, folder):
                return
            page, offset = await asyncio.to_thread(page_at, folder, 0)
            while page:
                yield pb.WatchRunResponse.FromString(page)
                page, offset = await asyncio.to_thread(page_at, folder, offset)
        except (OSError, DecodeError, duckdb.Error) as error:
            raise lost(folder, error) from error

    async def remove(self, run_id: str) -> None:
        """Forgets a run and its results.

        Raises:
            sqlite3.Error: the store cannot be written.
        """
        await asyncio.to_thread(self._folders.remove, run_id)
        await self._writer.remove([run_id])


def lost(folder: Path, error: Exception) -> RefusedError:
    """What a caller is shown of results that cannot be read; the log has more."""
    LOG.error("results in %s cannot be read", folder, exc_info=error)
    return RefusedError(grpc.StatusCode.DATA_LOSS, LOST)


def report_of(folder: Path) -> pb.GetReportResponse:
    """The report in a folder of results.

    Raises:
        RefusedError: it is missing or damaged.
    """
    try:
        return read_report(folder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise lost(folder, error) from error


def read_report(folder: Path) -> pb.GetReportResponse:
    """The report in a folder of results, as it stands there."""
    comparison = folder / COMPARISON
    if comparison.is_file():
        return pb.GetReportResponse(comparison=comparison_message(json.loads(comparison.read_bytes())))
    return pb.GetReportResponse(report=report_message(json.loads((folder / REPORT).read_bytes())))


def records_file(folder: Path) -> Path:
    """The file of a run's request records.

    Raises:
        RefusedError: a comparison keeps no records, or they are missing.
    """
    path = folder / REQUESTS
    if (folder / COMPARISON).is_file():
        raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, "a comparison keeps no request records")
    if not path.is_file():
        raise lost(folder, FileNotFoundError(str(path)))
    return path
