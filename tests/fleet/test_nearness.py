"""How near deployments are to measured configurations, and which of them are the nearest."""

from __future__ import annotations

import pytest

from catalogs.serving_profile import ServingProfile
from hand_made_grounds import DENSE, ERRORS, GROUPS, group
from simulator.fleet import nearness as module
from simulator.fleet.nearness import (
    Configuration,
    calibrated_error,
    differences,
    distance,
    error_at,
    nearest,
    nearness,
)

COEFFICIENTS = dict.fromkeys(
    ("weight_read", "kv_read", "prefill_flops", "decode_flops", "layer_s", "layer_tp_s", "sequence_s",
     "step_s", "all_reduce"), 1.0,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fit is that of the hand-made groups."""
    monkeypatch.setattr(module, "measured_groups", lambda: GROUPS)


def profile(**changes: object) -> ServingProfile:
    """A profile with hand-made errors."""
    told = {"name": "held", "source": "by hand", "retrieved": None, "engine": "vllm", "version": "7"}
    return ServingProfile.model_validate({**told, **COEFFICIENTS, "errors": ERRORS, **changes})


def here(**changes: object) -> Configuration:
    """The configuration of the first group, with changes."""
    usual: dict[str, object] = {
        "engine": "vllm", "version": "7", "accelerator": "h100", "size": "32x4096", "params_b": 8.03,
        "precision": "bf16", "chips": 1,
    }  # fmt: skip
    return Configuration(**(usual | changes))


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({}, "recipe"),
        ({"version": "8"}, "group"),
        ({"precision": "fp8"}, "group"),
        ({"chips": 2}, "group"),
        ({"accelerator": "b200"}, "group"),
        ({"size": "28x3072", "params_b": 3.2}, "model"),
        ({"accelerator": "l40s"}, "accelerator"),
        ({"accelerator": "l40s", "size": "28x3072"}, "accelerator"),
    ],
)
def test_nearness_is_by_what_was_in_the_fit(changes: dict[str, object], near: str) -> None:
    """The configuration itself, its model and chip, the chip alone, or neither; each has its own error."""
    assert nearness(here(**changes), profile()) == near
    found = error_at(here(**changes), profile())
    assert found is not None
    assert found.tpot_median == DENSE[near]


def test_mixtures_have_errors_of_their_own() -> None:
    """An error is that of models of the kind, in the fit and after a calibration."""
    mixture = here(accelerator="b200", size="36x2880x128", params_b=116.8, precision="fp4")
    errors = error_at(mixture, profile()), calibrated_error(mixture, profile())
    assert [one and one.tpot_median for one in errors] == [2 * DENSE["recipe"], 2 * DENSE["calibrated"]]


def test_adapted_profiles_are_known_on_their_own_points_alone() -> None:
    """On points of one's own the error is that of calibrations; elsewhere nobody knows it any more."""
    mine = profile(measured=[group(accelerator="l40s").model_dump()])
    own = here(accelerator="l40s")
    assert nearness(own, mine) == "calibrated"
    found = error_at(own, mine)
    assert found is not None
    assert found.tpot_median == DENSE["calibrated"]
    assert error_at(here(), mine) is None
    assert error_at(here(accelerator="l40s", precision="fp8"), mine) is None


def test_profiles_without_errors_promise_none() -> None:
    """A hand-written profile has no error to tell, and stands on no group of the fit."""
    assert error_at(here(), profile(errors=None)) is None
    assert calibrated_error(here(), profile(errors=None)) is None
    assert module.groups_behind(profile(errors=None)) == ()


def test_the_nearest_groups_come_first() -> None:
    """Twice the parameters or chips is one apart, another chip three; equals by their points."""
    assert distance(here(), GROUPS[0]) == 0.0
    assert distance(here(params_b=16.06, chips=2, size="48x5120"), GROUPS[0]) == pytest.approx(2.0)
    assert distance(here(accelerator="a100"), GROUPS[0]) == module.OTHER_CHIP
    many = group(points=90)
    assert nearest(here(), (*GROUPS, many)) == [many, GROUPS[0], GROUPS[1]]
    assert nearest(here(accelerator="b200", size="80x8192", params_b=70.6), GROUPS)[0] is GROUPS[1]


def test_what_differs_is_named() -> None:
    """Model, chip, width, precision, engine with its version; nothing of the very same."""
    assert list(differences(here(), GROUPS[0])) == []
    other = here(version="8")
    assert list(differences(other, GROUPS[1])) == ["Llama-3.1-70B", "b200", "4 chips", "vllm 7"]
    assert list(differences(other, GROUPS[2])) == ["gpt-oss-120b", "b200", "fp4", "vllm 7"]
