"""A catalog that agrees with a table of recorded answers: its success ratios and difficulties."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.quality.outcomes import read_outcomes

if TYPE_CHECKING:
    from catalogs import Catalog
    from simulator.quality.outcomes import OutcomeTable
    from simulator.settings.document import ScenarioSettings


def recorded_answers(settings: ScenarioSettings) -> OutcomeTable | None:
    """The scenario's table of recorded answers, for the models of its fleet.

    Raises:
        InvalidOutcomesError: the file is missing or malformed, or lacks a model.
    """
    if settings.quality.outcomes is None:
        return None
    models = tuple(dict.fromkeys(entry.model for entry in settings.fleet))
    return read_outcomes(settings.quality.outcomes, models)


def answer_notes(settings: ScenarioSettings) -> tuple[str, ...]:
    """What to know of the table: columns that play no role."""
    table = recorded_answers(settings)
    if table is None or not table.unused_columns:
        return ()
    names = ", ".join(map(repr, table.unused_columns))
    return (f"quality.outcomes: columns that are not used: {names}",)


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
