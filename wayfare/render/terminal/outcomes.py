"""What `wayfare outcomes` shows: models, the oracle, the pair, and what scores are worth between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import count, percent, usd
from wayfare.render.terminal.console import console
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.quality.outcomes.recorded import RecordedAnswers
    from simulator.routing_quality.table import ModelSummary, TableSummary
    from simulator.routing_quality.thresholds import GapMeasures

DASH = "-"
MODEL_COLUMNS = ("accuracy %", "$/1k", "queries", "output tokens")
"""Columns of the models' table: the last ones are left out first."""
SCORE_COLUMNS = ("APGR", "CPT50", "CPT80")
SHOWN = (("apgr", 1.0, 3, ""), ("cpt50", 100.0, 2, " %"), ("cpt80", 100.0, 2, " %"))
"""Measures of a score: name, factor, decimals and unit."""


def print_outcomes(name: str, answers: RecordedAnswers, summary: TableSummary, confidence: float) -> None:
    """Prints a table's summary."""
    out = console()
    out.print(f"{name}: {count(summary.queries)} queries, {len(summary.models)} models", style="bold")
    for line in notes(answers):
        out.print(line)
    print_models(summary)
    for line in facts(summary):
        out.print(line)
    print_scores(summary, confidence)


def notes(answers: RecordedAnswers) -> Iterator[str]:
    """What was left out, and how the file was read."""
    for why, left_out in answers.excluded_count.items():
        yield f"{count(left_out)} rows left out: {why}"
    yield from answers.notes
    if answers.unused_columns:
        yield f"columns that are not used: {', '.join(map(repr, answers.unused_columns))}"


def print_models(summary: TableSummary) -> None:
    """The models, the best first."""
    rows = [(model.model, model_cells(model)) for model in by_success(summary)]
    known = [
        place for place in range(len(MODEL_COLUMNS)) if any(cells[place] != DASH for _name, cells in rows)
    ]
    columns = [TableColumn(head=list(MODEL_COLUMNS)[place], rank=place) for place in known]
    out = console()
    out.print()
    table = [TableRow(name=name, cells=[cells[place] for place in known]) for name, cells in rows]
    print_figures(out, "model", columns, table)
    out.print()


def by_success(summary: TableSummary) -> list[ModelSummary]:
    """The models, the best first."""
    return sorted(summary.models, key=lambda one: -one.success_ratio)


def model_cells(model: ModelSummary) -> tuple[str, ...]:
    """One model's cells; a dash where the table does not know."""
    tokens = DASH if model.output_tokens is None else count(round(model.output_tokens))
    paid = DASH if model.usd_per_1000 is None else usd(model.usd_per_1000)
    return percent(model.success_ratio), paid, count(model.asked), tokens


def facts(summary: TableSummary) -> Iterator[str]:
    """The oracle, how much models err together, and the pair."""
    oracle, pair = summary.oracle, summary.pair
    if oracle.queries:
        paid = "" if oracle.usd_per_1000 is None else f" at {usd(oracle.usd_per_1000)} per 1k"
        asked = f"of the {count(oracle.queries)} queries that all were asked"
        yield f"Some model is right on {percent(oracle.success_ratio)} % {asked}{paid}."
    if summary.error_correlation is not None:
        low, middle, high = summary.error_correlation
        yield f"Errors of two models correlate by {middle:.2f} (median; {low:.2f} to {high:.2f})."
    shares = (pair.weak_success_ratio, pair.strong_success_ratio, pair.either_success_ratio)
    weak, strong, either = (f"{100 * share:.4f} %" for share in shares)
    yield f"Pair: {pair.weak} (weak) {weak}, {pair.strong} (strong) {strong}, either {either}."
    counts = ", ".join(f"{name.replace('_', ' ')} {count(number)}" for name, number in pair.counts.items())
    yield f"Right on {count(pair.queries)} queries: {counts}."


def print_scores(summary: TableSummary, confidence: float) -> None:
    """What every score is worth between the two models, beside the router that knows and a random one."""
    rows = []
    for name, found in summary.scores.items():
        ends = {key: (one.low, one.high) for key, one in found.intervals.items()}
        rows.append(TableRow(name=name, cells=measure_cells(found.exact, ends)))
        rows.append(TableRow(name="  as RouteLLM takes it", cells=measure_cells(found.routellm, {})))
    rows.append(TableRow(name="at random", cells=("0.500", "50.00 %", "80.00 %")))
    rows.append(TableRow(name="knows who is right", cells=measure_cells(summary.pair.best, {})))
    out = console()
    out.print()
    columns = [TableColumn(head=head, rank=rank) for rank, head in enumerate(SCORE_COLUMNS)]
    print_figures(out, "router score", columns, rows)
    if summary.scores:
        level = f"{100 * confidence:g} % intervals over queries"
        out.print(
            f"In brackets: {level}. CPT(x): least share of strong calls that recovers x of the gap.",
            style="dim",
        )


def measure_cells(found: GapMeasures, ends: dict[str, tuple[float | None, float | None]]) -> list[str]:
    """APGR and the two shares of strong calls, with their intervals where there are any."""
    cells = []
    for name, scale, digits, unit in SHOWN:
        value = getattr(found, name)
        low, high = ends.get(name, (None, None))
        text = DASH if value is None else f"{scale * value:.{digits}f}{unit}"
        if low is not None and high is not None:
            text += f" [{scale * low:.{digits}f}, {scale * high:.{digits}f}]"
        cells.append(text)
    return cells
