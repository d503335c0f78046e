"""`wayfare replay`: what policies would have earned on logged traffic."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click


@click.command("replay")
@click.argument("log", type=click.Path(path_type=Path))
@click.option(
    "--policy", "policies", multiple=True, required=True, metavar="P",
    help="A policy's name or path/to/file.py:Class; knobs behind: static:target=small. Repeatable.",
)  # fmt: skip
@click.option(
    "--draws", type=click.IntRange(min=1), default=200, show_default=True,
    help="Passes over the log by which probabilities of a policy that draws are counted.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the draws.")
@click.option(
    "--confidence", type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True), default=0.95,
    show_default=True, help="Confidence of the intervals.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the JSON object alone on stdout.")
def command(
    log: Path,
    policies: tuple[str, ...],
    draws: int,
    seed: int,
    confidence: float,
    as_json: bool,  # noqa: FBT001  (a flag of the command line)
) -> None:
    """Value policies on LOG, decisions with the probability of each: what would they have cost?

    No load is simulated. Refused where the log does not cover what a policy chooses.
    """
    from simulator.offline.log import read_log
    from simulator.offline.replay import replay
    from wayfare.render.terminal.replay import print_replay

    found = replay(read_log(log), policies, confidence=confidence, draws=draws, seed=seed)
    if as_json:
        click.echo(json.dumps({"schema": "wayfare.replay/1", "log": str(log), **asdict(found)}, indent=2))
    else:
        print_replay(str(log), found)
