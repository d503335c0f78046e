"""Results of runs that succeeded, read off the disk."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import grpc

from wayfare.convert.report import comparison_message, report_message
from wayfare.service.rpc.errors import RefusedError
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from pathlib import Path


LOG = logging.getLogger(__name__)
LOST = "the run's results are missing or damaged; submit it again"


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
    comparison = folder / "comparison.json"
    if comparison.is_file():
        return pb.GetReportResponse(comparison=comparison_message(json.loads(comparison.read_bytes())))
    return pb.GetReportResponse(report=report_message(json.loads((folder / "report.json").read_bytes())))


def records_file(folder: Path) -> Path:
    """The file of a run's request records.

    Raises:
        RefusedError: a comparison keeps no records, or they are missing.
    """
    path = folder / "requests.parquet"
    if (folder / "comparison.json").is_file():
        raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, "a comparison keeps no request records")
    if not path.is_file():
        raise lost(folder, FileNotFoundError(str(path)))
    return path
