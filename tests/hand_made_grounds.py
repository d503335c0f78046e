"""A profile with errors and measured groups, made by hand: each kind of nearness occurs."""

from __future__ import annotations

from catalogs.measured_groups import MeasuredGroup

PROFILE = "held"
"""The profile's name in scenarios: vLLM 7, at the coefficients of `vllm-0.19`."""
DENSE = {"recipe": 0.02, "group": 0.04, "model": 0.08, "accelerator": 0.16, "calibrated": 0.03}
"""Median errors of TPOT with dense models; mixtures of experts have twice as much."""


def error(tpot_median: float) -> dict[str, object]:
    """An error as a catalog's file has it."""
    return {"tpot_median": tpot_median, "tpot_mean": 1.5 * tpot_median, "points": 50}


ERRORS = {
    "dense": {name: error(value) for name, value in DENSE.items()},
    "mixture": {name: error(2.0 * value) for name, value in DENSE.items()},
}


def group(**changes: object) -> MeasuredGroup:
    """Llama 3.1 8B on an H100, with changes."""
    usual: dict[str, object] = {
        "engine": "vllm", "version": "7", "accelerator": "h100", "model": "Llama-3.1-8B",
        "size": "32x4096", "params_b": 8.03, "precision": "bf16", "chips": 1,
        "input_least": 100, "input_most": 900, "output_least": 50, "output_most": 50,
        "batch_least": 1, "batch_most": 64, "points": 9, "tpot_median": 0.05,
    }  # fmt: skip
    return MeasuredGroup.model_validate(usual | changes)


GROUPS = (
    group(),
    group(accelerator="b200", size="80x8192", model="Llama-3.1-70B", params_b=70.6, chips=4),
    group(accelerator="b200", size="36x2880x128", model="gpt-oss-120b", params_b=116.8, precision="fp4"),
)


def held_profile(**changes: object) -> dict[str, object]:
    """`catalog` of a scenario: the hand-made profile, with changes."""
    from catalogs import load_catalog

    base = load_catalog().serving_profile("vllm-0.19").model_dump(mode="json", exclude_none=True)
    entry = {**base, "version": "7", "recipes": {}, "errors": ERRORS, **changes}
    return {"overrides": {"serving_profiles": {PROFILE: {k: v for k, v in entry.items() if k != "name"}}}}
