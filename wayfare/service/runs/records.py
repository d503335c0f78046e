"""Request records as messages, made in a process of their own: no caller waits for another's."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import duckdb
import grpc

from wayfare.service.errors import RefusedError
from wayfare.service.processes import received, start_process
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

LOG = logging.getLogger(__name__)
FIELDS = tuple(field.name for field in pb.RequestRecord.DESCRIPTOR.fields)
LOST = "the run's results are missing or damaged; submit it again"
UNKNOWN_MEANS_ABSENT = ("ttft_s", "e2e_s")
MOST_STREAMS, MOST_OF_TENANT = 6, 2
"""Streams that are read at the same time, of all and of one tenant; others wait in their tenant's line."""


class RecordStreams:
    """Reads records for several callers at once; memory stays flat whatever their length."""

    def __init__(self) -> None:
        """Nobody reads."""
        self._places = asyncio.Semaphore(MOST_STREAMS)
        self._lines: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def of(self, tenant: str, path: Path, size: int) -> AsyncGenerator[pb.StreamRequestRecordsResponse]:
        """The rows of a file of results, a batch after the other; ends with their reader.

        Raises:
            RefusedError: the file cannot be read.
            OSError: the process that read it is gone.
        """
        line = self._lines.setdefault(tenant, asyncio.Semaphore(MOST_OF_TENANT))
        async with line, self._places:
            worker = await asyncio.to_thread(start_process, send_batches, str(path), size)
            try:
                while batch := await next_batch(worker.pipe):
                    yield pb.StreamRequestRecordsResponse.FromString(batch)
            finally:
                worker.end()


async def next_batch(pipe: Connection) -> bytes:
    """The next serialized batch; empty after the last.

    Raises:
        RefusedError: the file cannot be read.
        OSError: there is none, and it was not the last.
    """
    try:
        found = await received(pipe)
    except EOFError as error:
        message = "the process that read the records ended; try again"
        raise OSError(message) from error
    if not isinstance(found, bytes):
        LOG.error("records cannot be read: %s", found)
        raise RefusedError(grpc.StatusCode.DATA_LOSS, LOST)
    return found


def send_batches(pipe: Connection, path: str, size: int) -> None:
    """Sends a file's rows in serialized batches, then an empty one; ends when there is no reader."""
    try:
        for batch in record_batches(path, size):
            pipe.send(batch.SerializeToString())
        pipe.send(b"")
    except duckdb.Error as error:
        pipe.send(str(error))
    except OSError:
        os._exit(1)


def record_batches(path: str, size: int) -> Iterator[pb.StreamRequestRecordsResponse]:
    """The file's rows in batches."""
    with duckdb.connect(config={"threads": 1}) as connection:
        question = f"SELECT {columns()} FROM read_parquet(?)"  # noqa: S608  (columns are our own)
        rows = connection.execute(question, [path])
        while batch := rows.fetchmany(size):
            made = pb.StreamRequestRecordsResponse()
            for row in batch:
                made.records.add(**dict(zip(FIELDS, row, strict=True)))
            yield made


def columns() -> str:
    """The columns of a record; what is not a number there is absent."""
    absent = {name: f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END" for name in UNKNOWN_MEANS_ABSENT}
    answered = {"correct": "CASE WHEN model = '' THEN NULL ELSE correct > 0 END"}
    return ", ".join({**absent, **answered}.get(name, name) for name in FIELDS)
