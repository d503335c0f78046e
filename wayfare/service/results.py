"""Results of runs that succeeded, read off the disk."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import grpc

from wayfare.convert.report import comparison_message, report_message
from wayfare.outputs import read_parquet
from wayfare.service.errors import RefusedError
from wayfare.service.messages import window_message
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEPT = 8


def report_of(folder: Path) -> pb.GetReportResponse:
    """The report in a folder of results."""
    comparison = folder / "comparison.json"
    if comparison.is_file():
        return pb.GetReportResponse(comparison=comparison_message(json.loads(comparison.read_bytes())))
    return pb.GetReportResponse(report=report_message(json.loads((folder / "report.json").read_bytes())))


@lru_cache(maxsize=KEPT)
def windows_of(folder: Path) -> Sequence[pb.Window]:
    """The timeline in a folder of results, which never change; a comparison has none.

    Kept for the others who watched the same run: all of them ask when it ends.
    """
    path = folder / "timeline.parquet"
    rows: list[Any] = read_parquet(path) if path.is_file() else []
    return tuple(window_message(row) for row in rows)


def records_file(folder: Path) -> Path:
    """The file of a run's request records.

    Raises:
        RefusedError: a comparison keeps no records.
    """
    path = folder / "requests.parquet"
    if not path.is_file():
        raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, "a comparison keeps no request records")
    return path
