"""A user's own chip and model: what need not be said, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogs import InvalidCatalogError, load_catalog
from catalogs.own_chip import TDP_SHARES
from catalogs.own_file import own_figures, with_own_figures

SIX_LINES = {
    "memory_gb": 102.6,
    "bandwidth_gb_per_s": 1597,
    "tflops": {"bf16": 500},
    "link_gb_per_s": 64,
    "tdp_w": 600,
    "rent_usd_per_hour": 1.69,
}


def own(**changes: object) -> dict[str, dict[str, dict[str, object]]]:
    """An own chip of six lines, some of them changed or, with None, left out."""
    lines = {key: value for key, value in (SIX_LINES | changes).items() if value is not None}
    return {"accelerators": {"mine": lines}}


def test_six_lines_are_a_chip() -> None:
    """Watts come from its TDP, marked estimates; a bare rent is on demand; carbon and days are unknown."""
    chip = load_catalog(overrides=own()).accelerator("mine")
    assert {name: getattr(chip, name) for name in TDP_SHARES} == pytest.approx(
        {name: share * 600 for name, share in TDP_SHARES.items()}
    )
    assert all(chip.origin_of(name).estimate for name in TDP_SHARES)
    assert not chip.origin_of("bandwidth_gb_per_s").estimate
    assert {kind: float(usd) for kind, usd in chip.rent_usd_per_hour.items()} == {"on_demand": 1.69}
    assert (chip.embodied_kgco2e, chip.purchase_usd, chip.retrieved) == (None, None, None)


def test_given_watts_stand() -> None:
    """Each replaces its share and is no estimate; with idle watts given, waiting is as idle."""
    chip = load_catalog(overrides=own(floor_w=100, idle_w=7)).accelerator("mine")
    assert (chip.floor_w, chip.idle_w, chip.wait_w) == (100, 7, None)
    assert not chip.origin_of("floor_w").estimate
    assert chip.memory_w == pytest.approx(0.24 * 600)


@pytest.mark.parametrize("key", [key for key in SIX_LINES if key != "rent_usd_per_hour"])
def test_what_decides_time_and_memory_is_needed(key: str) -> None:
    """Each line alone is missed, and nothing else is complained of."""
    with pytest.raises(InvalidCatalogError) as caught:
        load_catalog(overrides=own(**{key: None}))
    assert {fault.path for fault in caught.value.problems} == {f"mine.{key}"}


def test_a_chip_multiplies_at_16_bits() -> None:
    """Attention does, whatever the weights' precision: a chip without that figure is refused."""
    with pytest.raises(InvalidCatalogError, match="mine.tflops: bf16 is needed"):
        load_catalog(overrides=own(tflops={"fp8": 1000}))


def test_shares_are_those_of_measured_chips() -> None:
    """The means of the chips whose watts were fitted, to two digits."""
    catalog = load_catalog()
    measured = [catalog.accelerator(name) for name in ("h100", "b200")]
    for name, share in TDP_SHARES.items():
        mean = sum(getattr(chip, name) / chip.tdp_w for chip in measured) / len(measured)
        assert share == pytest.approx(mean, abs=0.006)


def test_shipped_entries_still_say_all() -> None:
    """Laying watts over a chip that ships adds no estimate to it."""
    changed = load_catalog(overrides={"accelerators": {"h100": {"tdp_w": 350}}}).accelerator("h100")
    shipped = load_catalog().accelerator("h100")
    assert changed == shipped.model_copy(update={"tdp_w": 350.0})


def test_an_own_model_needs_no_success() -> None:
    """A window and a shape are a model; nothing is known of its answers."""
    shape = {"layers": 2, "hidden": 64, "heads": 4, "kv_heads": 2, "head_dim": 16}
    shape |= {"total_params_b": 1.0, "active_params_b": 1.0}
    entry = {"context_window_tokens": 4096, "architecture": shape}
    assert load_catalog(overrides={"models": {"mine": entry}}).model("mine").success == {}


def test_a_file_of_own_figures_lies_beneath_the_scenarios(tmp_path: Path) -> None:
    """What the scenario says itself goes first, figure by figure."""
    path = tmp_path / "own.yaml"
    path.write_text("accelerators: {mine: {tdp_w: 500, memory_gb: 80}}", encoding="utf-8")
    data = {"catalog": {"edition": "measured", "overrides": {"accelerators": {"mine": {"tdp_w": 700}}}}}
    laid = {"accelerators": {"mine": {"tdp_w": 700, "memory_gb": 80}}}
    assert with_own_figures(data, own_figures(path)) == {
        "catalog": {"edition": "measured", "overrides": laid}
    }
    assert (
        with_own_figures({}, own_figures(path))["catalog"]["overrides"]["accelerators"]["mine"]["tdp_w"]
        == 500
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "must be a map of kinds"),
        ("accelerator: {x: {}}", "accelerator: unknown kind; did you mean 'accelerators'"),
        ("models: [x]", "models: must be a map of names"),
        ("models: {x: 1}", "models.x: must be a map"),
    ],
)
def test_files_that_hold_no_figures_are_refused(text: str, said: str, tmp_path: Path) -> None:
    """With what they should hold."""
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidCatalogError) as caught:
        own_figures(path)
    assert said in str(caught.value)
