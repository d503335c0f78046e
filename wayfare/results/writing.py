"""Files of a run: whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb

from wayfare.metrics.archive import write_recording
from wayfare.metrics.recording import recorded
from wayfare.results.folder import folder_names, whole_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from simulator import Comparison, RunResult, Scenario

    Columns = Mapping[str, NDArray[np.generic]]


REPORT, COMPARISON, PAGE = "report.json", "comparison.json", "report.html"
REQUESTS, TIMELINE = "requests.parquet", "timeline.parquet"


def write_run(scenario: Scenario, result: RunResult, target: Path, page: str) -> None:
    """Writes a run's files and its page, HTML, into a folder: whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    with whole_folder(target) as folder:
        write_result(scenario, result, folder)
        (folder / PAGE).write_text(page, encoding="utf-8")


def write_comparison(scenario: Scenario, comparison: Comparison, target: Path, page: str) -> None:
    """Writes a comparison's reports and page, and every policy's first replication in a folder of its own.

    Raises:
        OSError: the folder cannot be written.
    """
    with whole_folder(target) as folder:
        write_reports(comparison, folder)
        names = folder_names([report.policy for report in comparison.reports])
        for name, result in zip(names, comparison.results, strict=True):
            below = folder / name
            below.mkdir()
            write_result(scenario, result, below)
        (folder / PAGE).write_text(page, encoding="utf-8")


def write_result(scenario: Scenario, result: RunResult, folder: Path) -> None:
    """Writes one run's report, its tables and its series: every file that `wayfare run` and the service keep.

    Raises:
        OSError: the folder cannot be written.
    """
    write_json(result.report.to_dict(), folder / REPORT)
    write_tables({folder / name: columns for name, columns in tables_of(result).items()})
    write_recording(recorded(scenario, result), folder)


def tables_of(result: RunResult) -> dict[str, Columns]:
    """A run's tables by the name of their file."""
    return {
        REQUESTS: result.requests,
        "attempts.parquet": result.attempts,
        "steps.parquet": result.steps,
        "capacity.parquet": result.capacity,
        TIMELINE: result.timeline,
    }


def write_reports(comparison: Comparison, folder: Path) -> None:
    """Writes a comparison's differences and the report of every policy."""
    write_json(comparison.to_dict(), folder / COMPARISON)
    write_json([report.to_dict() for report in comparison.reports], folder / REPORT)


def write_json(data: object, path: Path) -> None:
    """Writes plain data as JSON."""
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def write_parquet(columns: Columns, path: Path) -> None:
    """Writes named columns as Parquet."""
    write_tables({path: columns})


def write_tables(tables: Mapping[Path, Columns]) -> None:
    """Writes several tables of named columns as Parquet: opening the writer takes longer than a small one."""
    with duckdb.connect() as connection:
        for path, columns in tables.items():
            connection.register("held", dict(columns))
            connection.table("held").write_parquet(str(path), compression="zstd")
            connection.unregister("held")


def read_parquet(path: Path, condition: str = "TRUE", value: int | None = None) -> list[dict[str, object]]:
    """The rows of a Parquet file that meet a condition with one parameter `?`, as maps."""
    with duckdb.connect() as connection:
        parameters = [str(path)] if value is None else [str(path), value]
        found = connection.execute(f"SELECT * FROM read_parquet(?) WHERE {condition}", parameters)  # noqa: S608  (conditions are our own)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
