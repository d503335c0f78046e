"""MMLU-Pro's results: one JSON file for each model, or a folder with one for each category (f418b11)."""

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

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.quality.outcomes.recorded import OutcomeReading, RecordedAnswers
    from simulator.tables import Table

NEEDED: Final = ("question_id", "answer", "pred")
TEXTS: Final = ("model_outputs", "response", "generated_text")


def matches(table: Table) -> bool:
    """Whether rows have a question, its answer and what was predicted."""
    return all(name in table.names for name in NEEDED)


def read(table: Table, path: Path, reading: OutcomeReading) -> RecordedAnswers:
    """Right is what was predicted as the answer; a prediction that could not be read is wrong."""
    predicted, answer = (text(field_sql(table, name)) for name in ("pred", "answer"))
    said = next((name for name in TEXTS if name in table.names), None)
    tokens = None
    if said is not None:
        sql = text_tokens(f"COALESCE({field_sql(table, said)}, '')")
        tokens = AnswerField(name=said, sql=sql, kind="count", required=True)
    fields = LongFields(
        query=field_sql(table, "question_id"),
        model=named_in_row_or_file(table, "model", path),
        correct=AnswerField(
            name="pred",
            sql=f"CASE WHEN COALESCE({predicted} = {answer}, false) THEN '1' ELSE '0' END",
            kind="grade",
            required=True,
        ),
        output_tokens=tokens,
        segment=field_sql(table, "category") if "category" in table.names else None,
        no_answer=f"CASE WHEN {predicted} IS NULL THEN '1' ELSE '0' END",
    )
    answers = read_long(table, fields, reading)
    return replace(answers, notes=(*answers.notes, ESTIMATED)) if tokens else answers


MMLU_PRO: Final = OutcomeLayout(
    name="MMLU-Pro results",
    columns="question_id, answer, pred, one file or folder for each model",
    matches=matches,
    read=read,
)
