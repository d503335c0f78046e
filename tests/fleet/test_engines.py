"""An engine on a chip: the chip's own factors, and nothing else changed."""

from __future__ import annotations

from dataclasses import fields

import pytest

from catalogs import load_catalog
from simulator.fleet.engines import engine_coefficients

CATALOG = load_catalog()
PROFILE = CATALOG.serving_profile("vllm-0.19")
PLAIN = engine_coefficients(PROFILE, CATALOG.accelerator("h100"))


def changed(factors: dict[str, float]) -> dict[str, float]:
    """Each coefficient that is another on a chip of these factors, over what it usually is."""
    chip = CATALOG.accelerator("h100").model_copy(update={"factors": factors})
    found = engine_coefficients(PROFILE, chip)
    pairs = {field.name: (getattr(found, field.name), getattr(PLAIN, field.name)) for field in fields(found)}
    return {name: one / other for name, (one, other) in pairs.items() if one != other}


def test_a_chip_without_factors_changes_nothing() -> None:
    """The profile's own numbers."""
    assert PLAIN.decode_flops == PROFILE.decode_flops
    assert PLAIN.scale == PROFILE.scale
    assert changed({}) == {}


def test_a_chips_factors_multiply_what_they_name() -> None:
    """Reading weights is of all kinds of weights; the others are one coefficient each."""
    assert changed({"decode_flops": 0.5, "layer_s": 2.0}) == {
        "decode_flops": pytest.approx(0.5),
        "layer_s": pytest.approx(2.0),
    }
    kinds = {"weight_read", "expert_read", "expert_read_4bit", "weight_read_4bit"}
    assert changed({"weight_read": 1.25}) == dict.fromkeys(kinds, pytest.approx(1.25))


def test_shipped_factors_say_where_they_come_from() -> None:
    """Each chip with factors has an origin for them; the measured ones are no estimates."""
    having = {name: chip for name, chip in CATALOG.accelerators.items() if chip.factors}
    assert {"rtx-4090", "rtx-pro-6000", "l40s", "mi300x"} <= set(having)
    assert all("factors" in chip.sources for chip in having.values())
    assert {name for name, chip in having.items() if not chip.sources["factors"].estimate} == {
        "rtx-4090",
        "rtx-pro-6000",
    }
