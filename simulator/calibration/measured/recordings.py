"""Recorded open-loop runs of a serving engine: every request's arrival, lengths and times.

Files are those of casys-kaist/LLMServingSim (MIT), bench/examples: `arrival_s` is the client's clock, the
other times the engine's. The log of the engine's seconds stands beside it (`.seconds.csv`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.measured.points import Point, point_of, read_rows
from simulator.calibration.measured.rate_sweeps import VERSION, WEIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from catalogs import Catalog

    Column = NDArray[np.float64]

COLUMNS = ("input_tokens", "output_tokens", "arrival_s", "queued_s", "first_token_s", "last_token_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recorded run: its configuration as a closed-loop point, its requests, and the engine's limits."""

    name: str
    point: Point
    max_sequences: int
    token_budget: int
    kv_room_tokens: int | None
    columns: dict[str, Column]

    @property
    def ttft_s(self) -> Column:
        """Seconds from the engine's queue to the first token, by request."""
        return self.columns["first_token_s"] - self.columns["queued_s"]

    @property
    def e2e_s(self) -> Column:
        """Seconds from the engine's queue to the last token, by request."""
        return self.columns["last_token_s"] - self.columns["queued_s"]

    @property
    def tpot_s(self) -> Column:
        """Seconds per output token after the first, of requests of two tokens or more."""
        output = self.columns["output_tokens"]
        return ((self.e2e_s - self.ttft_s)[output > 1]) / (output[output > 1] - 1.0)


RUNS = (
    ("rtx4090_llama-3.1-8b", "rtx-4090", 256, 2_048, 41_408),
    ("rtxpro6000_llama-3.1-8b", "rtx-pro-6000", 128, 2_048, None),
)
"""File, accelerator, sequences, tokens of a step, and the KV room that the engine logged."""
MODEL = "meta-llama/Llama-3.1-8B-Instruct"


def recordings(folder: Path, catalog: Catalog) -> list[Recording]:
    """The recordings of a folder.

    Raises:
        InvalidPointsError: a file is missing, empty or lacks columns.
    """
    return [recording(folder, catalog, *run) for run in RUNS]


def recording(
    folder: Path, catalog: Catalog, name: str, accelerator: str, sequences: int, budget: int, room: int | None
) -> Recording:
    """One recording with the closed-loop point that it is as good as."""
    rows = read_rows(folder / f"{name}.csv", COLUMNS)
    columns = {key: np.array([float(row[key]) for row in rows]) for key in COLUMNS}
    seconds = read_rows(folder / f"{name}.seconds.csv", ("running",))
    running = np.array([float(row["running"]) for row in seconds])
    made = Recording(
        name=name, point=bare_point(accelerator, columns, running[running > 0.0], catalog),
        max_sequences=sequences, token_budget=budget, kv_room_tokens=room, columns=columns,
    )  # fmt: skip
    return replace(made, point=replace(made.point, tpot_s=float(made.tpot_s.mean()), weight=WEIGHT))


def bare_point(accelerator: str, columns: dict[str, Column], running: Column, catalog: Catalog) -> Point:
    """The closed loop of as many sequences, in the mean, of the mean lengths."""
    told = {
        "model": MODEL, "accelerator": accelerator, "engine": "vllm", "engine_version": VERSION,
        "precision": "bf16", "tp": "1", "batch_size": str(round(float(running.mean()))),
        **{key: str(round(float(columns[key].mean()))) for key in ("input_tokens", "output_tokens")},
    }  # fmt: skip
    point = point_of(told, catalog)
    if isinstance(point, str):
        raise ValueError(point)  # noqa: TRY004  (a value of the file)
    return point
