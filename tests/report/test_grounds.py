"""What reports say of each deployment's figures: fitted, estimated, published, measured or given."""

from __future__ import annotations

from typing import Any

import pytest

from hand_made_grounds import DENSE, GROUPS, PROFILE, held_profile
from simulator import simulate
from simulator.fleet import nearness
from simulator.report.figures import plain
from simulator.report.grounds import grounds
from world_cases import FRONTIER, SMALL, scenario

CATALOG = held_profile()
HELD = {**SMALL, "hardware": {"accelerator": "h100"}, "engine": {"profile": PROFILE}}


@pytest.fixture(autouse=True)
def _groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fit is that of the hand-made groups."""
    monkeypatch.setattr(nearness, "measured_groups", lambda: GROUPS)


def of(entry: dict[str, object], **changes: object) -> dict[str, Any]:
    """What is said of one deployment."""
    world = scenario(fleet=[entry], router={"policy": "round_robin"}, **{"catalog": CATALOG, **changes})
    (found,) = plain(grounds(world)).values()
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("entry", "kind", "note"),
    [
        ({}, "recipe", ""),
        ({"hardware": {"accelerator": "h100", "precision": "fp8"}}, "group", ""),
        ({"model": "llama-3.2-3b"}, "model", ""),
        ({"hardware": {"accelerator": "a100"}}, "accelerator", ""),
        ({"hardware": {"accelerator": "l40s"}}, "accelerator", "its factors estimated"),
        (
            {"hardware": {"accelerator": "mi300x"}},
            "accelerator",
            "none of them of AMD, its factors estimated",
        ),
    ],
)
def test_times_are_as_good_as_those_of_the_nearest_points(
    entry: dict[str, object], kind: str, note: str
) -> None:
    """By chip, model and configuration, with the error of points as near as that; strange chips are noted."""
    times = of({**HELD, **entry})["times"]
    assert (times["kind"], times["note"]) == (kind, note)
    assert times["tpot_median"] == DENSE[kind]
    assert times["tpot_mean"] == pytest.approx(1.5 * DENSE[kind])
    assert (times["ttft_median"], times["points"]) == (None, 50)


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        (
            {"hardware": {"accelerator": "h100", "attention_data_parallel": 4}, "model": "gpt-oss-120b"},
            "4 attention ranks",
        ),
        ({"engine": {"profile": PROFILE, "split": {"prefill_replicas": 1}}, "replicas": 2}, "prefill apart"),
        (
            {"engine": {"profile": PROFILE, "speculative": {"draft_tokens": 2, "acceptance_ratio": 0.7}}},
            "speculative decoding",
        ),
    ],
)
def test_ways_to_serve_that_were_not_fitted_have_no_error(entry: dict[str, object], note: str) -> None:
    """No error of the fit is claimed for ranks, splits and drafts."""
    times = of({**HELD, **entry})["times"]
    assert times["kind"] == "extrapolated"
    assert note in times["note"]
    assert times["tpot_median"] is None


def test_coefficients_of_ones_own_lose_the_errors_of_the_fit() -> None:
    """An overlaid coefficient takes the errors with it; a limit does not."""
    for figure, kind in (({"weight_read": 1.0}, "unknown"), ({"token_budget": 4096}, "group")):
        own = {"overrides": {"serving_profiles": {"vllm-0.19": figure}}}
        entry = {**HELD, "engine": {"profile": "vllm-0.19"}}
        assert of(entry, catalog=own)["times"]["kind"] == kind


@pytest.mark.parametrize(
    ("entry", "watts", "price"),
    [
        ({}, "measured", "published"),
        ({"hardware": {"accelerator": "l40s"}}, "estimated", "published"),
        ({"pricing": {"usd_per_chip_hour": 2}}, "measured", "given"),
        ({"pricing": {"owned": True}}, "measured", "published"),
        ({"pricing": {"owned": True, "purchase_usd_per_chip": 9_000}}, "measured", "given"),
        ({"hardware": {"accelerator": "a100-40gb"}}, "estimated", "not known"),
    ],
)
def test_watts_and_prices_of_chips(entry: dict[str, object], watts: str, price: str) -> None:
    """Fitted watts are measured, scaled ones estimates; rents are published, given or not known."""
    found = of({**HELD, **entry})
    assert (found["watts"], found["price"]) == (watts, price)


def test_apis_devices_and_endpoints() -> None:
    """Latency is the catalog's guess unless the scenario states it; devices are measured or guessed."""
    assert of(FRONTIER)["times"]["kind"] == "estimated"
    own = {"ttft": 0.5, "output_tokens_per_s": 80}
    assert of({**FRONTIER, "api": {**FRONTIER["api"], **own}})["times"]["kind"] == "given"
    half = {**FRONTIER, "api": {**FRONTIER["api"], "ttft": 0.5}}
    found = of(half)
    assert (found["times"]["kind"], found["watts"], found["price"]) == ("estimated", "estimated", "published")
    phone = {"name": "phone", "tier": "edge", "model": "llama-3.2-1b", "region": "us-virginia"}
    measured = of({**phone, "device": {"device": "oneplus-12"}})
    assert (measured["times"]["kind"], measured["price"]) == ("measured", "none")
    assert of({**phone, "device": {"device": "galaxy-s24"}})["times"]["kind"] == "estimated"
    box = {"servers": 2, "service_time": 1.0, "usd_per_request": 0.01}
    found = of({**phone, "tier": "dedicated", "endpoint": box})
    assert (found["times"]["kind"], found["watts"], found["price"]) == ("given", "none", "given")


def test_carbon_and_answers() -> None:
    """A grid's mean is published and its course a guess, unless given; abilities are by task."""
    assert of(HELD)["carbon"] == "published, its daily course estimated"
    given = of(HELD, signals={"carbon_intensity": {"us-virginia": 300}})
    assert given["carbon"] == "given"
    assert of(HELD)["answers"] == "estimated"


def test_reports_have_them() -> None:
    """A run's report says it under `grounds`, by deployment."""
    world = scenario(fleet=[HELD, FRONTIER], catalog=CATALOG)
    assert simulate(world).report.plain["grounds"] == plain(grounds(world))
    assert list(grounds(world)) == ["small", "frontier"]


BOX = {
    "name": "box", "tier": "cloud", "model": "llama-3.1-8b", "region": "us-virginia",
    "endpoint": {"servers": 2, "service_time": {"values": [0.5]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "watts", "price"),
    [
        ({}, "none", "none"),
        ({"power_w": 100}, "given", "none"),
        ({"idle_w": 10}, "given", "none"),
        ({"usd_per_request": 0.01}, "none", "given"),
        ({"usd_per_server_hour": 1.0}, "none", "given"),
    ],
)
def test_a_black_box_has_what_it_is_given(told: dict[str, float], watts: str, price: str) -> None:
    """Watts and price where the scenario states them, none otherwise."""
    found = of({**BOX, "endpoint": {**BOX["endpoint"], **told}})
    assert (found["watts"], found["price"], found["times"]["kind"]) == (watts, price, "given")


def test_a_grids_course_is_told_apart_from_its_mean() -> None:
    """A published mean whose course over the day is a guess; one given by the scenario is given whole."""
    assert of(HELD)["carbon"] == "published, its daily course estimated"
    signals = {"signals": {"carbon_intensity": {"us-virginia": 300}}}
    assert of(HELD, **signals)["carbon"] == "given"
