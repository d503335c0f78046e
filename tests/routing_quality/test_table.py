"""What `wayfare outcomes` says of a table, against plain loops over its rows."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from simulator.quality.outcomes import InvalidOutcomesError
from simulator.quality.outcomes.reading import read_answers
from simulator.routing_quality.table import table_summary
from wayfare.cli.outcomes import command

ROUTING = Path(__file__).resolve().parents[3] / "shared" / "data" / "routing"
MODELS = ("cheap", "middle", "dear")


def rows_of(seed, queries=50, *, cost=True):
    """Answers of three models with costs and a score; the middle one was not asked every fifth query."""
    rng = np.random.default_rng(seed)
    hard = rng.random(queries)
    rows = []
    for number, (model, skill, usd) in itertools.product(
        range(queries), zip(MODELS, (0.4, 0.6, 0.9), (0.001, 0.002, 0.01), strict=True)
    ):
        if model == "middle" and number % 5 == 0:
            continue
        row = {
            "query": f"q{number}",
            "model": model,
            "correct": int(rng.random() < skill + 0.4 * (0.5 - hard[number])),
            "output_tokens": int(rng.integers(10, 90)),
            "score": round(float(hard[number]), 3),
        }
        rows.append(row | ({"cost": round(usd * float(rng.random() + 0.5), 6)} if cost else {}))
    return rows


def written(path, rows):
    """The rows as a file."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@pytest.mark.parametrize("seed", range(4))
def test_models_and_oracle_are_as_the_rows_have_them(tmp_path, seed: int) -> None:
    """Means over what each was asked; the oracle over what all were, cheapest right model first."""
    rows = rows_of(seed)
    path = written(tmp_path / "t.csv", rows)
    found = table_summary(path, read_answers(path), None, None, 0.95)
    for model in found.models:
        own = [row for row in rows if row["model"] == model.model]
        assert model.asked == len(own)
        assert model.success_ratio == pytest.approx(np.mean([row["correct"] for row in own]))
        assert model.output_tokens == pytest.approx(np.mean([row["output_tokens"] for row in own]))
        assert model.usd_per_1000 == pytest.approx(1000 * np.mean([row["cost"] for row in own]))
    by_query: dict[str, list[dict]] = {}
    for row in rows:
        by_query.setdefault(row["query"], []).append(row)
    common = [several for several in by_query.values() if len(several) == len(MODELS)]
    right = [[row for row in several if row["correct"]] for several in common]
    assert found.oracle.queries == len(common)
    assert found.oracle.success_ratio == pytest.approx(np.mean([bool(some) for some in right]))
    paid = [min(row["cost"] for row in some or several) for some, several in zip(right, common, strict=True)]
    assert found.oracle.usd_per_1000 == pytest.approx(1000 * np.mean(paid))
    assert (found.pair.weak, found.pair.strong) == (
        "cheap",
        max(found.models, key=lambda m: m.success_ratio).model,
    )


def test_errors_of_models_correlate_as_their_columns_do(tmp_path) -> None:
    """Least, median and greatest phi coefficient over the queries that all were asked."""
    rows = rows_of(9)
    path = written(tmp_path / "t.csv", rows)
    found = table_summary(path, read_answers(path), None, None, 0.95)
    known = {(row["query"], row["model"]): row["correct"] for row in rows}
    common = [q for q in {row["query"] for row in rows} if all((q, m) in known for m in MODELS)]

    def phi(a, b):
        x, y = ([known[q, model] for q in common] for model in (a, b))
        both = sum(p * q for p, q in zip(x, y, strict=True)) / len(x)
        p, q = np.mean(x), np.mean(y)
        return (both - p * q) / np.sqrt(p * (1 - p) * q * (1 - q))

    pairs = sorted(phi(a, b) for a, b in itertools.combinations(MODELS, 2))
    assert found.error_correlation == pytest.approx(pairs)


def test_without_costs_the_weak_model_is_right_least(tmp_path) -> None:
    """And no dollars are made up."""
    path = written(tmp_path / "t.csv", rows_of(3, cost=False))
    found = table_summary(path, read_answers(path), None, None, 0.95)
    assert found.pair.weak == min(found.models, key=lambda model: model.success_ratio).model
    assert {model.usd_per_1000 for model in found.models} == {None}
    assert found.oracle.usd_per_1000 is None
    assert found.to_dict()["zero_router"] == {"hull": [], "aiq": None, "aiq_routerbench": None}


def test_the_command_prints_what_it_measures(tmp_path) -> None:
    """As JSON, and for people: every model, the pair and the score with its interval."""
    path = written(tmp_path / "t.csv", rows_of(1))
    told = CliRunner().invoke(command, [path, "--weak", "middle", "--json"], catch_exceptions=False)
    data = json.loads(told.output)
    assert (data["schema"], data["pair"]["weak"]) == ("wayfare.outcomes/1", "middle")
    assert {"apgr", "cpt50", "cpt80"} <= set(data["scores"]["score"]["intervals"])
    shown = CliRunner().invoke(command, [path], catch_exceptions=False).output
    assert all(
        word in shown for word in (*MODELS, "as RouteLLM takes it", "knows who is right", "Pair: cheap")
    )


def test_unknown_models_of_a_pair_are_refused_together(tmp_path) -> None:
    """With what may have been meant."""
    path = written(tmp_path / "t.csv", rows_of(1))
    with pytest.raises(InvalidOutcomesError, match=r"did you mean 'cheap'.*unknown model 'nobody'"):
        table_summary(path, read_answers(path), "cheep", "nobody", 0.95)


@pytest.mark.parametrize("name", ["crux", "math-l5"])
def test_zeroevals_models_answer_together_as_was_counted(name: str) -> None:
    """Queries that two models both answer right, and that some model does, as `aggregates.json` has them."""
    if not ROUTING.exists():
        pytest.skip(f"{ROUTING} is not here")
    answers = read_answers(str(ROUTING / f"zeroeval_{name}.csv.gz"))
    counted = json.loads((ROUTING / "aggregates.json").read_text())["zeroeval"][name]
    joint = counted["joint_correct_counts"]
    rows = [answers.models.index(model) for model in joint["models"]]
    right = answers.correct[rows].astype(int)
    assert (right @ right.T).tolist() == joint["matrix"]
    asked_by_all = answers.correct[rows]
    assert float(asked_by_all.any(axis=0).mean()) == pytest.approx(counted["oracle_all"], abs=0.002)
