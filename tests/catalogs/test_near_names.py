"""What is said of names that nobody knows."""

from __future__ import annotations

from catalogs.near_names import LONGEST_SHOWN, did_you_mean, unknown_name


def test_near_names_come_before_all_names() -> None:
    """A slip of a letter or of case finds the name that was meant."""
    known = ["alpha", "beta"]
    assert unknown_name("region", "alpa", known) == (
        "unknown region 'alpa'; did you mean 'alpha'? known: 'alpha', 'beta'"
    )
    assert did_you_mean("BETA", known) == "did you mean 'beta'? "
    assert unknown_name("region", "zzz", known) == "unknown region 'zzz'; known: 'alpha', 'beta'"
    assert unknown_name("region", "zzz", []) == "unknown region 'zzz'; known: none"


def test_a_name_without_end_is_cut() -> None:
    """The message stays a line."""
    assert len(unknown_name("region", "z" * 10_000, ["a"])) < LONGEST_SHOWN + 60
