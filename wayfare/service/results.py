"""Results of runs that succeeded, read off the disk."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import duckdb
import grpc

from wayfare.convert.report import comparison_message, report_message
from wayfare.outputs import read_parquet
from wayfare.service.errors import RefusedError
from wayfare.service.messages import window_message
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

FIELDS = tuple(field.name for field in pb.RequestRecord.DESCRIPTOR.fields)
UNKNOWN_MEANS_ABSENT = ("ttft_s", "e2e_s")


def report_of(folder: Path) -> pb.GetReportResponse:
    """The report in a folder of results."""
    comparison = folder / "comparison.json"
    if comparison.is_file():
        return pb.GetReportResponse(comparison=comparison_message(json.loads(comparison.read_bytes())))
    return pb.GetReportResponse(report=report_message(json.loads((folder / "report.json").read_bytes())))


def windows_of(folder: Path) -> list[pb.Window]:
    """The timeline in a folder of results; a comparison has none."""
    path = folder / "timeline.parquet"
    rows: list[Any] = read_parquet(path) if path.is_file() else []
    return [window_message(row) for row in rows]


async def records_of(folder: Path, size: int) -> AsyncIterator[pb.StreamRequestRecordsResponse]:
    """The requests in a folder of results, a batch after the other: memory stays flat.

    Raises:
        RefusedError: a comparison keeps no records.
    """
    path = folder / "requests.parquet"
    if not path.is_file():
        raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, "a comparison keeps no request records")
    batches = record_batches(path, size)
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        yield batch


def record_batches(path: Path, size: int) -> Iterator[pb.StreamRequestRecordsResponse]:
    """The file's rows in batches."""
    with duckdb.connect() as connection:
        question = f"SELECT {columns()} FROM read_parquet(?)"  # noqa: S608  (columns are our own)
        rows = connection.execute(question, [str(path)])
        while batch := rows.fetchmany(size):
            records = [pb.RequestRecord(**dict(zip(FIELDS, row, strict=True))) for row in batch]
            yield pb.StreamRequestRecordsResponse(records=records)


def columns() -> str:
    """The columns of a record; what is not a number there is absent."""
    absent = {name: f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END" for name in UNKNOWN_MEANS_ABSENT}
    answered = {"correct": "CASE WHEN model = '' THEN NULL ELSE correct > 0 END"}
    return ", ".join({**absent, **answered}.get(name, name) for name in FIELDS)
