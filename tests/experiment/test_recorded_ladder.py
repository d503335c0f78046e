"""Policies over recorded answers come to what the table itself says, computed row by row."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from simulator import load_scenario, simulate

ROUTING = Path(__file__).resolve().parents[3] / "shared" / "data" / "routing"
LADDER = {
    "llama-3.1-8b": "groq/llama-3.1-8b",
    "gpt-4o-mini": "openai/gpt-4o-mini",
    "claude-3.5-sonnet": "anthropic/claude-3.5-sonnet",
}
RECORDED = {
    "llama-3.1-8b": "Meta-Llama-3.1-8B-Instruct",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "claude-3.5-sonnet": "claude-3-5-sonnet-20241022",
}
PERFECT = {"false_accept_ratio": 0.0, "false_reject_ratio": 0.0}


def ladder(path, queries, rounds=2):
    """A scenario in which every query of a table is asked so many times, one a second."""
    return load_scenario(
        {
            "name": "ladder",
            "seed": 3,
            "start": "2025-06-02",
            "duration": f"{queries * rounds}s",
            "workload": {
                "streams": [
                    {
                        "name": "s",
                        "task": "reasoning",
                        "region": "us-virginia",
                        "arrivals": {"pattern": "steady", "rate": 1.0, "process": "deterministic"},
                        "max_output_tokens": 8_000,
                    }
                ]
            },
            "fleet": [
                {
                    "name": model,
                    "tier": "cloud",
                    "model": model,
                    "api": {"offer": offer},
                    "region": "us-virginia",
                }
                for model, offer in LADDER.items()
            ],
            "quality": {"outcomes": str(path), "outcome_models": RECORDED},
        }
    )


def answers_of(path):
    """By query, what each model of the ladder answered: right or not, and tokens."""
    found = defaultdict(dict)
    names = {recorded: model for model, recorded in RECORDED.items()}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            if row["model"] in names:
                found[row["qid"]][names[row["model"]]] = (row["correct"] == "1", row)
    return [answers for answers in found.values() if len(answers) == len(LADDER)]


def generated(path):
    """A table of eighty queries of shared difficulty, as ZeroEval's are laid out."""
    rng = np.random.default_rng(4)
    hard = rng.random(80)
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["qid", "model", "correct", "output_tokens_cl100k", "prompt_tokens_cl100k"])
        for skill, name in zip((0.4, 0.6, 0.8), RECORDED.values(), strict=True):
            right = hard < skill + 0.2 * rng.standard_normal(80)
            writer.writerows(
                [f"q{n}", name, int(ok), int(rng.integers(1, 900)), 50] for n, ok in enumerate(right)
            )
    return path


@pytest.fixture(scope="module", params=["generated", "crux", "math-l5"])
def recorded(request, tmp_path_factory):
    """A table, its scenario and its rows."""
    path = ROUTING / f"zeroeval_{request.param}.csv.gz"
    if request.param == "generated":
        path = generated(tmp_path_factory.mktemp("answers") / "table.csv.gz")
    elif not path.exists():
        pytest.skip(f"{path} is not here")
    rows = answers_of(path)
    return ladder(path, len(rows)), rows


def test_single_models_are_right_as_often_as_in_the_table(recorded) -> None:
    """Exactly, since every query is asked equally often; with the tokens of their answers."""
    scenario, rows = recorded
    for model in LADDER:
        found = simulate(scenario, f"static:target={model}").report
        assert found.figure("requests.arrived") == found.figure("requests.completed") == 2 * len(rows)
        share = np.mean([answers[model][0] for answers in rows])
        assert found.figure("quality.success_ratio") == pytest.approx(share, abs=1e-12)
        tokens = sum(max(int(answers[model][1]["output_tokens_cl100k"]), 1) for answers in rows)
        assert found.figure("tokens.output") == 2 * tokens


def test_a_cascade_with_a_perfect_verifier_is_the_first_right_answer(recorded) -> None:
    """Errors of models go together: the cascade is right where any stage is, and calls no stage in vain."""
    scenario, rows = recorded
    names = ",".join(LADDER)
    verifier = ",".join(f"{name}={value}" for name, value in PERFECT.items())
    found = simulate(scenario, f"cascade:targets=[{names}],{verifier}").report
    right = [[answers[model][0] for model in LADDER] for answers in rows]
    assert found.figure("quality.success_ratio") == pytest.approx(
        np.mean([any(row) for row in right]), abs=1e-12
    )
    calls = sum(1 + (not row[0]) + (not row[0] and not row[1]) for row in right)
    assert found.figure("attempts.total") == 2 * calls
    alone = 1 - np.prod([1 - np.mean([row[stage] for row in right]) for stage in range(3)])
    assert found.figure("quality.success_ratio") < alone - 0.03


def test_the_oracle_is_the_cheapest_right_answer(recorded) -> None:
    """By the list price of what each answer takes; the cheapest where none is right."""
    scenario, rows = recorded
    run = simulate(scenario, "oracle")
    found = run.report
    best = np.mean([any(right for right, _row in answers.values()) for answers in rows])
    assert found.figure("quality.success_ratio") == pytest.approx(best, abs=1e-12)
    assert found.figure("quality.oracle_success_ratio") == pytest.approx(best, abs=1e-12)
    first = sum(answers["llama-3.1-8b"][0] for answers in rows)
    served = found.plain["by"]["model"]["llama-3.1-8b"]["requests"]["completed"]
    assert served >= 2 * first
