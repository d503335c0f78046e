"""Runs that leave the points behind a serving profile say so, and how far they are from them."""

from __future__ import annotations

import pytest

from catalogs import load_catalog
from simulator import simulate
from simulator.report.warnings.domain import stand_in
from world_cases import FRONTIER, SMALL, scenario, with_stream

ROUND = {"policy": "round_robin"}
INSIDE = {**SMALL, "hardware": {"accelerator": "h100"}, "engine": {"profile": "vllm-0.19"}}


def outside(entry: dict[str, object], **stream: object) -> list[str]:
    """The warnings of a run of one deployment that are about a domain."""
    usual = {"input_tokens": 2_000, "output_tokens": 300, "max_output_tokens": 60_000}
    changes = with_stream(**{**usual, **stream})
    report = simulate(scenario(fleet=[entry], router=ROUND, **changes)).report
    return [text for text in report.plain["warnings"] if "was fitted to" in text]


def test_inside_of_the_domain_nothing_is_said() -> None:
    """Usual lengths, a chip that was measured, few sequences: no warning."""
    assert outside(INSIDE) == []


@pytest.mark.parametrize(
    ("entry", "stream", "said"),
    [
        ({}, {"input_tokens": 16_384}, "input 16,384 tokens, 2.0 times the longest fitted"),
        (
            {"hardware": {"accelerator": "a100"}},
            {},
            "accelerator 'a100', measured were 'a100-80gb-pcie', 'b200'",
        ),
        ({"model": "llama-3.2-3b"}, {}, "3.21 billion parameters, 0.40 times the smallest model fitted"),
        (
            {"model": "llama-3.1-405b", "hardware": {"accelerator": "b200", "tensor_parallel": 8}},
            {"arrivals": {"pattern": "steady", "rate": 0.05}},
            "405.9 billion parameters, 1.8 times the largest model fitted",
        ),
        (
            {"engine": {"profile": "vllm-0.19", "max_sequences": 600}},
            {"arrivals": {"pattern": "steady", "rate": 60}, "input_tokens": 100},
            "times the most fitted",
        ),
    ],
    ids=["prompts", "chip", "small model", "large model", "sequences"],
)
def test_what_lies_outside_is_told_with_its_distance(
    entry: dict[str, object], stream: dict[str, object], said: str
) -> None:
    """Each side of the box is watched, and the distance is a ratio to its end."""
    (text,) = outside({**INSIDE, **entry}, **stream)
    assert text.startswith("small: outside of what 'vllm-0.19' was fitted to: ")
    assert said in text


def test_long_answers_are_measured_by_their_longest_hundredth() -> None:
    """Answers of about 16,000 tokens are twice the longest fitted."""
    entry = {**INSIDE, "hardware": {"accelerator": "h200"}}
    (text,) = outside(entry, output_tokens=16_000, arrivals={"pattern": "steady", "rate": 0.02})
    assert "output " in text
    assert "times the longest fitted" in text


def test_deployments_are_judged_whatever_stands_before_them() -> None:
    """An API, an idle deployment and one inside of its domain come before one that is outside."""
    idle = {**INSIDE, "name": "idle"}
    strange = {**INSIDE, "name": "strange", "hardware": {"accelerator": "a100"}}
    router = {"policy": "random_mix", "parameters": {"weights": {"small": 1, "strange": 1}}}
    report = simulate(scenario(fleet=[FRONTIER, idle, INSIDE, strange], router=router)).report
    told = [text for text in report.plain["warnings"] if "was fitted to" in text]
    assert [text.partition(":")[0] for text in told] == ["strange"]


def test_who_chose_no_profile_is_told_which_ones_fit_the_chip() -> None:
    """A profile that is named was chosen, and nothing more is said."""
    unnamed = scenario(fleet=[{**SMALL, "hardware": {"accelerator": "h100"}}])
    named = scenario(fleet=[INSIDE])
    fitted = [
        repr(name)
        for name, profile in unnamed.catalog.serving_profiles.items()
        if profile.domain and "h100" in profile.domain.accelerators
    ]
    assert len(fitted) > 0
    expected = (
        " (no engine.profile is given, and this one stands in; fitted to 'h100': " + ", ".join(fitted) + ")"
    )
    assert stand_in(unnamed, unnamed.fleet[0]) == expected
    assert stand_in(named, named.fleet[0]) == ""
    strange = scenario(fleet=[{**SMALL, "hardware": {"accelerator": "l4", "tensor_parallel": 2}}])
    assert stand_in(strange, strange.fleet[0]).endswith("fitted to 'l4': none)")


def test_who_served_nothing_is_not_warned_of() -> None:
    """A deployment that no request went to is not judged."""
    idle = {**INSIDE, "hardware": {"accelerator": "a100"}}
    policy = {"policy": "static", "parameters": {"target": "frontier"}}
    report = simulate(scenario(fleet=[idle, FRONTIER], router=policy)).report
    assert not any("was fitted to" in text for text in report.plain["warnings"])


def test_fitted_profiles_have_a_domain_in_which_they_were_fitted() -> None:
    """Every shipped profile states its box: 8 chips, 256 sequences in closed loops, 406 in open ones."""
    for profile in load_catalog().serving_profiles.values():
        assert profile.domain is not None, profile.name
        if profile.recipes:
            assert profile.domain.batch is not None
            assert profile.domain.batch[1] == (406 if profile.engine == "vllm" else 256)
            assert profile.domain.chips is not None
            assert profile.domain.chips[1] == 8
