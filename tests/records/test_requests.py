"""The records of a run are documented, and written whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wayfare.results.writing
from simulator import simulate
from world_cases import scenario

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/records.md"


@pytest.mark.parametrize("table", ["requests", "attempts", "capacity"])
def test_every_column_stands_on_the_page(table: str, tmp_path: Path) -> None:
    """The page names the columns of each file, no more and no fewer; the file holds what the run has."""
    columns = getattr(simulate(scenario(duration="30s")), table)
    section = PAGE.read_text(encoding="utf-8").split(f"## `{table}.parquet`")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(columns)
    wayfare.results.writing.write_parquet(columns, tmp_path / "held.parquet")
    rows = wayfare.results.writing.read_parquet(tmp_path / "held.parquet")
    assert list(rows[0]) == list(columns)
    assert len(rows) == len(next(iter(columns.values())))
