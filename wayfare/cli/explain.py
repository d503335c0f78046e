"""`wayfare explain`: one request's story."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("explain")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--request", "number", type=click.IntRange(min=0), required=True, metavar="N")
def command(run_dir: Path, number: int) -> None:
    """Explain request N of the run in RUN_DIR: what was decided and why, and every attempt."""
    from wayfare.render.terminal.explanation import explanation

    click.echo(explanation(run_dir, number))
