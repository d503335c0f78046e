"""One row for each query and model: our own form, and everybody's spellings of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.columns import TOKEN_WORD, plain_name, roles_of, score_columns, spelt
from simulator.quality.outcomes.grading import AnswerField, flagged
from simulator.quality.outcomes.layout import OutcomeLayout
from simulator.quality.outcomes.long_form import LongFields, read_long
from simulator.tables import text

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.quality.outcomes.recorded import OutcomeReading, RecordedAnswers
    from simulator.tables import Table

NEEDED: Final = ("query", "model", "correct")
CONTAMINATED: Final = "contaminated"


def matches(table: Table) -> bool:
    """Whether the table names a query, a model and whether it was right."""
    roles = roles_of(table.names)
    return "model" in roles and "correct" in roles and ("query" in roles or "place" in roles)


def read(table: Table, path: Path, reading: OutcomeReading) -> RecordedAnswers:
    """The answers, each column read by what it is called."""
    del path
    roles = roles_of(table.names)
    scores = {name: name for name in score_columns(table.names) if name not in roles.values()}
    fields = LongFields(
        query=query_of(table, roles),
        model=field_sql(table, roles["model"]),
        correct=AnswerField(
            name=roles["correct"], sql=field_sql(table, roles["correct"]), kind="grade", required=True
        ),
        output_tokens=optional(table, roles, "output_tokens", "count", required=True),
        cost=optional(table, roles, "cost", "amount"),
        prompt_tokens=optional(table, roles, "prompt_tokens", "count"),
        segment=field_sql(table, roles["segment"]) if "segment" in roles else None,
        no_answer=field_sql(table, roles["no_answer"]) if "no_answer" in roles else None,
        scores={name: AnswerField(name=name, sql=field_sql(table, name), kind="score") for name in scores},
        excluded=contaminated(table, roles),
    )
    used = {*roles.values(), *scores}
    answers = read_long(table, fields, reading)
    unused = tuple(name for name in table.names if name and name not in used and "." not in name)
    return replace(answers, unused_columns=unused, notes=(*answers.notes, *token_notes(roles)))


def field_sql(table: Table, name: str) -> str:
    """SQL for the text of a column that is there."""
    return table.field(name) or "CAST(NULL AS VARCHAR)"


def optional(
    table: Table, roles: dict[str, str], role: str, kind: str, *, required: bool = False
) -> AnswerField | None:
    """The column of a role, None where the table has none."""
    if role not in roles:
        return None
    name = roles[role]
    return AnswerField(name=name, sql=field_sql(table, name), kind=kind, required=required)  # type: ignore[arg-type]


def query_of(table: Table, roles: dict[str, str]) -> str:
    """SQL for a query's name; a number of a row is one only within its segment."""
    if "query" in roles:
        return field_sql(table, roles["query"])
    place = field_sql(table, roles["place"])
    if "segment" not in roles:
        return place
    return f"{text(field_sql(table, roles['segment']))} || '/' || {text(place)}"


def contaminated(table: Table, roles: dict[str, str]) -> dict[str, str]:
    """The condition of rows that the table itself marks as contaminated."""
    name = roles.get("contaminated")
    return {} if name is None else {CONTAMINATED: flagged(field_sql(table, name))}


def token_notes(roles: dict[str, str]) -> tuple[str, ...]:
    """That counts of one tokenizer are taken for those of each model."""
    named = [roles[role] for role in ("output_tokens", "prompt_tokens") if role in roles]
    counted = [name for name in named if TOKEN_WORD.search(plain_name(name))]
    if not counted:
        return ()
    return (f"tokens by cl100k_base ({', '.join(counted)}) are taken for each model's own",)


LONG: Final = OutcomeLayout(
    name="one row for each query and model",
    columns=", ".join(spelt(role) for role in NEEDED)
    + "; output_tokens, cost, prompt_tokens, *score* if known",
    matches=matches,
    read=read,
)
