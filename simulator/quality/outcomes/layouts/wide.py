"""One row for each query: RouterBench's columns, `<model>_correct`, and columns of true and false."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.columns import ROLES, plain_name, roles_of, score_columns
from simulator.quality.outcomes.grading import AnswerField, absent, grade, text_tokens
from simulator.quality.outcomes.layout import OutcomeLayout
from simulator.quality.outcomes.layouts.long import contaminated, field_sql, optional, query_of, token_notes
from simulator.quality.outcomes.wide_form import ModelFields, WideFields, read_wide

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from simulator.quality.outcomes.recorded import OutcomeReading, RecordedAnswers
    from simulator.tables import Table

BAR: Final = "|"
CORRECT: Final = "_correct"
COSTS: Final = ("|total_cost", "|cost", "_total_cost", "_cost")
TOKENS: Final = ("|output_tokens", "_output_tokens", "_output_tokens_cl100k", "_completion_tokens")
TEXTS: Final = ("|model_response", "_response", "|response")
SAMPLE_ROWS: Final = 200
ESTIMATED: Final = "answer lengths are estimated from the texts' characters, 3.1 a token"


def with_bars(table: Table) -> tuple[str, ...]:
    """Models that have a column of their own and others under `<model>|…`."""
    stems = dict.fromkeys(name.rpartition(BAR)[0] for name in table.names if BAR in name)
    return tuple(stem for stem in stems if stem and stem in table.names)


def suffixed(table: Table) -> tuple[str, ...]:
    """Models that have a column `<model>_correct`."""
    found = [name.removesuffix(CORRECT) for name in table.names if name.endswith(CORRECT)]
    return tuple(name for name in found if name and name not in ("is", "model"))


def graded_columns(table: Table) -> tuple[str, ...]:
    """Columns that say true or false, or grades from 0 to 1, and nothing that is known otherwise."""
    known = {*roles_of(table.names).values(), *score_columns(table.names)}
    roles = {spelling for spellings in ROLES.values() for spelling in spellings}
    free = [name for name in table.names if name and name not in known and plain_name(name) not in roles]
    return tuple(name for name in free if is_graded(table, name))


def is_graded(table: Table, name: str) -> bool:
    """Whether most of a column's first values are grades."""
    sql = field_sql(table, name)
    first = f"SELECT {grade(sql)} AS value FROM {table.view} WHERE NOT {absent(sql)} LIMIT {SAMPLE_ROWS}"
    count = "COUNT(*) FILTER (WHERE value BETWEEN 0.0 AND 1.0), COUNT(*)"
    (fit, whole) = table.connection.execute(f"SELECT {count} FROM ({first})").fetchall()[0]
    return bool(fit * 2 > whole)


def read_models(
    table: Table, path: Path, reading: OutcomeReading, models: Iterable[str], suffix: str
) -> RecordedAnswers:
    """The answers in `<model><suffix>`, with costs and lengths where there are such columns."""
    found = tuple(model_fields(table, model, suffix) for model in models)
    roles = {role: name for role, name in roles_of(table.names).items() if name not in names_of(found)}
    scores = {name for name in score_columns(table.names) if name not in {*roles.values(), *names_of(found)}}
    fields = WideFields(
        models=found,
        query=query_of(table, roles) if roles.keys() & {"query", "place"} else None,
        prompt_tokens=optional(table, roles, "prompt_tokens", "count"),
        segment=field_sql(table, roles["segment"]) if "segment" in roles else None,
        scores={
            name: AnswerField(name=name, sql=field_sql(table, name), kind="score")
            for name in table.names
            if name in scores
        },
        excluded=contaminated(table, roles),
    )
    answers = read_wide(table, fields, reading)
    if fields.query is None:
        answers = named_by_file(answers, path)
    used = {*roles.values(), *scores, *names_of(found), *texts_of(table, found)}
    unused = tuple(name for name in table.names if name and name not in used and BAR not in name)
    return replace(answers, unused_columns=unused, notes=(*token_notes(roles), *estimate_notes(found)))


def names_of(models: tuple[ModelFields, ...]) -> set[str]:
    """The columns that are models' own."""
    columns = [column for model in models for column in (model.correct, model.output_tokens, model.cost)]
    return {column.name for column in columns if column is not None}


def texts_of(table: Table, models: tuple[ModelFields, ...]) -> set[str]:
    """The columns that hold models' answers."""
    return {model.name + ending for model in models for ending in TEXTS} & set(table.names)


def model_fields(table: Table, model: str, suffix: str) -> ModelFields:
    """Where one model's answers stand; lengths are those of its texts where nothing counts tokens."""
    correct = AnswerField(name=model + suffix, sql=field_sql(table, model + suffix), kind="grade")
    tokens, cost, answer = (first_of(table, model, endings) for endings in (TOKENS, COSTS, TEXTS))
    counted = None
    if tokens:
        counted = AnswerField(name=tokens, sql=field_sql(table, tokens), kind="count")
    elif answer:
        sql = text_tokens(f"COALESCE({field_sql(table, answer)}, '')")
        counted = AnswerField(name=answer, sql=sql, kind="count")
    return ModelFields(
        name=model,
        correct=correct,
        output_tokens=counted,
        cost=AnswerField(name=cost, sql=field_sql(table, cost), kind="amount") if cost else None,
    )


def first_of(table: Table, model: str, endings: Iterable[str]) -> str | None:
    """The first column `<model><ending>` that the table has."""
    return next((model + ending for ending in endings if model + ending in table.names), None)


def estimate_notes(models: tuple[ModelFields, ...]) -> tuple[str, ...]:
    """That lengths were estimated, where they were."""
    names = [model.output_tokens.name for model in models if model.output_tokens is not None]
    return (ESTIMATED,) if any(name.endswith(TEXTS) for name in names) else ()


def named_by_file(answers: RecordedAnswers, path: Path) -> RecordedAnswers:
    """Queries named by their file and row; the file is their segment where they have none."""
    stem = path.name.partition(".")[0]
    queries = answers.queries.copy()
    queries[:] = [f"{stem}/{number}" for number in answers.queries]
    segment = answers.segment
    if segment is None:
        segment = queries.copy()
        segment[:] = stem
    return replace(answers, queries=queries, segment=segment)


WITH_BARS: Final = OutcomeLayout(
    name="RouterBench",
    columns="<model> and <model>|total_cost, <model>|model_response for each model",
    matches=lambda table: bool(with_bars(table)),
    read=lambda table, path, reading: read_models(table, path, reading, with_bars(table), ""),
)
SUFFIXED: Final = OutcomeLayout(
    name="pairs",
    columns="weak_correct and strong_correct, or <model>_correct for each model",
    matches=lambda table: len(suffixed(table)) > 1,
    read=lambda table, path, reading: read_models(table, path, reading, suffixed(table), CORRECT),
)
TRUE_OR_FALSE: Final = OutcomeLayout(
    name="RouteLLM evals",
    columns="a column of True and False for each of two models or more",
    matches=lambda table: len(graded_columns(table)) > 1,
    read=lambda table, path, reading: read_models(table, path, reading, graded_columns(table), ""),
)
