"""A catalog that agrees with a table of recorded answers: its success ratios and difficulties."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.quality.outcomes import OutcomeReading, read_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalogs import Catalog
    from simulator.quality.outcomes import OutcomeTable
    from simulator.settings.document import QualitySettings, ScenarioSettings


def recorded_answers(settings: ScenarioSettings) -> OutcomeTable | None:
    """The scenario's table of recorded answers, for the models of its fleet.

    Raises:
        InvalidOutcomesError: the file is missing or malformed, or lacks a model.
    """
    if settings.quality.outcomes is None:
        return None
    models = tuple(dict.fromkeys(entry.model for entry in settings.fleet))
    return read_outcomes(settings.quality.outcomes, models, reading_of(settings.quality))


def reading_of(quality: QualitySettings) -> OutcomeReading:
    """How the scenario says that its table is read."""
    return OutcomeReading(
        names=tuple(sorted(quality.outcome_models.items())),
        coverage=quality.coverage,
        right_from=quality.right_from,
        score=quality.score,
        score_scale=quality.score_scale,
    )


def lengths_recorded(settings: ScenarioSettings) -> bool:
    """Whether answers have the lengths of a table."""
    table = recorded_answers(settings)
    return table is not None and table.lengths_known


def answer_notes(settings: ScenarioSettings) -> tuple[str, ...]:
    """What to know of the table: its queries, what was taken for what, what plays no role."""
    table = recorded_answers(settings)
    if table is None:
        return ()
    notes = [*coverage_notes(table), *table.notes, *length_notes(table)]
    if table.unused_columns:
        notes.append(f"columns that are not used: {', '.join(map(repr, table.unused_columns))}")
    return tuple(f"quality.outcomes: {note}" for note in notes)


def coverage_notes(table: OutcomeTable) -> Iterator[str]:
    """How many queries are used, and why others are not, or whose answers are borrowed."""
    coverage = table.coverage
    if coverage is None:
        return
    for why, count in coverage.excluded_count.items():
        yield f"{count:,} rows left out: {why}"
    left_out = coverage.query_count - coverage.used_count
    if left_out:
        gaps = coverage.gap_count if coverage.mode == "common" else {}
        by_whom = f"; not asked: {counted(gaps)}" if any(gaps.values()) else ""
        more = (
            "; quality.coverage: per_model uses them"
            if coverage.mode == "common"
            else " that no model was asked"
        )
        yield f"{left_out:,} of {coverage.query_count:,} queries left out{by_whom}{more}"
    if any(coverage.borrowed_count.values()):
        queries = f"of {coverage.used_count:,} queries"
        yield f"answers borrowed from a model's other queries: {counted(coverage.borrowed_count)} {queries}"


def counted(counts: Mapping[str, int]) -> str:
    """Names with their counts, those without any left out."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)


def length_notes(table: OutcomeTable) -> Iterator[str]:
    """That lengths are the task's, where the table has none."""
    if not table.lengths_known:
        yield "no column of output tokens: answers are as long as the stream's task makes them"


def agreeing(catalog: Catalog, settings: ScenarioSettings) -> Catalog:
    """The catalog with the table's success ratios and difficulties, for all tasks of the scenario."""
    table = recorded_answers(settings)
    if table is None:
        return catalog
    tasks = {stream.task for stream in settings.workload.streams}
    mean, sd = float(table.difficulty.mean()), max(float(table.difficulty.std()), 1e-3)
    models = {
        name: model.model_copy(update={"success": dict.fromkeys(tasks, table.success(name))})
        for name, model in catalog.models.items()
        if name in table.models
    }
    shaped = {
        name: task.model_copy(update={"difficulty_mean": mean, "difficulty_sd": sd})
        for name, task in catalog.tasks.items()
        if name in tasks
    }
    return replace(catalog, models={**catalog.models, **models}, tasks={**catalog.tasks, **shaped})
