"""Factors of recipes: medians drawn towards 1, in force for that recipe alone, drafts among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catalogs import load_catalog
from simulator import load_scenario
from simulator.calibration.fitting.recipes import recipe_factors, recipe_of, shrunken
from simulator.calibration.measured.points import Point, point_of
from simulator.calibration.predicted.times import engine_of, predicted_s, profile_of, spec_of
from simulator.calibration.validation import accelerator_of, folds, model_of
from simulator.plan.resolution import resolve
from world_cases import SMALL, plain

CATALOG = load_catalog()
ROW = {
    "model": "meta-llama/Llama-3.1-8B-Instruct", "accelerator": "h100", "engine": "vllm",
    "engine_version": "9.9", "precision": "bf16",
    "input_tokens": "512", "output_tokens": "256", "batch_size": "8", "tp": "1",
}  # fmt: skip


def point(**changes: str) -> Point:
    """A point made of a row with changes."""
    made = point_of({**ROW, **changes}, CATALOG)
    assert isinstance(made, Point)
    return made


def test_few_points_move_a_factor_little() -> None:
    """Five of ten parts: n / (n + 5) of the median's logarithm: five of 1.44 say 1.2, very many 1.44."""
    assert shrunken(np.full(5, 1.44)) == pytest.approx(1.2)
    assert shrunken(np.array([1.44, 1.44, 1.44, 1.44, 99.0])) == pytest.approx(1.2)
    assert shrunken(np.full(5_000, 1.44)) == pytest.approx(1.44, rel=1e-3)


def test_a_recipe_is_a_version_on_a_chip_with_a_model() -> None:
    """Names of one shape are one model; another chip, version or shape is another recipe."""
    here = point()
    assert recipe_of(here) == "9.9 h100 32x4096"
    assert recipe_of(point(model="nvidia/Llama-3.1-8B-Instruct-FP8")) == recipe_of(here)
    assert recipe_of(point(model="openai/gpt-oss-120b")) == "9.9 h100 36x2880x128"
    others = [point(accelerator="a100"), point(engine_version="9.8")]
    factors = recipe_factors([here, *others], np.array([64.0, 1.0, 1.0]))
    assert factors == {"9.9 h100 32x4096": 2.0, "9.9 a100 32x4096": 1.0, "9.8 h100 32x4096": 1.0}


def test_a_factor_holds_for_its_recipe_alone() -> None:
    """Times of the recipe are longer by it, in predictions and in runs of that version; others are not."""
    made = profile_of(CATALOG, "vllm").model_copy(
        update={"recipes": {"9.9 h100 32x4096": 2.0}, "version": "9.9"}
    )
    assert engine_of(made, point(), CATALOG).scale == 2.0
    assert engine_of(made, point(accelerator="a100"), CATALOG).scale == 1.0
    assert predicted_s(point(), CATALOG, made)[1] == pytest.approx(
        2.0 * predicted_s(point(engine_version="9.8"), CATALOG, made)[1], rel=0.02
    )
    entry = {"mine": made.model_dump(mode="json", exclude={"name"}, exclude_none=True)}
    chips = {}
    for chip in ("h100", "a100"):
        part = {**SMALL, "hardware": {"accelerator": chip}, "engine": {"profile": "mine"}}
        usual = {**part, "engine": {"profile": "vllm-0.19"}}
        bases = [
            resolve(load_scenario(plain(fleet=[one], catalog={"overrides": {"serving_profiles": entry}})))
            .plan.groups[0].queues.seconds.base
            for one in (part, usual)
        ]  # fmt: skip
        chips[chip] = bases[0] / bases[1]
    assert chips["a100"] == pytest.approx(1.0)
    assert chips["h100"] == pytest.approx(
        2.0 / CATALOG.serving_profile("vllm-0.19").recipes["0.19.0 h100 32x4096"]
    )


def test_drafts_of_a_row_are_computed_and_kept() -> None:
    """Two tokens a step of which 1.8 are kept: TPOT is that of a slightly longer step over 1.8."""
    plain_point, drafted = point(), point(draft_tokens="1", acceptance_ratio="0.8")
    assert (drafted.width, drafted.kept) == (2, pytest.approx(1.8))
    made = profile_of(CATALOG, "vllm")
    assert (
        spec_of(drafted, CATALOG, made).seconds.sequence
        > spec_of(plain_point, CATALOG, made).seconds.sequence
    )
    ratio = predicted_s(plain_point, CATALOG, made)[1] / predicted_s(drafted, CATALOG, made)[1]
    assert 1.6 < ratio < 1.8


def test_recipes_known_to_draft_do_so_for_models_that_can() -> None:
    """DeepSeek's own extra layer; a model without one computes token by token."""
    known = {
        "engine": "trtllm",
        "engine_version": "1.2.0rc6.post3",
        "accelerator": "b200",
        "tp": "8",
        "precision": "fp8",
    }
    assert point(model="deepseek-ai/DeepSeek-R1", **known).width == 2
    assert point(**known).width == 1
    assert point(model="deepseek-ai/DeepSeek-R1", **{**known, "engine_version": "1.2.0rc6.post2"}).width == 1


def test_whole_models_and_accelerators_are_held_out() -> None:
    """All names of a shape together; each accelerator by itself."""
    points = [
        point(model=model, accelerator=chip)
        for model in (
            "meta-llama/Llama-3.1-8B-Instruct",
            "nvidia/Llama-3.1-8B-Instruct-FP8",
            "Qwen/Qwen3-32B",
        )
        for chip in ("h100", "a100")
    ]
    assert folds(points, model_of) == [{(32, 4096, 0)}, {(64, 5120, 0)}]
    assert folds(points, accelerator_of) == [{("a100",)}, {("h100",)}]
    assert replace(points[0], weight=5.0).group == points[0].group
