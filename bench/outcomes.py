"""Processor seconds to read tables of recorded answers: `python bench/outcomes.py`, as one line of JSON.

Each table is generated, with 29 models, and read for a fleet of three.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulator.quality.outcomes import read_outcomes

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODELS = tuple(f"model-{place}" for place in range(29))
FLEET = (MODELS[1], MODELS[14], MODELS[28])
WIDE_ROWS = 300_000
LONG_QUERIES = 300_000 // len(MODELS)


def answers(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Right or not, and tokens, of every model to every query."""
    draw = np.random.default_rng(1)
    right = draw.random((count, len(MODELS))) < np.linspace(0.3, 0.9, len(MODELS))
    return right.astype(np.int64), draw.integers(1, 2000, (count, len(MODELS)))


def write_wide(path: Path) -> None:
    """One row for each query, a grade and a cost for each model."""
    right, tokens = answers(WIDE_ROWS)
    with path.open("w", encoding="ascii") as file:
        file.write("sample_id,eval_name," + ",".join(f"{name},{name}|total_cost" for name in MODELS) + "\n")
        for row, (graded, counted) in enumerate(zip(right.tolist(), tokens.tolist(), strict=True)):
            cells = ",".join(
                f"{one}.0,{count * 1e-6:.8f}" for one, count in zip(graded, counted, strict=True)
            )
            file.write(f"set.val.{row},set-{row % 57},{cells}\n")


def write_long(path: Path) -> None:
    """One row for each query and model."""
    right, tokens = answers(LONG_QUERIES)
    with path.open("w", encoding="ascii") as file:
        file.write("query,model,correct,output_tokens\n")
        for row, (graded, counted) in enumerate(zip(right.tolist(), tokens.tolist(), strict=True)):
            cells = zip(MODELS, graded, counted, strict=True)
            file.writelines(f"set.val.{row},{name},{one},{count}\n" for name, one, count in cells)


def read_s(path: Path) -> float:
    """Seconds of processor time to read a table."""
    began_s = time.process_time()
    read_outcomes(str(path), FLEET)
    return time.process_time() - began_s


def main() -> None:
    """Writes, reads and prints."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for title, write in (
            (f"{WIDE_ROWS:,} queries x {len(MODELS)} models, one row each", write_wide),
            (f"{LONG_QUERIES * len(MODELS):,} rows, one for each query and model", write_long),
        ):
            path = Path(folder) / "table.csv"
            write(path)
            found[title] = read_s(path)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
