"""Policies by name, their parameters, and policies from files and entry points."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Literal

import pytest

from router import (
    BASELINES,
    InvalidPolicyParameterError,
    Policy,
    PolicyLoadError,
    UnknownPolicyError,
    describe_policy,
    load_policy,
    make_policy,
    policy_names,
    registry,
    sources,
)
from router.parameters import describe_parameters, parameter, read_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLE = '''"""A policy of one's own."""

from router import Decision

class Mine:
    """Sends everything to the last candidate."""

    def __init__(self, reason: str = "last"):
        self.reason = reason

    def route(self, request, fleet, rng):
        return Decision.send(fleet.candidate_targets()[-1].name, reason=self.reason)

class Other:
    pass
'''

SEVERAL = """
from router import Decision, Policy

class Routes:
    def route(self, request, fleet, rng):
        pass

class Steps:
    def steps(self, request, fleet, rng):
        pass

class Nothing:
    pass
"""


def test_every_policy_can_be_made_and_says_what_it_is() -> None:
    """Each registered policy carries its own name, a contract and documented parameters."""
    for name in policy_names():
        assert getattr(make_policy(name), "name", None) == name
        described = describe_policy(name)
        assert described.name == name
        assert described.summary.endswith((".", ":")) or len(described.summary) > 20
        assert all(entry.about and entry.type for entry in described.parameters)


def test_a_parameter_has_its_default_and_says_what_it_is_about() -> None:
    """Both stand where it is declared, and a field without either is described as required."""

    @dataclass(frozen=True)
    class Declared:
        """Two parameters."""

        needed: int
        given: float = parameter(1.5, "how much")

    needed, given = describe_parameters(Declared)
    assert (needed.name, needed.type, needed.default, needed.about) == ("needed", "int", "required", "")
    assert (given.name, given.type, given.default, given.about) == ("given", "float", "1.5", "how much")
    assert Declared(3).given == 1.5


def test_a_file_may_stand_in_a_folder_with_a_colon(tmp_path: Path) -> None:
    """The class is what follows the last colon."""
    folder = tmp_path / "a:b"
    folder.mkdir()
    (folder / "mine.py").write_text(EXAMPLE, encoding="utf-8")
    assert load_policy(f"{folder}/mine.py:Mine", {}).reason == "last"


def test_a_missing_class_is_answered_with_those_that_decide(tmp_path: Path) -> None:
    """Classes with `route` or `steps` of the file's own; what it imports and what decides nothing is none."""
    path = tmp_path / "several.py"
    path.write_text(SEVERAL, encoding="utf-8")
    with pytest.raises(UnknownPolicyError, match=r"policy classes there: 'Routes', 'Steps'$"):
        load_policy(f"{path}:Missing")


def test_without_any_source_there_is_none_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme that nobody brought is answered with those there are, or with none."""
    monkeypatch.setattr(sources, "entry_points", lambda group: ())
    with pytest.raises(UnknownPolicyError, match=r"'odd://there': no source 'odd'; known sources: none$"):
        sources.source_of("odd://there")
    known = [EntryPoint(name, "nowhere:nothing", sources.SOURCE_GROUP) for name in ("b", "a")]
    monkeypatch.setattr(sources, "entry_points", lambda group: known)
    with pytest.raises(UnknownPolicyError, match=r"known sources: 'a', 'b'$"):
        sources.source_of("odd://there")


def test_baselines_are_policies_and_marked() -> None:
    """The mandatory baselines exist; the oracles alone read answers."""
    assert set(BASELINES) <= set(policy_names())
    assert [name for name in policy_names() if describe_policy(name).baseline] == sorted(BASELINES)
    assert [name for name in policy_names() if describe_policy(name).oracle] == [
        "best_quality",
        "budgeted_oracle",
        "oracle",
    ]


def test_unknown_name_lists_near_matches_and_all_names() -> None:
    """A misspelt policy is answered with what was probably meant."""
    with pytest.raises(
        UnknownPolicyError, match=r"unknown policy 'cheapest'; did you mean .*'always_cheapest'.* known: "
    ):
        make_policy("cheapest")


def test_bad_parameters_are_listed_all_at_once() -> None:
    """Unknown keys name what is allowed, wrong types what is wanted."""
    with pytest.raises(InvalidPolicyParameterError) as caught:
        make_policy(
            "edge_first", {"flor": 0.5, "floor": "high", "local_tier": "moon", "overflow_outstanding": True}
        )
    text = str(caught.value)
    assert "flor: unknown parameter; did you mean 'floor'?" in text
    assert "'local_tier', 'overflow_outstanding', 'floor'" in text
    assert "floor: 'high' is not a number" in text
    assert "local_tier: 'moon' is not one of 'edge', 'on_prem', 'dedicated', 'cloud'" in text
    assert "overflow_outstanding: True is not a number" in text
    assert {key for key, _ in caught.value.problems} == {
        "flor",
        "floor",
        "local_tier",
        "overflow_outstanding",
    }


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("cheapest_capable", {"floor": 1.5}),
        ("cheapest_capable", {"floor": float("nan")}),
        ("score_threshold", {"threshold": -0.1}),
        ("prompt_length", {"threshold_token_count": -1}),
        ("prompt_length", {"threshold_token_count": 1.5}),
        ("power_of_two", {"choices": 0}),
        ("hedge", {"after_s": -1}),
        ("hedge", {"after_s": float("inf")}),
        ("hedge", {"share_ratio": 2}),
        ("cascade", {"targets": "small"}),
        ("cascade", {"false_accept_ratio": 2}),
        ("cascade", {"latency_s": -1}),
        ("edge_first", {"floor": 2}),
        ("least_outstanding", {"ties": "first"}),
        ("random_mix", {"weights": {"a": -1}}),
        ("random_mix", {"weights": {"a": 0}}),
        ("random_mix", {"weights": {"a": float("nan")}}),
        ("random_mix", {"weights": [1]}),
        ("round_robin", {"weights": {}}),
        ("weighted_score", {"cost_weight": -1}),
        ("static", {"target": 3}),
        ("always_cheapest", {"floor": 0.5}),
        ("oracle", {"self": 1}),
    ],
)
def test_parameters_out_of_range_are_refused(name: str, parameters: Mapping[str, object]) -> None:
    """No policy is made with parameters that it could not work with."""
    with pytest.raises(InvalidPolicyParameterError):
        make_policy(name, parameters)


@dataclass(frozen=True, kw_only=True)
class Every:
    """One parameter of every kind."""

    number: float = parameter(1.0, "a number")
    count: int = parameter(1, "a count")
    flag: bool = parameter(default=False, about="a flag")
    word: str | None = parameter(None, "a word")
    choice: Literal["a", "b"] = parameter("a", "a choice")
    words: tuple[str, ...] = parameter((), "words")


def test_parameters_are_read_from_plain_values() -> None:
    """Lists become tuples, whole numbers will do for numbers, absent ones keep their defaults."""
    values = {"number": 2, "flag": True, "word": "w", "choice": "b", "words": ["x", "y"]}
    assert read_parameters(Every, values) == Every(
        number=2.0, flag=True, word="w", choice="b", words=("x", "y")
    )
    assert read_parameters(Every, {}) == Every()


def test_parameters_are_described_in_order() -> None:
    """Name, type, default and meaning of each parameter can be printed."""
    described = describe_parameters(Every)
    assert [entry.name for entry in described] == ["number", "count", "flag", "word", "choice", "words"]
    assert (described[0].type, described[0].default, described[0].about) == ("float", "1.0", "a number")


def test_policy_from_a_file(tmp_path: Path) -> None:
    """A class in a file is a policy by its path and name, with its constructor's arguments."""
    path = tmp_path / "mine.py"
    path.write_text(EXAMPLE)
    policy = make_policy(f"{path}:Mine", {"reason": "because"})
    assert isinstance(policy, Policy)
    assert type(load_policy(f"{path}:Mine")) is type(policy)
    described = describe_policy(f"{path}:Mine")
    assert described.contract == "Sends everything to the last candidate."
    assert [entry.name for entry in described.parameters] == ["reason"]
    with pytest.raises(InvalidPolicyParameterError, match="allowed: 'reason'"):
        load_policy(f"{path}:Mine", {"resaon": "x"})


def test_policy_file_that_lacks_the_class_lists_those_it_has(tmp_path: Path) -> None:
    """A wrong class name is answered with the file's policy classes."""
    path = tmp_path / "mine.py"
    path.write_text(EXAMPLE)
    with pytest.raises(UnknownPolicyError, match=r"no policy 'Yours' .*there: 'Mine'$"):
        load_policy(f"{path}:Yours")
    with pytest.raises(PolicyLoadError, match="neither route nor steps"):
        load_policy(f"{path}:Other")


def test_policy_file_that_is_missing_or_broken_says_so(tmp_path: Path) -> None:
    """A file that cannot be run is an error with its cause, each time it is tried."""
    with pytest.raises(UnknownPolicyError, match="no file"):
        load_policy(str(tmp_path / "none.py") + ":Mine")
    with pytest.raises(PolicyLoadError, match="form"):
        load_policy("mine.py")
    path = tmp_path / "broken.py"
    path.write_text("1 / 0\n")
    for _ in range(2):
        with pytest.raises(PolicyLoadError, match="ZeroDivisionError"):
            load_policy(f"{path}:Mine")


def test_files_of_one_name_do_not_collide(tmp_path: Path) -> None:
    """Two files called alike in different folders are two modules."""
    for folder, target in (("a", "first"), ("b", "second")):
        (tmp_path / folder).mkdir()
        text = f"class P:\n    name = {target!r}\n    def route(self, request, fleet, rng): ...\n"
        (tmp_path / folder / "p.py").write_text(text)
    made = [load_policy(f"{tmp_path / folder / 'p.py'}:P") for folder in ("a", "b")]
    assert [getattr(policy, "name", "") for policy in made] == ["first", "second"]


def test_required_arguments_must_be_given(tmp_path: Path) -> None:
    """A constructor's argument without default is asked for."""
    path = tmp_path / "strict.py"
    path.write_text(
        "class P:\n    def __init__(self, target): ...\n    def route(self, request, fleet, rng): ...\n"
    )
    with pytest.raises(InvalidPolicyParameterError, match="target: required"):
        load_policy(f"{path}:P")
    assert describe_policy(f"{path}:P").parameters[0].default == "required"


def test_parameters_dataclass_of_a_plug_in_is_used(tmp_path: Path) -> None:
    """A class with `Parameters` has them typed and checked as those that ship."""
    path = tmp_path / "typed.py"
    path.write_text(
        "from dataclasses import dataclass\n"
        "class P:\n"
        "    @dataclass(frozen=True)\n"
        "    class Parameters:\n"
        "        limit: int = 3\n"
        "    def __init__(self, parameters): self.limit = parameters.limit\n"
        "    def route(self, request, fleet, rng): ...\n"
    )
    assert getattr(load_policy(f"{path}:P", {"limit": 4}), "limit", None) == 4
    with pytest.raises(InvalidPolicyParameterError, match="whole number"):
        load_policy(f"{path}:P", {"limit": "4"})


def entry(name: str, value: str) -> EntryPoint:
    """An entry point of the group."""
    return EntryPoint(name=name, value=value, group=registry.ENTRY_POINT_GROUP)


def test_entry_points_add_policies_but_never_replace_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed packages bring policies by name; names that ship stay what they are."""
    found = [
        entry("theirs", "router.policies.static:Static"),
        entry("oracle", "router.policies.static:Static"),
        entry("gone", "no_such_package.policies:Gone"),
    ]
    monkeypatch.setattr(
        registry, "entry_points", lambda group: found if group == registry.ENTRY_POINT_GROUP else []
    )
    assert {"theirs", "gone"} <= set(policy_names())
    assert getattr(make_policy("theirs"), "name", None) == "static"
    assert getattr(make_policy("oracle"), "name", None) == "oracle"
    with pytest.raises(PolicyLoadError, match="'gone'"):
        make_policy("gone")
