"""Results of runs that succeeded, read off the disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import grpc

from wayfare.convert.report import comparison_message, report_message
from wayfare.service.errors import RefusedError
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from pathlib import Path


def report_of(folder: Path) -> pb.GetReportResponse:
    """The report in a folder of results."""
    comparison = folder / "comparison.json"
    if comparison.is_file():
        return pb.GetReportResponse(comparison=comparison_message(json.loads(comparison.read_bytes())))
    return pb.GetReportResponse(report=report_message(json.loads((folder / "report.json").read_bytes())))


def records_file(folder: Path) -> Path:
    """The file of a run's request records.

    Raises:
        RefusedError: a comparison keeps no records.
    """
    path = folder / "requests.parquet"
    if not path.is_file():
        raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, "a comparison keeps no request records")
    return path
