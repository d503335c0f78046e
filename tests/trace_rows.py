"""Small traces and files of rows, for tests of what reads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from simulator.traces.trace import Trace

INT = np.int64
MAP = {"timestamp": "ts", "input_tokens": "in", "output_tokens": "out"}
NAN = float("nan")


def trace(seconds: list[float], **changes: object) -> Trace:
    """Rows at these seconds, with nothing but lengths."""
    count = len(seconds)
    fields = {
        "arrival_s": np.array(seconds, np.float64),
        "input_token_count": np.arange(10, 10 + count, dtype=np.int32),
        "output_token_count": np.arange(30, 30 - count, -1, dtype=np.int32),
        "max_output_token_count": np.zeros(count, np.int32),
        "session": np.full(count, -1, INT),
        "prefix_offset": np.zeros(count + 1, INT),
        "prefix_block": np.zeros(0, INT),
        "read_row_count": count,
    }
    return Trace(**{**fields, **changes})


def written(path: Path, rows: list[object], header: str = "ts,in,out") -> Path:
    """A file of JSON lines where rows are dictionaries, else CSV."""
    text = (
        "".join(json.dumps(row) + "\n" for row in rows)
        if isinstance(rows[0], dict)
        else "\n".join([header, *map(str, rows)]) + "\n"
    )
    path.write_text(text, encoding="utf-8")
    return path
