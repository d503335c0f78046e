"""Fits the serving profile of edge boxes: `python bench/fit_edge.py EDGE_DEVICES.csv`.

Takes the measured Jetson rows (tokens per second alone, and of eight at once where the row says so),
fits the four coefficients that they can tell apart by non-negative least squares on relative error,
and writes catalogs/serving_profiles/edge.yaml. The precision of these rows is not stated; four bits
are assumed: 16-bit weights could not be read as fast as was measured.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np
import yaml
from scipy.optimize import nnls

from catalogs import load_catalog
from simulator.fleet.backends.hardware import chip_of, layout_of, shape_of
from simulator.settings.engine import Hardware

TARGET = Path(__file__).resolve().parents[1] / "catalogs" / "serving_profiles" / "edge.yaml"
CHIPS = {"Jetson Orin (AGX presumed)": "jetson-orin", "Jetson Thor": "jetson-thor"}
MODELS = {"Llama 3.2 3B": "llama-3.2-3b", "Llama 3.1 8B": "llama-3.1-8b"}
AT_EIGHT = re.compile(r"concurrency 1 \(([0-9.]+) at 8\)")
PRECISION = "int4"
COEFFICIENTS = ("weight_read", "decode_flops", "sequence_s", "step_s")

Measured = tuple[str, str, int, float]


def measured(path: Path) -> list[Measured]:
    """Chip, model, sequences at once and seconds per step of every row that can be used."""
    found: list[Measured] = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["device"] in CHIPS and row["model"] in MODELS]
    for row in rows:
        names = CHIPS[row["device"]], MODELS[row["model"]]
        found.append((*names, 1, 1.0 / float(row["decode_tok_s"])))
        eight = AT_EIGHT.search(row["conditions"])
        if eight:
            found.append((*names, 8, 8.0 / float(eight.group(1))))
    return found


def columns(chip_name: str, model: str, sequences: int) -> list[float]:
    """Seconds of a step that each coefficient brings (docs/methodology/serving.md), contexts left out."""
    catalog = load_catalog()
    hardware = Hardware(accelerator=chip_name, precision=PRECISION)
    chip, layout = chip_of(catalog.accelerator(chip_name), hardware), layout_of(hardware)
    shape = shape_of(catalog.model(model).architecture)
    weights_s = shape.total_params * layout.weight_bytes / chip.bandwidth_bytes_per_s
    return [weights_s, 2.0 * shape.active_params * sequences / chip.flops, float(sequences), 1.0]


def main() -> None:
    """Fits and writes the profile."""
    points = measured(Path(sys.argv[1]))
    matrix = np.array([columns(*names) for *names, _step_s in points])
    step_s = np.array([point[-1] for point in points])
    fitted, _ = nnls(matrix / step_s[:, np.newaxis], np.ones(len(points)))
    error = np.abs(matrix @ fitted / step_s - 1.0)
    told = {name: float(f"{value:.4g}") for name, value in zip(COEFFICIENTS, fitted, strict=True)}
    TARGET.write_text(text_of(told, error), encoding="utf-8")
    for point, wrong in zip(points, error.tolist(), strict=True):
        print(*point, f"{wrong:.1%}")


def text_of(told: dict[str, float], error: np.ndarray) -> str:
    """The profile as YAML; what these points do not tell is that of the generic profile."""
    generic = load_catalog().serving_profile("generic-vllm")
    others = ("kv_read", "prefill_flops", "layer_s", "layer_tp_s", "all_reduce")
    entry = {
        "source": "non-negative least squares on relative error of decode steps (bench/fit_edge.py) over "
        "the Jetson rows of NVIDIA-AI-IOT/jetson-generative-ai-playground benchmarks.json (MIT), at 4 bits",
        "retrieved": "2026-11-23",
        "note": f"{len(error)} points, 4 coefficients; error {error.mean():.1%} mean, {error.max():.1%} most",
        "engine": "vllm",
        "version": "Jetson, not stated",
        **told,
        **{name: getattr(generic, name) for name in others},
        "activation_gib": 2.0,
        "moe_activation_gib": 2.9,
        "token_budget": 2048,
        "max_sequences": 8,
        "domain": {
            "accelerators": sorted(CHIPS.values()),
            "params_b": [3.21, 8.03],
            "chips": [1, 1],
            "batch": [1, 8],
        },
        "sources": {
            **{name: {"source": "as generic-vllm", "estimate": True} for name in others},
            "activation_gib": {"source": "no measurement seen", "estimate": True},
            "moe_activation_gib": {
                "source": "no measurement seen; as much more than dense models as on large chips",
                "estimate": True,
            },
            "token_budget": {"source": "vLLM's default on small chips", "estimate": True},
            "max_sequences": {"source": "the most that was measured"},
        },
    }
    text = yaml.safe_dump({"vllm-jetson": entry}, sort_keys=False, width=100)
    return f"# Written by bench/fit_edge.py; not edited by hand.\n\n{text}"


if __name__ == "__main__":
    main()
