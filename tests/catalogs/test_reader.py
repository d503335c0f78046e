"""The YAML reader: what is written comes back, and nothing can be smuggled in."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import InvalidCatalogError
from catalogs.reader import MOST_BYTES, parse_yaml, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

QUICK = settings(deadline=None, derandomize=True, database=None)
WORDS = st.text(alphabet=string.ascii_letters + string.digits + " :-_.#/'\"é", min_size=1, max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | WORDS
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


class Quoting(yaml.SafeDumper):
    """Writes every string in quotes and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True


def outcome(text: str) -> str:
    """What the reader makes of a text: data, or why it is refused."""
    try:
        return f"data: {parse_yaml(text)}"
    except ValueError as error:
        return f"refused: {error}"


def quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """The text in double quotes."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


Quoting.add_representer(str, quoted)


@QUICK
@given(DATA)
def test_data_written_is_data_read(data: object) -> None:
    """Plain data survives writing and reading."""
    assert parse_yaml(yaml.dump(data, Dumper=Quoting)) == data


@QUICK
@given(st.text(max_size=200))
def test_any_text_is_data_or_a_named_fault(text: str) -> None:
    """No text breaks the reader: it is read, or refused with a message."""
    assert outcome(text) != "refused: "


@QUICK
@given(st.sampled_from(["yes", "no", "on", "off", "y", "n", "1:30", "12:30:45", "1_000", "0b11", "<<"]))
def test_words_that_yaml_once_turned_into_something_else_stay_words(word: str) -> None:
    """Values of YAML 1.1 that nobody means are text."""
    assert parse_yaml(f"a: {word}") == {"a": word}


@QUICK
@given(st.integers(0, 10**6))
def test_a_leading_zero_is_decimal(number: int) -> None:
    """Codes with zeros in front are the decimal number."""
    assert parse_yaml(f"0{number}") == number


@QUICK
@given(WORDS.filter(str.strip), st.integers(0, 5))
def test_a_key_given_twice_names_its_line(key: str, lines_between: int) -> None:
    """However far apart, the second one is the fault."""
    between = "".join(f"between{number}: 1\n" for number in range(lines_between))
    quote = '"' + key.replace('"', "") + 'k"'
    with pytest.raises(ValueError, match=f"line {lines_between + 2}, column 1: key .* is given twice"):
        parse_yaml(f"{quote}: 1\n{between}{quote}: 2\n")


def test_a_bomb_of_references_is_refused_before_it_grows() -> None:
    """Nine levels of nine aliases never become data."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(ValueError, match="line 6, .*more than 200,000 values"):
        parse_yaml("\n".join(levels))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: \xff", "is no UTF-8 text: byte 4 is 0xff"),
        (b"a: 1\nb: [\n", "line"),
        (b"#" * (MOST_BYTES + 1), f"larger than {MOST_BYTES} bytes"),
        (b"a: !python/name:os.system x", "could not determine a constructor"),
        (b"--- 1\n--- 2\n", "expected a single document"),
    ],
    ids=["not-utf8", "broken", "large", "object", "two-documents"],
)
def test_files_that_are_no_yaml_are_faults_of_that_file(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    """The file's name and what is wrong with it stand in the fault."""
    path = tmp_path / "facts.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidCatalogError) as caught:
        read_yaml(path)
    (fault,) = caught.value.problems
    assert fault.file == str(path)
    assert expected in fault.what


ANCHORS = """
defaults: &defaults {tier: dedicated, region: us-virginia, sizes: [1, 2]}
larger: &larger {<<: *defaults, sizes: [3]}
fleet:
  - {<<: *larger, name: a}
  - {name: b, <<: [{tier: cloud}, *defaults]}
  - *defaults
"""


def test_anchors_and_merge_keys_stand_for_what_they_name() -> None:
    """A merged map gives the keys that are not given; of several the first one wins."""
    data = parse_yaml(ANCHORS)
    assert data["fleet"] == [
        {"tier": "dedicated", "region": "us-virginia", "sizes": [3], "name": "a"},
        {"tier": "cloud", "region": "us-virginia", "sizes": [1, 2], "name": "b"},
        {"tier": "dedicated", "region": "us-virginia", "sizes": [1, 2]},
    ]


def test_what_an_alias_names_is_a_copy() -> None:
    """Changing one place changes no other one."""
    data = parse_yaml("a: &a {b: [1]}\nc: *a\n")
    data["a"]["b"].append(2)
    assert data["c"] == {"b": [1]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a {b: *a}", "line 1, column 11: alias 'a' is inside what it names"),
        ("a: *b", "undefined alias"),
        ("a: &a 1\nb: {<<: *a}", "expected a mapping or list of mappings for merging"),
        ("a: &a {x: 1}\nb: {<<: *a, <<: *a}", "key '<<' is given twice"),
        ("x:\n  y: &a {k: 1, k: 2}\nz: {<<: *a}", "line 2, column 16: key 'k' is given twice"),
        ("a:\n\tb: 1\n", "line 2, column 1: a tab indents this line; YAML is indented with spaces"),
        (
            "a0: &a0 " + "[" * 30 + "]" * 30 + "\na1: " + "[" * 12 + "*a0" + "]" * 12,
            "nested more than 40 deep",
        ),
    ],
)
def test_aliases_that_lead_nowhere_or_nowhere_near_are_refused(text: str, expected: str) -> None:
    """Endless, undefined and too deep ones are faults with their line, and so are tabs."""
    with pytest.raises(ValueError, match=re.escape(expected)):
        parse_yaml(text)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    """What cannot be opened says why."""
    with pytest.raises(InvalidCatalogError, match="nowhere.yaml: cannot be read: No such file"):
        read_yaml(tmp_path / "nowhere.yaml")
