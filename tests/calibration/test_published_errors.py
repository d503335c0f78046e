"""The errors that ship with a fit are those of its own validation; groups tell counts and ranges only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalogs import load_catalog
from catalogs.measured_groups import MeasuredGroup, measured_groups, write_groups
from simulator.calibration import published_errors, validation
from simulator.calibration.errors import Judged
from simulator.calibration.measured.points import Point, point_of
from simulator.calibration.predicted.times import predicted_s, profile_of
from simulator.calibration.published_errors import (
    LEAST_OF_GROUP,
    LEAST_POINTS,
    LEFT_OUT,
    errors_by_nearness,
    groups_of,
    judged_by_nearness,
    profile_errors,
)
from simulator.calibration.validation import Draw, calibrations, cross_validated, group_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalogs import Catalog
    from simulator.calibration.validation import Key, Profiles

CATALOG = load_catalog()
MADE = profile_of(CATALOG, "vllm")
ROW = {
    "engine": "vllm", "engine_version": "9", "precision": "bf16", "input_tokens": "512",
    "output_tokens": "128", "tp": "4",
}  # fmt: skip
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
MODELS = ("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-32B", "openai/gpt-oss-120b")


def points() -> list[Point]:
    """Four groups of eight batches, as a machine of other coefficients measures them."""
    true = MADE.model_copy(update={"weight_read": 1.3, "kv_read": 1.1})
    rows = [(model, "h100") for model in MODELS] + [(MODELS[0], "b200")]
    found = [
        point_of({**ROW, "model": model, "accelerator": chip, "batch_size": str(batch)}, CATALOG)
        for model, chip in rows
        for batch in BATCHES
    ]
    made = [one for one in found if isinstance(one, Point)]
    return [replace(one, tpot_s=predicted_s(one, CATALOG, true)[1]) for one in made]


def median_of_medians(judged: list[Judged], key: Key, *, mixture: bool) -> float:
    """The median, over what was left out together, of median absolute errors with models of a kind."""
    parts: dict[tuple[str | int, ...], list[float]] = {}
    for one in judged:
        if bool(one.point.shape.experts) == mixture:
            parts.setdefault(key(one.point), []).append(abs(one.tpot_error))
    return float(np.median([np.median(errors) for errors in parts.values()]))


def test_errors_are_those_of_the_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """By group, model and accelerator what cross_validated says, after calibration what calibrations say."""
    said: dict[str, list[Judged]] = {}

    def held_out(points: Sequence[Point], catalog: Catalog, made: Profiles, key: Key) -> list[Judged]:
        said[key.__name__.removesuffix("_of")] = cross_validated(points, catalog, made, key)
        return said[key.__name__.removesuffix("_of")]

    def calibrated(points: Sequence[Point], catalog: Catalog, made: Profiles) -> list[Draw]:
        draws = calibrations(points, catalog, made)
        said["calibrated"] = [one for draw in draws for one in draw.judged]
        return draws

    monkeypatch.setattr(published_errors, "cross_validated", held_out)
    monkeypatch.setattr(published_errors, "calibrations", calibrated)
    monkeypatch.setattr(validation, "FOLDS", 2)
    monkeypatch.setattr(validation, "DRAWS", 1)
    with ThreadPoolExecutor(1) as pool:
        errors = profile_errors(judged_by_nearness(points(), CATALOG, {"vllm": MADE}, pool), "vllm")
    assert set(said) == {"group", "model", "accelerator", "calibrated"}
    for name, judged in said.items():
        for kind, mixture in ((errors.dense, False), (errors.mixture, True)):
            error = getattr(kind, name)
            expected = median_of_medians(judged, LEFT_OUT.get(name, group_of), mixture=mixture)
            assert error.tpot_median == pytest.approx(expected, rel=5e-3)
    assert errors.dense.group is not None
    assert errors.dense.group.points == 3 * len(BATCHES)
    assert errors.dense.recipe is not None
    assert errors.dense.recipe.ttft_median is None


def off_by(count: int, error: float, **changes: object) -> list[Judged]:
    """Points that are predicted too long by so much."""
    base = replace(points()[0], tpot_s=1.0, **changes)
    return [Judged(point=base, ttft_s=1.0, tpot_s=1.0 + error)] * count


def test_few_points_of_an_engine_are_joined_by_the_others() -> None:
    """From `LEAST_POINTS` on an engine's own are taken; open-loop runs are not judged."""
    others = off_by(100, 0.5, engine="sglang")
    few, many = off_by(LEAST_POINTS - 1, 0.1), off_by(LEAST_POINTS, 0.1)
    open_loop = off_by(100, 0.9, weight=5.0)
    joined = errors_by_nearness({"group": [*few, *others, *open_loop]}, "vllm", mixture=False).group
    alone = errors_by_nearness({"group": [*many, *others, *open_loop]}, "vllm", mixture=False).group
    assert joined is not None
    assert alone is not None
    assert (joined.tpot_median, joined.points) == (pytest.approx(0.3), LEAST_POINTS + 99)
    assert (alone.tpot_median, alone.points) == (pytest.approx(0.1), LEAST_POINTS)
    assert errors_by_nearness({"group": many}, "vllm", mixture=True).group is None


def test_what_is_left_out_counts_alike() -> None:
    """A chip of many points weighs no more than one of a few."""
    chips = [(90, 0.02, "h100"), (5, 0.10, "h200"), (5, 0.30, "b200")]
    judged = [one for count, error, chip in chips for one in off_by(count, error, accelerator=chip)]
    found = errors_by_nearness({"accelerator": judged, "group": judged[:90]}, "vllm", mixture=False)
    assert found.accelerator is not None
    assert (found.accelerator.tpot_median, found.accelerator.points) == (pytest.approx(0.10), 100)
    assert found.accelerator.tpot_mean == pytest.approx(0.14)


def test_groups_are_counts_and_ranges(tmp_path: Path) -> None:
    """One for each configuration; a median error only of enough points; files read as they were written."""
    known = points()
    enough = [Judged(point=one, ttft_s=0.1, tpot_s=1.2 * (one.tpot_s or 0.0)) for one in known]
    few = enough[: LEAST_OF_GROUP - 1]
    groups = groups_of(known, [*few, *enough[-8:]])
    assert len(groups) == 4
    by_name = {(group.model, group.accelerator): group for group in groups}
    first, second = by_name["Llama-3.1-8B-Instruct", "h100"], by_name["Llama-3.1-8B-Instruct", "b200"]
    assert (first.tpot_median, second.tpot_median) == (None, pytest.approx(0.2))
    assert (first.size, first.points, first.chips, first.version) == ("32x4096", 8, 4, "9")
    assert (first.batch_least, first.batch_most, first.input_least, first.input_most) == (1, 128, 512, 512)
    write_groups(groups, tmp_path / "groups.csv")
    text = (tmp_path / "groups.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0].split(",") == list(MeasuredGroup.model_fields)
    assert len(text.splitlines()) == 5


def test_shipped_groups_are_those_of_the_shipped_profiles() -> None:
    """Every recipe has a group and every group a recipe; profiles of the fit alone have errors."""
    recipes = {
        (profile.engine, name)
        for profile in CATALOG.serving_profiles.values()
        if profile.errors
        for name in profile.recipes
    }
    groups = measured_groups()
    assert {(one.engine, f"{one.version} {one.accelerator} {one.size}") for one in groups} == recipes
    for profile in CATALOG.serving_profiles.values():
        assert (profile.errors is None) == (not profile.recipes)
