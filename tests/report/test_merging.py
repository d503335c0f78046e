"""Warnings of several runs are told once each."""

from __future__ import annotations

from partial_reports import partial_report
from simulator import simulate
from simulator.report.mean_report import mean_report
from simulator.report.warnings.merging import merged_warnings, warnings_by_policy
from world_cases import scenario

OUTSIDE = "own: outside of what 'vllm-0.19' was fitted to: "
STAND_IN = " (no engine.profile is given, and this one stands in; fitted to 'l40s': none)"


def test_a_kind_is_told_once_with_its_range() -> None:
    """Numbers that differ become a range by size, not by letters; what is the same stays as it is."""
    texts = ["api: 9 of 1,200 calls cost $1.50", "api: 10 of 1,200 calls cost $12.25"]
    assert merged_warnings(texts) == ["api: 9 to 10 of 1,200 calls cost $1.50 to 12.25"]


def test_names_with_digits_are_no_numbers() -> None:
    """Warnings of two chips, versions, dates or replicas stay two."""
    texts = [
        "a: accelerator 'h100' was not measured", "a: accelerator 'h200' was not measured",
        "pool-1: answered nothing", "pool-2: answered nothing", "of 'vllm-0.19'", "of 'vllm-0.11'",
        "no price on 2026-11-02", "no price on 2026-11-03", "small/0: down", "small/1: down",
    ]  # fmt: skip
    assert merged_warnings(texts) == texts


def test_listed_faults_are_joined() -> None:
    """A fault that only some runs have joins the others' list, each with its own range."""
    texts = [
        f"{OUTSIDE}input 9,000 tokens, 1.1 times the longest fitted{STAND_IN}",
        f"{OUTSIDE}input 16,000 tokens, 1.9 times the longest fitted; 300 sequences at once{STAND_IN}",
    ]
    joined = "input 9,000 to 16,000 tokens, 1.1 to 1.9 times the longest fitted; 300 sequences at once"
    assert merged_warnings(texts) == [f"{OUTSIDE}{joined}{STAND_IN}"]


def test_one_list_stays_what_it_is() -> None:
    """Nothing is lost or changed where every warning is of a kind of its own."""
    texts = ["b: answered nothing, and cost $44.64, of which $44.64 idle", f"{OUTSIDE}chips{STAND_IN}", "a"]
    assert merged_warnings([*texts, *texts]) == texts


def test_a_warning_of_some_policies_says_of_which() -> None:
    """What all policies share stands first and once; the rest is told with the policies it is of."""
    told = {
        "cheap": ["own: answered nothing", "rows 3 left out"],
        "split": ["rows 4 left out"],
        "strong": ["own: answered nothing", "rows 3 left out"],
    }
    assert warnings_by_policy(told) == ["rows 3 to 4 left out", "under cheap, strong: own: answered nothing"]
    assert warnings_by_policy({"cheap": told["cheap"]}) == told["cheap"]


def test_ranges_of_policies_are_widened() -> None:
    """Ranges and single numbers of several policies become one range."""
    told = {"a": ["9 to 12 tokens"], "b": ["10 tokens"], "c": ["11 to 1,000 tokens"]}
    assert warnings_by_policy(told) == ["9 to 1,000 tokens"]


def test_a_mean_report_tells_each_kind_once() -> None:
    """Replications that warn alike with other numbers give one warning with the range."""
    report = simulate(scenario(duration="30s")).report
    runs = [
        partial_report(report.policy, {**report.plain, "warnings": [f"input {size:,} tokens"]})
        for size in (9_000, 16_000, 12_000)
    ]
    assert mean_report(runs, 0.95).plain["warnings"] == ["input 9,000 to 16,000 tokens"]
