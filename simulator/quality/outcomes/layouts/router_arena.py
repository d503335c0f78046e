"""RouterArena's cached results: one file of JSON lines for each model (4714a9a, cached_results)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.grading import AnswerField
from simulator.quality.outcomes.layout import OutcomeLayout
from simulator.quality.outcomes.layouts.by_file import named_in_row_or_file
from simulator.quality.outcomes.layouts.long import field_sql
from simulator.quality.outcomes.long_form import LongFields, read_long
from simulator.tables import text

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.quality.outcomes.recorded import OutcomeReading, RecordedAnswers
    from simulator.tables import Table

SCORE: Final = "evaluation_result.score"
COST: Final = "evaluation_result.inference_cost"
OUTPUT, INPUT = "token_usage.output_tokens", "token_usage.input_tokens"


def read(table: Table, path: Path, reading: OutcomeReading) -> RecordedAnswers:
    """The answers that were evaluated; the set is what stands before the number in `global_index`."""
    index, score = field_sql(table, "global_index"), field_sql(table, SCORE)
    fields = LongFields(
        query=index,
        model=named_in_row_or_file(table, "llm_selected", path),
        correct=AnswerField(name=SCORE, sql=score, kind="grade", required=True),
        output_tokens=AnswerField(name=OUTPUT, sql=field_sql(table, OUTPUT), kind="count", required=True),
        cost=AnswerField(name=COST, sql=field_sql(table, COST), kind="amount"),
        prompt_tokens=AnswerField(name=INPUT, sql=field_sql(table, INPUT), kind="count"),
        segment=f"regexp_replace({index}, '_[^_]*$', '')",
        excluded={"not evaluated": f"{text(score)} IS NULL"},
    )
    return read_long(table, fields, reading)


ROUTER_ARENA: Final = OutcomeLayout(
    name="RouterArena cached results",
    columns="global_index, llm_selected, token_usage, evaluation_result.score",
    matches=lambda table: "global_index" in table.names and "evaluation_result" in table.names,
    read=read,
)
