"""Settings reach every key of a scenario, also those with dots in their names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import InvalidScenarioError, load_scenario
from simulator.scenario.overrides import overridden
from world_cases import FRONTIER, SMALL, plain

OFFER = "google/gemini-2.5-pro"
DOTTED = {**SMALL, "name": "llama-3.1-small"}


def limit_of(setting: str) -> object:
    """The limit of an offer with dots in its name, after a setting."""
    found = load_scenario(plain(), overrides=[setting])
    return found.catalog.offer(OFFER).requests_per_min


@pytest.mark.parametrize("step", [OFFER, f'"{OFFER}"', f"'{OFFER}'", OFFER.replace(".", "\\.")])
def test_names_with_dots_are_reached_quoted_escaped_or_where_nothing_else_is_meant(step: str) -> None:
    """An entry of the catalog is found under its own name."""
    assert limit_of(f"catalog.overrides.offers.{step}.requests_per_min=5") == 5


def test_entries_of_lists_with_dots_in_their_names_are_reached() -> None:
    """A deployment's name may have dots."""
    found = load_scenario(plain(fleet=[DOTTED, FRONTIER]), overrides=["fleet.llama-3.1-small.replicas=4"])
    assert found.fleet[0].replicas == 4


def test_a_new_key_with_dots_is_made_by_quoting_it() -> None:
    """What is not there yet is named by a quoted step."""
    data, faults = overridden({}, ['router.resilience.fallbacks."llama-3.1"=[frontier]'])
    assert not faults
    assert data == {"router": {"resilience": {"fallbacks": {"llama-3.1": ["frontier"]}}}}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("seed", "--set: seed: write path=value"),
        ("=3", "an empty step; write a.b.c=value"),
        ("a..b=3", "--set: a..b: an empty step"),
        ('a."b=1', 'the quote " is not closed'),
        ('a."b"c=1', "a quoted step ends at its quote; write . or = after it"),
        ("name=[", "--set: name: the value is no YAML: line"),
        ("fleet.smal.replicas=2", "nothing is called 'smal' here; did you mean 'small'? here are: 'small'"),
        ("fleet.²=2", "nothing is called '²' here"),
        ("a" + ".a" * 5_000 + "=1", "a path has at most 32 steps"),
        ("a" * 5_000 + "=1", "a path has at most 2,000 characters"),
        ("a=" + "[" * 5_000, "nested more than 40 deep"),
    ],
)
def test_settings_that_cannot_be_laid_over_say_why(setting: str, expected: str) -> None:
    """Each is one fault of `--set`, short however long the setting is."""
    with pytest.raises(InvalidScenarioError) as caught:
        load_scenario(plain(), overrides=[setting])
    (fault,) = caught.value.problems
    assert expected in str(fault)
    assert len(str(fault)) < 500


def test_a_path_that_can_mean_two_things_is_refused() -> None:
    """Two names stand there; the message shows how to say which."""
    fleet = [{**SMALL, "name": "gpt-4"}, {**FRONTIER, "name": "gpt-4.1"}]
    data, (fault,) = overridden({"fleet": fleet}, ["fleet.gpt-4.1.tier=edge"])
    assert 'quote the name you mean: fleet."gpt-4.1"' in fault.what
    assert data == {"fleet": fleet}
    data, faults = overridden({"fleet": fleet}, ['fleet."gpt-4.1".tier=edge'])
    assert not faults
    assert data["fleet"][1]["tier"] == "edge"


@settings(deadline=None, derandomize=True, database=None)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6), st.booleans())
def test_any_keys_are_reached_escaped(keys: list[str], value: bool) -> None:
    """A path of escaped letters leads to the very keys."""
    path = ".".join("".join(f"\\{letter}" for letter in key) for key in keys)
    data, faults = overridden({}, [f"{path}={str(value).lower()}"])
    assert not faults
    for key in keys:
        data = data[key]
    assert data is value
