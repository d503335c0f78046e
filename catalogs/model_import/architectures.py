"""Shapes of open models by their published names, for predictions without a catalog entry."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from catalogs.records import Architecture

FILE = Path(__file__).parent / "architectures.csv"
"""Facts of model configurations as in aiconfigurator-core 0.12.0 (Apache-2.0); parameter counts
computed from the shapes. `kv_layers` of hybrid models by their published layer patterns;
`approximate` marks designs that the parameter formula does not cover. `state_mb` of Mamba layers: heads x
head size x state size at 4 bytes (Nemotron Nano v2: 128 x 80 x 128 in 27 and 28 layers). Llama 4 Scout
with the shared expert of every layer, which the formula leaves out."""

NOT_SHAPE = ("model", "approximate")


@cache
def architectures() -> dict[str, Architecture]:
    """The shapes by model name, as it stands in measurement files."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["model"]: Architecture.model_validate(figures_in(row)) for row in rows}


def figures_in(row: dict[str, str]) -> dict[str, str]:
    """The row's figures that are given."""
    return {name: value for name, value in row.items() if value and name not in NOT_SHAPE}
