"""Recorded answers in every layout that is read, and what is said of those that are not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator.quality.outcomes import InvalidOutcomesError, OutcomeReading, OutcomeTable, read_outcomes

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "routing"
on_real_data = pytest.mark.skipif(not DATA.is_dir(), reason="the data set is not beside the repository")


def read(path: Path, *models: str, **reading: object) -> OutcomeTable:
    """The table for these models."""
    return read_outcomes(str(path), models, OutcomeReading(**reading))  # type: ignore[arg-type]


def written(path: Path, text: str) -> Path:
    """The file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path, *models: str, **reading: object) -> str:
    """What is said against a table."""
    with pytest.raises(InvalidOutcomesError) as raised:
        read(path, *models, **reading)
    return "\n".join(map(str, raised.value.problems))


LONG = "{query},Model,{correct},{tokens},{prompt}\nq1,a,1,5,10\nq1,b,0,6,12\nq2,a,0,7,20\nq2,b,1,8,20\n"


@pytest.mark.parametrize(
    "names",
    [
        {"query": "query", "correct": "correct", "tokens": "output_tokens", "prompt": "prompt_tokens"},
        {
            "query": "Question ID",
            "correct": "is_correct",
            "tokens": "completion-tokens",
            "prompt": "input_tokens",
        },
        {
            "query": "qid",
            "correct": "Accuracy",
            "tokens": "output_tokens_cl100k",
            "prompt": "prompt_tokens_cl100k",
        },
    ],
)
def test_long_tables_are_read_however_their_columns_are_spelt(tmp_path: Path, names: dict[str, str]) -> None:
    """Case, spaces and dashes say nothing; a query's prompt is the mean over its models' counts."""
    table = read(written(tmp_path / "t.csv", LONG.format(**names)), "b", "a")
    assert table.queries.tolist() == ["q1", "q2"]
    assert table.correct.tolist() == [[False, True], [True, False]]
    assert table.output_token_count.tolist() == [[6, 8], [5, 7]]
    assert table.prompt_token_count is not None
    assert table.prompt_token_count.tolist() == [11, 20]
    assert ("tokens by cl100k_base" in " ".join(table.notes)) == ("cl100k" in names["tokens"])


def test_costs_segments_and_scores_are_kept_by_query(tmp_path: Path) -> None:
    """What differs between a query's models is no router's score; an unknown cost is nan."""
    text = "query,model,correct,cost,domain,win_rate,judge_score\n"
    text += "q,a,1,0.25,law,0.5,3\nq,b,0,,law,0.5,4\nr,a,1,0.5,art,,3\nr,b,1,1,art,,3\n"
    table = read(written(tmp_path / "t.csv", text), "a", "b")
    np.testing.assert_array_equal(table.cost_usd, [[0.25, 0.5], [np.nan, 1.0]])
    assert table.segment is not None
    assert table.segment.tolist() == ["law", "art"]
    assert list(table.scores) == ["win_rate"]
    np.testing.assert_array_equal(table.scores["win_rate"], [0.5, np.nan])
    assert "column 'judge_score' is not used: it differs between a query's models" in " ".join(table.notes)
    assert not table.lengths_known
    assert table.output_token_count.tolist() == [[-1, -1], [-1, -1]]


def test_pairs_leave_contaminated_rows_out_and_count_them(tmp_path: Path) -> None:
    """Rows are named by domain and row; each score is a router's."""
    text = "domain,row,weak_correct,strong_correct,contaminated,my_score\n"
    text += "law,0,1,1,0,0.1\nlaw,1,0,1,1,0.2\nart,0,0,1,0,0.3\n"
    path = written(tmp_path / "pairs.csv", text)
    table = read(path, "small", "large", names=(("large", "strong"), ("small", "weak")))
    assert table.queries.tolist() == ["law/0", "art/0"]
    assert table.correct.tolist() == [[True, False], [True, True]]
    assert table.scores["my_score"].tolist() == [0.1, 0.3]
    assert table.coverage is not None
    assert dict(table.coverage.excluded_count) == {"contaminated": 1}
    assert table.coverage.query_count == 2


BARS = "sample_id,eval_name,x/a,x/a|total_cost,x/a|model_response,b,b|total_cost,oracle_model_to_route_to\n"


def test_wide_tables_with_bars_are_routerbenchs(tmp_path: Path) -> None:
    """An empty cell was not asked; texts give lengths, 3.1 characters a token, rounded up."""
    path = written(tmp_path / "bench.csv", BARS + "q,mmlu,1.0,0.5,four,0.0,0.1,b\nr,arc,,,,1.0,0.2,b\n")
    table = read(path, "a", "b", coverage="per_model")
    assert table.asked.tolist() == [[True, False], [True, True]]
    assert table.correct.tolist() == [[True, False], [False, True]]
    assert table.output_token_count.tolist() == [[2, -1], [-1, -1]]
    np.testing.assert_array_equal(table.cost_usd, [[0.5, np.nan], [0.1, 0.2]])
    assert table.unused_columns == ("oracle_model_to_route_to",)
    assert "names taken for the same: 'a' is 'x/a'" in table.notes


def test_graded_answers_are_right_from_a_stated_grade_or_refused(tmp_path: Path) -> None:
    """0.4 is neither right nor wrong; from 0.4 on it is right, from 0.5 on it is not."""
    path = written(tmp_path / "bench.csv", BARS + "q,mt,0.4,0.5,x,1,0.1,b\n")
    said = faults(path, "a", "b")
    assert "row 2: x/a is '0.4'; a graded answer is neither right nor wrong; quality.right_from: 0.5" in said
    assert read(path, "a", "b", right_from=0.4).correct.tolist() == [[True], [True]]
    assert read(path, "a", "b", right_from=0.5).correct.tolist() == [[False], [True]]


def test_true_and_false_columns_are_models_and_files_are_segments(tmp_path: Path) -> None:
    """RouteLLM's evals: a folder with a file for each domain, queries named by file and row."""
    written(tmp_path / "evals/mmlu_law.csv", "prompt,weak-1,gpt-4\nWhy?,True,False\nWhy?,False,True\n")
    written(tmp_path / "evals/mmlu_art.csv", "prompt,weak-1,gpt-4\n1,True,True\n")
    table = read(tmp_path / "evals", "gpt-4", "weak-1")
    assert table.queries.tolist() == ["mmlu_art/2", "mmlu_law/2", "mmlu_law/3"]
    assert table.segment is not None
    assert table.segment.tolist() == ["mmlu_art", "mmlu_law", "mmlu_law"]
    assert table.correct.tolist() == [[True, False, True], [True, True, False]]


def arena(index: str, model: str, score: float | None) -> str:
    """A line of RouterArena's cached results."""
    return json.dumps(
        {
            "global_index": index,
            "llm_selected": model,
            "token_usage": {"input_tokens": 30, "output_tokens": 40, "total_tokens": 70},
            "evaluation_result": None if score is None else {"score": score, "inference_cost": 0.001},
        }
    )


def test_cached_results_of_router_arena_are_one_file_a_model(tmp_path: Path) -> None:
    """Answers that were not evaluated are left out and counted; the set is the query's segment."""
    written(tmp_path / "c/a.jsonl", arena("AIME_1", "a", 1.0) + "\n" + arena("Web_QA_7", "a", 0.0) + "\n")
    written(tmp_path / "c/b.jsonl", arena("AIME_1", "b", 0.0) + "\n" + arena("Web_QA_7", "b", None) + "\n")
    table = read(tmp_path / "c", "a", "b")
    assert (table.queries.tolist(), table.correct.tolist()) == (["AIME_1"], [[True], [False]])
    assert table.coverage is not None
    assert dict(table.coverage.excluded_count) == {"not evaluated": 1}
    assert dict(table.coverage.only_gap_count) == {"a": 0, "b": 1}
    assert (table.cost_usd.tolist(), table.output_token_count.tolist()) == ([[0.001]] * 2, [[40]] * 2)
    whole = read(tmp_path / "c", "a", "b", coverage="per_model")
    assert whole.segment is not None
    assert whole.segment.tolist() == ["AIME", "Web_QA"]


def test_results_of_mmlu_pro_are_graded_by_their_prediction(tmp_path: Path) -> None:
    """A prediction that could not be read is wrong; files and folders name the model, summaries are none."""
    rows = [
        {"question_id": 7, "answer": "B", "pred": "B", "category": "law", "model_outputs": "x" * 31},
        {"question_id": 8, "answer": "B", "pred": None, "category": "law", "model_outputs": ""},
    ]
    written(tmp_path / "r/model_outputs_Llama-3_5shots.json", json.dumps(rows))
    written(tmp_path / "r/gpt4o/law_result.json", json.dumps([{**row, "pred": "B"} for row in rows]))
    written(tmp_path / "r/gpt4o/law_summary.json", json.dumps({"law": {"acc": 1.0}}))
    table = read(tmp_path / "r", "Llama-3", "gpt4o")
    assert table.correct.tolist() == [[True, False], [True, True]]
    assert table.output_token_count.tolist() == [[10, 1], [10, 1]]
    assert "1 rows gave no answer and count as wrong" in table.notes


@pytest.mark.parametrize(
    ("wanted", "output", "right"),
    [
        ("18", '{"reasoning": "…", "answer": "$18.00"}', True),
        ("#### 1,800", '{"answer": "1800 dollars"}', True),
        ("18", '{"answer": "81"}', False),
        ("B", '{"answer": "B) law"}', True),
        ("B", '{"answer": "A"}', False),
        ("'ab'", '{"answer": "ab"}', True),
        ("[(4, 1)]", '{"answer": "[(4, 1)]"}', True),
        ("'ab'", "I do not know", False),
    ],
)
def test_results_of_zero_eval_are_graded_by_their_answer(
    tmp_path: Path,
    wanted: str,
    output: str,
    right: bool,
) -> None:
    """Numbers as numbers, letters by the first one, other texts without quotes."""
    row = {"id": "q", "output": [output], "answer": wanted}
    for name in ("a", "b"):
        written(tmp_path / f"crux/{name}.json", json.dumps([row]))
    table = read(tmp_path / "crux", "a", "b")
    assert table.correct.tolist() == [[right], [right]]
    assert table.output_token_count.tolist() == [[int(np.ceil(len(output) / 3.1))]] * 2


def test_parsed_results_of_zero_eval_state_what_matched(tmp_path: Path) -> None:
    """`No answer extracted` is wrong; what the outputs say is not graded again."""
    rows = [
        {"id": str(place), "output": ['{"answer": "1"}'], "answer": "1", "matched": matched}
        for place, matched in enumerate((True, False, "No answer extracted"))
    ]
    table = read(written(tmp_path / "gpt.json", json.dumps(rows)), "gpt")
    assert table.correct.tolist() == [[True, False, False]]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "request_id,model,spend,startTime,call_type\n1,a,0.1,x,y\n",
            "has no column that says whether an answer",
        ),
        (
            "a,b,c\n1,x,y\n",
            "no layout of recorded answers has the columns 'a', 'b', 'c'; RouterBench: <model>",
        ),
        ("query,model,correct\nq,a,2\nq,b,maybe\n", "row 3: correct is 'maybe'; it must be 0 or 1"),
        (
            "query,model,correct,cost\nq,a,1,-2\nq,b,1,1\n",
            "row 2: cost is '-2'; it must be a number from 0 on",
        ),
        ("query,model,correct,no_answer\nq,a,1,1\nq,b,1,0\n", "row 2: is right without an answer"),
        ("id,a_correct,b_correct\nq,1,1\nq,0,1\n", "row 3: the query 'q' stands in a row above"),
        ("id,a_correct,b_correct\nq,1,x\n", "row 2: b_correct is 'x'; it must be 0 or 1"),
        ("id,a_correct,b_correct,score\nq,1,1,7\n", "column score: its values go from 7 to 7"),
        ("query,model,correct,score\nq,a,1,x\nq,b,1,x\n", "row 2: score is 'x'; it must be a number"),
    ],
)
def test_tables_that_say_nothing_are_refused_with_what_is_allowed(
    tmp_path: Path, text: str, what: str
) -> None:
    """Each fault is one line: where, what, allowed."""
    assert what in faults(written(tmp_path / "t.csv", text), "a", "b")


def test_an_answer_in_two_files_is_refused(tmp_path: Path) -> None:
    """A folder's files must not answer for the same model and query."""
    for name in ("one", "two"):
        written(tmp_path / f"d/{name}.csv", "query,model,correct\nq,a,1\n")
    assert "'a' has answered 'q' in two files" in faults(tmp_path / "d", "a")


def test_missing_models_are_named_with_what_is_near_and_the_key(tmp_path: Path) -> None:
    """Dates and decorations are suggested, never assumed; a wrong key is refused."""
    text = "query,model,correct\nq,Meta-Llama-3.1-8B-Instruct,1\nq,openai/gpt_4o,0\nq,gpt-4o-2024-08-06,1\n"
    path = written(tmp_path / "t.csv", text)
    said = faults(path, "llama-3.1-8b", "gpt-4o")
    assert "no answers of 'llama-3.1-8b' (near: 'Meta-Llama-3.1-8B-Instruct'" in said
    assert "quality.outcome_models: {llama-3.1-8b: Meta-Llama-3.1-8B-Instruct}" in said
    assert read(path, "gpt-4o").notes == ("names taken for the same: 'gpt-4o' is 'openai/gpt_4o'",)
    stated = read(path, "gpt-4o", names=(("gpt-4o", "gpt-4o-2024-08-06"),))
    assert (stated.notes, stated.success("gpt-4o")) == ((), 1.0)
    assert "'gpt-4o' as 'gpt-5'" in faults(path, "gpt-4o", names=(("gpt-4o", "gpt-5"),))
    strange = faults(path, "gpt-4o", names=(("mistral", "gpt-4o-2024-08-06"),))
    assert "quality.outcome_models names 'mistral', which no deployment serves" in strange


@on_real_data
def test_routellms_pairs_have_the_published_shares() -> None:
    """14,037 questions of MMLU without the contaminated ones: RouteLLM's own counts."""
    names = (("mixtral", "weak"), ("gpt-4", "strong"))
    table = read(DATA / "routellm_mmlu.csv.gz", "mixtral", "gpt-4", names=names)
    weak, strong = table.correct
    assert table.correct.shape == (2, 14_037)
    assert [round(100 * table.success(name), 4) for name in table.models] == [68.0915, 80.5870]
    counts = [(weak & strong).sum(), (weak & ~strong).sum(), (~weak & strong).sum(), (~weak & ~strong).sum()]
    assert counts == [8816, 742, 2496, 1983]


@on_real_data
def test_real_tables_of_many_models_are_read_whole() -> None:
    """ZeroEval's published accuracy, and MMLU-Pro's questions that one model was not asked."""
    crux = read(DATA / "zeroeval_crux.csv.gz", "gpt-4o-2024-08-06", "gemma-2-2b-it")
    assert [crux.success(name) for name in crux.models] == [0.87, pytest.approx(0.215, abs=5e-4)]
    pro = read(DATA / "mmlu_pro_outcomes.csv.gz", "DeepSeek-Coder-V2", "Mistral-7B-v0.1")
    assert pro.coverage is not None
    assert (pro.coverage.query_count, pro.coverage.used_count) == (12_032, 10_351)
    assert dict(pro.coverage.only_gap_count) == {"DeepSeek-Coder-V2": 1_681, "Mistral-7B-v0.1": 0}
