"""Sets that keep one file for each model: its name is the model's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.layouts.long import field_sql
from simulator.tables import text
from simulator.tables.reading import quoted

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.tables import Table

ENDINGS: Final = re.compile(r"(\.(jsonl?|csv|parquet|gz|bz2|xz|zst))+$", re.IGNORECASE)
OUTPUTS: Final = re.compile(r"model_outputs_(.+?)_\d+shots?$")
RESULT: Final = "_result"


def model_of_file(path: Path) -> str:
    """The model of `model_outputs_<model>_5shots`, `<model>/<part>_result` or `<model>`, by a file's name."""
    stem = ENDINGS.sub("", path.name)
    outputs = OUTPUTS.match(stem)
    if outputs:
        return outputs[1]
    return path.parent.name if stem.endswith(RESULT) else stem


def named_in_row_or_file(table: Table, column: str, path: Path) -> str:
    """SQL for a row's model: the column's, or the file's where the row has none."""
    named = quoted(model_of_file(path))
    return f"COALESCE({text(field_sql(table, column))}, {named})" if column in table.names else named
