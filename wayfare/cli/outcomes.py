"""`wayfare outcomes`: what a table of recorded answers says of models and of routing between them."""

from __future__ import annotations

import json

import click


@click.command("outcomes")
@click.argument("table")
@click.option("--weak", metavar="MODEL", help="The cheap model of the pair; the cheapest where omitted.")
@click.option("--strong", metavar="MODEL", help="The good model of the pair; the best where omitted.")
@click.option(
    "--right-from", type=click.FloatRange(0.0, 1.0, min_open=True),
    help="Graded answers count as right from this grade on.",
)  # fmt: skip
@click.option(
    "--score-scale", type=click.Choice(["none", "rank"]), default="none", show_default=True,
    help="Take scores as they are, or their ranks.",
)  # fmt: skip
@click.option(
    "--confidence", type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True), default=0.95,
    show_default=True, help="Confidence of the intervals over queries.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the JSON object alone on stdout.")
def command(
    table: str,
    weak: str | None,
    strong: str | None,
    right_from: float | None,
    score_scale: str,
    confidence: float,
    as_json: bool,  # noqa: FBT001  (a flag of the command line)
) -> None:
    """Measure the models and the router scores of TABLE, a file or folder of recorded answers.

    Accuracy and cost of every model, the oracle that knows all answers, who of a weak and a strong
    model is right, and for every score column APGR and CPT, exactly and as RouteLLM takes them.
    No load is simulated: `wayfare compare SCENARIO --outcomes TABLE` does that.
    """
    from simulator.quality.outcomes import OutcomeReading
    from simulator.quality.outcomes.reading import read_answers
    from simulator.routing_quality.table import table_summary
    from wayfare.render.terminal.outcomes import print_outcomes

    reading = OutcomeReading(right_from=right_from, score_scale="rank" if score_scale == "rank" else "none")
    answers = read_answers(table, reading)
    summary = table_summary(table, answers, weak, strong, confidence)
    if as_json:
        click.echo(json.dumps(summary.to_dict(), indent=2))
    else:
        print_outcomes(table, answers, summary, confidence)
