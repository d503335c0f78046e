"""Measured points of power: one configuration under a closed loop, watts and joules per token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.units import SECONDS_PER_MS
from simulator.calibration.measured.points import (
    PRECISIONS,
    Point,
    accelerator_name,
    architecture_in,
    positive,
    unknown,
    unknown_model,
    whole,
)
from simulator.fleet.backends.hardware import shape_of
from simulator.serving.hardware import WEIGHT_BYTES, Layout

if TYPE_CHECKING:
    from catalogs import Catalog
    from simulator.serving.hardware import Shape

    Row = dict[str, str]

NEEDED = ("model", "task", "precision", "gpu", "num_gpus", "avg_batch", "avg_out")
PROMPT_TOKENS = {
    "lm-arena-chat": 150,
    "gpqa": 250,
    "sourcegraph-fim": 700,
    "image-chat": 900,
    "video-chat": 2_000,
}
"""Prompt tokens by task. The leaderboard does not give them: estimates, the last three those at which
the time and the watts that prompts take agree over all runs and a chip draws no more than it can."""
ENGINE = "vllm"
VERSION = "0.11.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPoint:
    """One measured configuration: the loop of one attention rank, and the whole group's draw.

    `itl_s` is the median time between tokens, `power_w` that of all accelerators without their host;
    they and `j_per_token` are None where the file has none.
    """

    point: Point
    task: str
    itl_s: float | None
    power_w: float | None
    j_per_token: float | None

    @property
    def chip_count(self) -> int:
        """Accelerators of the whole group."""
        return self.point.layout.tensor_parallel * self.point.ranks

    @property
    def kind(self) -> str:
        """Dense, mixture of experts, or either with images or video in the prompt."""
        shape = "MoE" if self.point.shape.experts else "dense"
        return f"{shape}, images or video" if self.task in ("image-chat", "video-chat") else shape

    @property
    def group(self) -> tuple[str | int, ...]:
        """What is held out together: model, task, accelerator, precision, accelerators."""
        return (*self.point.group, self.task, self.point.ranks)


def energy_point_of(row: Row, catalog: Catalog) -> EnergyPoint | str:
    """The point in a row, or why it cannot be predicted."""
    architecture = architecture_in(catalog, row["model"])
    if architecture is None:
        return unknown_model(catalog, row["model"])
    name = accelerator_name(row["gpu"], catalog)
    if not name:
        return unknown("accelerator", row["gpu"], catalog.accelerators)
    if row["precision"].lower() not in PRECISIONS:
        return unknown("precision", row["precision"], PRECISIONS)
    if row["task"] not in PROMPT_TOKENS:
        return f"unknown task {row['task']!r}"
    try:
        return made_of(row, shape_of(architecture), name)
    except ValueError as error:
        return str(error)


def made_of(row: Row, shape: Shape, accelerator: str) -> EnergyPoint:
    """The point in a row whose names are all known.

    Raises:
        ValueError: a number is none.
    """
    ranks, layout = layout_of(row)
    batch = max(positive(row, "avg_batch") or 0.0, 1.0)
    rate_per_s = positive(row, "out_tok_s")
    point = Point(
        model=row["model"],
        accelerator=accelerator,
        engine=ENGINE,
        version=VERSION,
        precision=PRECISIONS[row["precision"].lower()],
        shape=shape,
        layout=layout,
        input_tokens=PROMPT_TOKENS[row["task"]],
        output_tokens=max(round(positive(row, "avg_out") or 0.0), 2),
        batch=max(round(batch / ranks), 1),
        ranks=ranks,
        ttft_s=None,
        tpot_s=batch / rate_per_s if rate_per_s else None,
    )
    return EnergyPoint(
        point=point,
        task=row["task"],
        itl_s=itl_ms * SECONDS_PER_MS if (itl_ms := positive(row, "itl_median_ms")) else None,
        power_w=positive(row, "power_w"),
        j_per_token=positive(row, "j_per_token"),
    )


def layout_of(row: Row) -> tuple[int, Layout]:
    """Attention ranks, and the layout of one of them.

    `ep` tells that experts are spread, over all accelerators; attention is split over those that
    `dp` leaves (in the file `tp` is 1 wherever `ep` is more).
    """
    chips, ranks = whole(row, "num_gpus"), whole(row, "dp", 1)
    width = WEIGHT_BYTES[PRECISIONS[row["precision"].lower()]]
    return ranks, Layout(tensor_parallel=max(chips // ranks, 1), expert_chips=chips, weight_bytes=width)
