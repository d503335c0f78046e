"""Variants: texts that set knobs are read, written in one form, and refused whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import InvalidPolicyParameterError, UnknownPolicyError
from router.registry import policy_names
from router.variants import PolicyVariant, make_variant, read_variant, variant_of

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z][a-z0-9_]{0,5})?", fullmatch=True)
NUMBERS = st.integers(-(10**15), 10**15) | st.floats(allow_nan=False)
SCALARS = (
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(codec="utf-8", exclude_categories=["C"]))
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
CLASS = """
class Picky:
    def __init__(self, floor=0.5, names=()):
        self.floor, self.names = floor, names

    def route(self, request, fleet, rng):
        raise NotImplementedError
"""


@pytest.mark.parametrize(
    ("text", "policy", "knobs"),
    [
        ("cascade", "cascade", {}),
        ("hedge:after_s=0.50", "hedge", {"after_s": 0.5}),
        ("score_threshold: weak=small , threshold=1.0", "score_threshold", {"threshold": 1, "weak": "small"}),
        ("a b/c.py:Mine:x=[1, 2],y='p, q'", "a b/c.py:Mine", {"x": [1, 2], "y": "p, q"}),
        ("a/c.py:Mine", "a/c.py:Mine", {}),
        ("grpc://127.0.0.1:50051", "grpc://127.0.0.1:50051", {}),
        ("litellm:config.yaml", "litellm:config.yaml", {}),
        ("litellm:config.yaml:order=null", "litellm:config.yaml", {"order": None}),
        ("own:weights.small=2,weights.large=1", "own", {"weights.small": 2, "weights.large": 1}),
    ],
)
def test_texts_are_a_policy_and_its_knobs(text: str, policy: str, knobs: dict[str, object]) -> None:
    """Each form gives the policy that is made, and the knobs that are set."""
    found = read_variant(text)
    assert (found.policy, dict(found.knobs)) == (policy, knobs)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_labels_stand_for_their_variants(knobs: dict[str, object]) -> None:
    """Reading a label gives the variant again, whatever its values are."""
    variant = variant_of("own", knobs)
    if len(variant.label) < 2_000:
        assert read_variant(variant.label) == variant


def test_one_variant_has_one_label() -> None:
    """Neither the order of knobs nor the way a value is written makes another label."""
    texts = ["own:b=0.30,a=1", "own:a=1.0,b=.3", "own: a=1 , b=3e-1"]
    assert {read_variant(text).label for text in texts} == {"own:a=1,b=0.3"}
    assert read_variant("own:a='1'").label != read_variant("own:a=1").label


def test_every_shipped_name_is_its_own_label() -> None:
    """A policy without knobs is called what it always was."""
    for name in policy_names():
        assert read_variant(name) == PolicyVariant(label=name, policy=name)


def test_knobs_lie_on_top_of_given_parameters() -> None:
    """Knobs replace what they name, within mappings too; the given parameters stay as they were."""
    given_ones = {"weights": {"small": 1, "large": 5}}
    laid = read_variant("round_robin:weights.small=2,weights.tiny=3").over(given_ones)
    assert laid == {"weights": {"small": 2, "large": 5, "tiny": 3}}
    assert given_ones == {"weights": {"small": 1, "large": 5}}


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Knobs that cannot be read, do not exist or have bad values are named together, near names first."""
    with pytest.raises(InvalidPolicyParameterError) as refused:
        read_variant("score_threshold:thresh=1,threshold=2,weak,weak=")
    text = str(refused.value)
    assert "thresh: unknown parameter; did you mean 'threshold'?" in text
    assert "'weak' sets none; write knob=value" in text
    assert "'weak=' sets none" in text
    with pytest.raises(InvalidPolicyParameterError, match=r"threshold: 2 is not in \[0, 1\]|2.0 is not in"):
        make_variant(read_variant("score_threshold:threshold=2"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hedge:", "sets none"),
        ("hedge:0.5", "sets none"),
        ("hedge:after_s=1,after_s=2", "after_s: set twice"),
        ("hedge:after_s=[", "is no YAML"),
        ("grpc://here:1:timeout_s=2", "takes none"),
        (f"hedge:after_s={'1' * 3_000}", "more than 2,000 characters"),
    ],
)
def test_texts_that_set_nothing_are_refused(text: str, says: str) -> None:
    """What is no knob and value is refused with the reason."""
    with pytest.raises(InvalidPolicyParameterError, match=says):
        read_variant(text)


def test_a_knob_below_what_is_no_mapping_is_refused() -> None:
    """A dotted knob leads into mappings only."""
    with pytest.raises(InvalidPolicyParameterError, match=r"after_s.x: 1 has no entry 'x'"):
        make_variant(read_variant("hedge:after_s.x=1"), {"after_s": 1})


def test_misspelt_policies_are_known_by_their_name() -> None:
    """A variant of a policy that does not exist is told the near one."""
    with pytest.raises(UnknownPolicyError, match="did you mean 'hedge'"):
        make_variant(read_variant("hedg:after_s=1"))


def test_classes_in_files_take_knobs(tmp_path) -> None:
    """A class of one's own is made with the knobs behind it."""
    file = tmp_path / "own.py"
    file.write_text(CLASS, encoding="utf-8")
    made = make_variant(read_variant(f"{file}:Picky:floor=0.25,names=[a,b]"))
    assert (made.floor, made.names) == (0.25, ["a", "b"])
    with pytest.raises(InvalidPolicyParameterError, match="did you mean 'floor'"):
        make_variant(read_variant(f"{file}:Picky:flor=1"))
