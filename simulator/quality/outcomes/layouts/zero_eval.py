"""ZeroEval's results: one JSON file for each model (WildEval/ZeroEval 8c1485e, result_dirs and _parsed).

Parsed results state `matched`. Others are graded here from the last `"answer"` of the model's output: two
numbers are compared as numbers after `$`, `#` and `,` are taken out, a single letter by the first letter,
anything else as text without quotes around it. ZeroEval's own scripts do so for each of its sets
(`src/evaluation/*_eval.py`); they also repair outputs of some models, which count as no answer here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.grading import AnswerField, text_tokens
from simulator.quality.outcomes.layout import OutcomeLayout
from simulator.quality.outcomes.layouts.by_file import named_in_row_or_file
from simulator.quality.outcomes.layouts.long import field_sql
from simulator.quality.outcomes.layouts.wide import ESTIMATED
from simulator.quality.outcomes.long_form import LongFields, read_long
from simulator.tables import text
from simulator.tables.reading import quoted

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.quality.outcomes.recorded import OutcomeReading, RecordedAnswers
    from simulator.tables import Table

ANSWER: Final = r'"answer"\s*:\s*("(?:[^"\\]|\\.)*"|[^,}\n]+)'
NUMBER: Final = r"-?\d+(\.\d+)?"
GRADED: Final = "graded by comparing answers, not by ZeroEval's scripts"
LETTER: Final = "^[A-Z]$"


def matches(table: Table) -> bool:
    """Whether rows have a model's outputs, and an answer or a verdict."""
    return "output" in table.names and ("matched" in table.names or "answer" in table.names)


def read(table: Table, path: Path, reading: OutcomeReading) -> RecordedAnswers:
    """The answers; a verdict that is no truth (`No answer extracted`) is wrong."""
    output = (
        f"COALESCE(TRY_CAST({field_sql(table, 'output')} AS JSON) ->> 0, {field_sql(table, 'output')}, '')"
    )
    parsed = "matched" in table.names
    right, missing = verdict(table) if parsed else graded(table, output)
    fields = LongFields(
        query=field_sql(table, "id" if "id" in table.names else "session_id"),
        model=named_in_row_or_file(table, "generator", path),
        correct=AnswerField(
            name="matched" if parsed else "answer",
            sql=f"CASE WHEN COALESCE({right}, false) THEN '1' ELSE '0' END",
            kind="grade",
            required=True,
        ),
        output_tokens=AnswerField(name="output", sql=text_tokens(output), kind="count", required=True),
        segment=field_sql(table, "dataset") if "dataset" in table.names else None,
        no_answer=f"CASE WHEN {missing} THEN '1' ELSE '0' END",
    )
    answers = read_long(table, fields, reading)
    notes = (ESTIMATED,) if parsed else (ESTIMATED, GRADED)
    return replace(answers, notes=(*answers.notes, *notes))


def verdict(table: Table) -> tuple[str, str]:
    """Whether the set's own script found the answer right, and whether it found none."""
    said = f"LOWER({text(field_sql(table, 'matched'))})"
    return f"{said} = 'true'", f"{said} NOT IN ('true', 'false')"


def graded(table: Table, output: str) -> tuple[str, str]:
    """Whether the output's answer is the right one, and whether it has none."""
    found = f"list_last(regexp_extract_all({output}, {quoted(ANSWER)}, 1))"
    said, wanted = bare(found), bare(field_sql(table, "answer"))
    first = f"TRY_CAST(regexp_extract({said}, {quoted(NUMBER)}) AS DOUBLE)"
    right = (
        f"CASE WHEN TRY_CAST({wanted} AS DOUBLE) IS NOT NULL THEN {first} = TRY_CAST({wanted} AS DOUBLE) "
        f"WHEN regexp_matches({wanted}, {quoted(LETTER)}) THEN LEFT({said}, 1) = {wanted} "
        f"ELSE {said} = {wanted} END"
    )
    return right, f"{found} IS NULL"


def bare(field: str) -> str:
    """A text without quotes, dollars, thousands' commas and hashes around or in it."""
    return f"TRIM(REPLACE(REPLACE(REPLACE(TRIM({field}, ' \"'''), '$', ''), '#', ''), ',', ''))"


ZERO_EVAL: Final = OutcomeLayout(
    name="ZeroEval results",
    columns="id, output, and answer or matched, one file for each model",
    matches=matches,
    read=read,
)
